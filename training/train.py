"""Training a model from events: dataset, both outcomes, what it remembers and has seen."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from features.parallel import together
from models.attributes import Encoding
from models.evidence import EvidenceTable
from models.ledger import Ledger
from models.model import Model, feature_names
from models.outcome import Outcome
from models.usual import usual_touch
from training.credit import Claims
from training.dataset import Dataset
from training.fit import (
    FEWEST_EVENTS,
    MEMBERS,
    Fitter,
    Kind,
    calibration_slope,
)
from training.kinds import annoy_kind, follow_up_kind, land_kind
from training.season import by_season
from training.strangers import by_strangers, groups_of, variance_between
from training.watched import Watched

Floats = npt.NDArray[np.float64]


def fit_model(
    data: Dataset,
    encoding: Encoding,
    card: Mapping[str, Any],
    progress: Callable[[str], None] = lambda _: None,
    members: int = MEMBERS,
    slopes: Mapping[str, float] | None = None,
) -> Model:
    """Fit land and annoy, and the organisation's follow-ups, on touches of open threads.

    `slopes` are calibrations by outcome name; those not given are found on the latest touches.
    """
    names = feature_names(encoding)
    given = slopes or {}
    open_touches = by_season(data.watched.take(~data.closed))
    groups = groups_of(data, ~data.closed)
    h = data.histories
    ledger = Ledger.of(data.matrix.parties, h.names["actor_id"], h.names["account_id"], data.until)
    usual = usual_touch(open_touches.x, encoding, ledger)
    strange = by_strangers(open_touches, usual)

    def fitted(kind: Kind) -> Outcome:
        of_history = kind.name == "follow_up"
        fitter = Fitter(kind, names, 1 if of_history else members)
        outcome = fitter.fit(open_touches, given.get(kind.name), progress)
        if of_history:
            return outcome
        between = variance_between(outcome, strange, groups, kind.why)
        return dataclasses.replace(outcome, between=between)

    kinds = (land_kind(encoding), annoy_kind(encoding), follow_up_kind(encoding))
    # Side by side: threads that share small sums would wait for each other long.
    with threadpool_limits(1, user_api="blas"):
        land, annoy, follow_up = together(fitted, kinds)
    return Model(
        land=land,
        annoy=_with_crude_share(annoy, land, open_touches),
        follow_up=follow_up,
        encoding=encoding,
        evidence=EvidenceTable.of(open_touches.x),
        ledger=ledger,
        usual=usual,
        card=card,
    )


def model_of_base_rates() -> Model:
    """What is known on the first day, with no history at all: published base rates."""
    encoding = Encoding(())
    names = feature_names(encoding)
    land, annoy, follow_up = (
        Fitter(kind(encoding), names).from_base_rates()
        for kind in (land_kind, annoy_kind, follow_up_kind)
    )
    return Model(
        land=land,
        annoy=annoy,
        follow_up=follow_up,
        encoding=encoding,
        evidence=EvidenceTable.of(np.empty((0, len(names)), np.float32)),
        ledger=Ledger.empty(),
        usual=np.full(len(names), np.nan, np.float32),
        card={"trained_on": None},
    )


def later_slopes(model: Model, later: Watched) -> dict[str, float]:
    """How much of each outcome's trees holds on touches that `model` has not seen."""
    slopes = {}
    for outcome, kind in (
        (model.land, land_kind),
        (model.annoy, annoy_kind),
        (model.follow_up, follow_up_kind),
    ):
        score = outcome.score(later.x)[0]
        share = came_by(later, kind(model.encoding), score, outcome)
        if outcome.forests and share.sum() >= FEWEST_EVENTS / 4:
            linear = outcome.linear(later.x)
            exposure = later.exposure(outcome.baseline, carry=outcome.carry)
            slopes[outcome.name] = calibration_slope(
                score - linear, exposure * np.exp(linear), share
            )
        else:
            slopes[outcome.name] = 1.0
    return slopes


def came_by(w: Watched, kind: Kind, score: Floats, outcome: Outcome) -> Floats:
    """The shares of outcomes that each touch brought by what a model expects, shape (touches,)."""
    if not kind.carried:
        return w.came_to(kind.why).astype(float)
    return Claims(w, kind.why).by_hazard(score, outcome.baseline, outcome.carry)


def _with_crude_share(annoy: Outcome, land: Outcome, w: Watched) -> Outcome:
    """Allow, on average, for touches that land before they can annoy.

    A constant share keeps p_annoy rising with its own score whatever p_land does.
    """
    days = np.linspace(0.0, 30.0, 31)
    sample = w.x[:: max(len(w) // 2000, 1)]
    land_score, annoy_score = land.score(sample)[0], annoy.score(sample)[0]
    still_open = np.exp(-np.outer(np.exp(land_score), land.baseline.at(days)))
    net = -np.expm1(-np.outer(np.exp(annoy_score), annoy.baseline.at(days)))
    steps = np.diff(net, axis=1)
    crude = (steps * (still_open[:, 1:] + still_open[:, :-1]) / 2).sum()
    return dataclasses.replace(annoy, crude=float(crude / max(steps.sum(), 1e-12)))
