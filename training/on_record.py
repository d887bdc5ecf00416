"""Whether a candidate's decisions are worth as much as the champion's, by nudges on record.

A share of the nudges was held back at random. Both models are asked about each of these occasions
again, from what was recorded by then; what followed, weighted by propensities, tells what nudging
where a model nudges and holding elsewhere is worth.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from features.events.schema import CHANNELS
from features.moments import moment_of
from features.state import DAY
from models.decide import Decider
from models.decision import ModelRef, Request, Utility
from models.model import Model
from training.offpolicy.estimators import (
    FEWEST,
    Estimate,
    doubly_robust,
    effective_sample_size,
    expected_rewards,
    weights,
)
from training.offpolicy.log import Occasions, occasions
from training.offpolicy.rewards import Happened

Floats = npt.NDArray[np.float64]

#: Days watched after an occasion.
WINDOW = 30.0
LEVEL = 0.95
_BATCH = 500


@dataclass(frozen=True, slots=True)
class OnRecord:
    """Worth per occasion (doubly robust) of both, and of their difference a 95 % interval.

    `candidate_nudges`, `champion_nudges`: the shares of the occasions at which each would nudge.
    """

    occasions: int
    held: int
    candidate: float
    champion: float
    low: float
    high: float
    candidate_nudges: float
    champion_nudges: float


def on_record(
    candidate: Model, champion: Model, log: pa.Table, events: pa.Table,
    contacts: pa.Table | None, since: int,
) -> OnRecord | None:  # fmt: skip
    """Value both on occasions at or after `since` (microseconds), which neither learned from.

    None where the log has too little to tell: fewer than 30 nudges or holds, or too few of what a
    model would do.
    """
    happened, every = Happened(events), occasions(log)
    window = int(WINDOW * DAY)
    drawn = every.take((every.at >= since) & (every.at + window <= happened.until))
    if min(drawn.held.sum(), (~drawn.held).sum()) < FEWEST:
        return None
    utility = Utility()
    rewards = happened.between(drawn.contacts, drawn.contact, drawn.at, drawn.at + window)
    r = rewards.value(utility)
    q = expected_rewards(drawn.numbers(), drawn.held, r, drawn.contact)
    asked = requests(drawn, events, contacts)
    nudges = [_nudges(model, asked) for model in (candidate, champion)]
    w = [weights(drawn.held, drawn.nudging, pi) for pi in nudges]
    if min(map(effective_sample_size, w)) < FEWEST:
        return None
    values = [
        doubly_robust(wi, r, drawn.held, pi, q, drawn.contact)
        for wi, pi in zip(w, nudges, strict=True)
    ]
    return _compared(drawn, values, nudges)


def _compared(drawn: Occasions, values: Sequence[Estimate], nudges: Sequence[Floats]) -> OnRecord:
    low, high = (values[0] - values[1]).interval(LEVEL)
    return OnRecord(
        len(drawn), int(drawn.held.sum()), values[0].value, values[1].value, low, high,
        float(nudges[0].mean()), float(nudges[1].mean()),
    )  # fmt: skip


def _nudges(model: Model, asked: Sequence[Request]) -> Floats:
    decider, found = Decider(model, ModelRef("judged", "0")).silent(), []
    for start in range(0, len(asked), _BATCH):
        found += [d.hint == "nudge" for d in decider.decide(asked[start : start + _BATCH])]
    return np.array(found, np.float64)


def requests(drawn: Occasions, events: pa.Table, contacts: pa.Table | None) -> list[Request]:
    """What each occasion was about: the thread, and what was recorded of the person by then."""
    ids = pa.array(drawn.contacts)
    place = pc.index_in(events["contact_id"].cast(pa.string()), ids).fill_null(-1)
    place = np.asarray(place.to_numpy(), np.int64)
    occurred = events["occurred_at"].cast(pa.int64()).to_numpy()
    order = np.lexsort((occurred, place))
    starts = np.searchsorted(place[order], np.arange(len(ids) + 1))
    recorded = events["recorded_at"].cast(pa.int64()).to_numpy()
    people, found = _people(contacts), []
    rows = zip(drawn.contact.tolist(), drawn.at.tolist(), drawn.table.to_pylist(), strict=True)
    for contact, at, said in rows:
        mine = order[starts[contact] : starts[contact + 1]]
        history = events.take(pa.array(mine[recorded[mine] <= at])).combine_chunks()
        found.append(_request(drawn.contacts[contact], at, said, history, people))
    return found


def _request(
    contact_id: str, at: int, said: dict[str, Any], history: pa.Table, people: dict[str, Any]
) -> Request:
    person = dict(people.get(contact_id, {}))
    timezone, country = person.pop("timezone", None), person.pop("country", None)
    channel = said.get("channel")
    return Request(
        contact_id,
        moment_of(at),
        history,
        said["campaign_id"] or "",
        timezone,
        country,
        person,
        channels=(channel,) if channel in CHANNELS else None,
        utility=Utility(),
    )


def _people(contacts: pa.Table | None) -> dict[str, dict[str, Any]]:
    if contacts is None:
        return {}
    names = [n for n in contacts.column_names if n != "contact_id"]
    rows = contacts.select(names).to_pylist()
    return dict(zip(contacts["contact_id"].to_pylist(), rows, strict=True))
