"""A fitted model: both outcomes, how contacts are encoded, what it remembers and has seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from features.catalog.columns import COLUMNS
from models.attributes import Encoding
from models.carried import Earlier, carried
from models.channels import channels_of
from models.evidence import EvidenceTable
from models.lags import HORIZON, LAG_EDGES
from models.ledger import Ledger
from models.outcome import Judgement, Outcome

Rows = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]

#: Touches that vary more than their ensemble shows: as if one more outcome had been imagined.
_DOUBT = 0.25


@dataclass(frozen=True, slots=True)
class Model:
    """Everything needed to answer.

    `usual`: the row of a usual touch (models.usual), shape (columns,); `card`: what is known of the
    making (JSON-ready).
    """

    land: Outcome
    annoy: Outcome
    follow_up: Outcome
    encoding: Encoding
    evidence: EvidenceTable
    ledger: Ledger
    usual: Rows
    card: Mapping[str, Any]

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of all columns a row has."""
        return feature_names(self.encoding)

    def chances(self, x: Rows) -> tuple[Floats, Floats]:
        """What each touch brings within the horizon if no further one follows, each (rows,).

        Its p_land and p_annoy; what earlier touches of its thread still bring comes on top.
        """
        land, annoy = self.land.score(x)[0], self.annoy.score(x)[0]
        return self.land.chance(land), self.annoy.chance(annoy)

    def chances_before_next(
        self, x: Rows, earlier: Earlier | None = None
    ) -> tuple[Floats, Floats]:  # fmt: skip
        """p_land and p_annoy within the horizon and before the organisation's next touch.

        The next touch competes, coming as this organisation usually follows up: what a history
        shows, where `chances` says what a touch left alone would bring. What comes before the next
        touch may be due to an `earlier` one of the thread.
        """
        bins, channel = int((LAG_EDGES <= HORIZON).sum()), channels_of(x)
        steps = [
            np.exp(np.minimum(o.score(x)[0], 6.0))[:, None]
            * np.diff(o.baseline.by_channel[:, :bins])[channel]
            for o in (self.land, self.annoy, self.follow_up)
        ]
        if earlier is not None:
            ends = np.repeat(LAG_EDGES[None, 1:bins], len(x), axis=0)
            for k, o in enumerate((self.land, self.annoy)):
                steps[k] += np.diff(carried(o, earlier, ends), axis=1, prepend=0.0)
        total = steps[0] + steps[1] + steps[2]
        alive = np.exp(-np.cumsum(total, axis=1)) / np.exp(-total)
        ends = alive * -np.expm1(-total) / np.maximum(total, 1e-300)
        return (ends * steps[0]).sum(axis=1), (ends * steps[1]).sum(axis=1)

    def doubt(
        self, outcome: Outcome, seen: npt.NDArray[np.int64], judged: Judgement, unseen: Floats
    ) -> Floats:
        """Standard deviation of an outcome's score, more where little was seen.

        The ensemble's or the backbone's, whichever is larger: the first knows that a person's
        touches go together, the second what the data do not tell. `seen`: touches like each row's
        (models.evidence); `unseen`: 1 for each sender, client and role that the model does not
        know, shape (rows, 3): these differ.
        """
        expected = seen * outcome.chance(judged.score)
        known = np.maximum(judged.spread**2, judged.variance)
        return np.asarray(np.sqrt(known + unseen @ outcome.between + _DOUBT / (1.0 + expected)))


def feature_names(encoding: Encoding) -> tuple[str, ...]:
    """Names of the catalog's columns, then of the contact's own."""
    return tuple(c.name for c in COLUMNS) + encoding.columns
