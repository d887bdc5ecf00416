"""The chances an answer states, of all requests of a batch at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from features.events.schema import CHANNELS
from models.changes import OnChannel
from models.courses import DELAYS
from models.decision import BoundedChance, Chance, CurvePoint, Uplift
from models.judge import Judged, Scored
from models.lags import HORIZON
from models.model import Model
from models.outcome import Z90, Outcome

Floats = npt.NDArray[np.float64]
_C = TypeVar("_C")

#: Which of the planner's delays the curve shows: those within the horizon.
_CURVE = [k for k, days in enumerate(DELAYS) if days <= HORIZON]
_DAYS = [float(DELAYS[k]) for k in _CURVE]


class Chances(NamedTuple):
    """An entry per request: of a touch now, of none, what the touch changes, of one later, and of
    one on each channel."""

    if_nudged: list[BoundedChance]
    if_left_alone: list[Chance]
    uplift: list[Uplift]
    curve: list[tuple[CurvePoint, ...]]
    by_channel: list[list[OnChannel]]


class _Coming(NamedTuple):
    """One outcome's chances, shape (requests,) each: of the touches that were made alone, and how
    much a touch now adds to them."""

    alone: Floats
    added: Floats


class _Stated(NamedTuple):
    """One outcome's chances: of each case, the bounds of each best one, and of one later."""

    cases: Floats
    low: Floats
    high: Floats
    later: Floats


def chances(model: Model, judged: Judged) -> Chances:
    """All of them; `by_channel` has the channel judged best first."""
    land = _stated(model.land, judged.land, judged, "eta_land")
    annoy = _stated(model.annoy, judged.annoy, judged, "eta_annoy")
    on_its_way = [
        _coming(o, scored.score[judged.best], judged.courses)
        for o, scored in ((model.land, judged.land), (model.annoy, judged.annoy))
    ]
    return Chances(
        _if_nudged(land, annoy, judged),
        _of_both(Chance, *(o.alone for o in on_its_way)),
        _of_both(Uplift, *(o.added for o in on_its_way)),
        _curves(land, annoy, judged),
        _by_channel(land, annoy, judged),
    )


def _stated(o: Outcome, scored: Scored, judged: Judged, name: str) -> _Stated:
    """From the scores of an outcome; the curve begins with a touch now."""
    best, score = judged.best, scored.score
    off, later = Z90 * scored.doubt[best], judged.courses[name][:, _CURVE]
    later[:, 0] = score[best]
    parts = (score, score[best] - off, score[best] + off, later)
    return _Stated(*(o.chance(part) for part in parts))


def _if_nudged(land: _Stated, annoy: _Stated, judged: Judged) -> list[BoundedChance]:
    p_land, p_annoy = (o.cases[judged.best].tolist() for o in (land, annoy))
    bounds = (zip(o.low.tolist(), o.high.tolist(), strict=True) for o in (land, annoy))
    return [BoundedChance(*one) for one in zip(p_land, p_annoy, *bounds, strict=True)]


def _of_both(kind: Callable[[float, float], _C], land: Floats, annoy: Floats) -> list[_C]:
    return [kind(*both) for both in zip(land.tolist(), annoy.tolist(), strict=True)]


def _coming(o: Outcome, score: Floats, courses: npt.NDArray[Any]) -> _Coming:
    """What the touches that were made still bring within the horizon, and what one now, by its
    `score`, adds: after it all of them go on for what is carried over."""
    alone = o.chance_of(courses[f"left_{o.name}"])
    both = o.hazard_of(score) + courses[f"still_{o.name}"]
    return _Coming(alone, o.chance_of(both) - alone)


def _curves(land: _Stated, annoy: _Stated, judged: Judged) -> list[tuple[CurvePoint, ...]]:
    value = judged.courses["value"][:, _CURVE]
    return [
        tuple(map(CurvePoint, _DAYS, *of_one))
        for of_one in zip(
            land.later.tolist(), annoy.later.tolist(), value.tolist(), strict=True
        )
    ]  # fmt: skip


def _by_channel(land: _Stated, annoy: _Stated, judged: Judged) -> list[list[OnChannel]]:
    best = judged.best.tolist()
    channels = [CHANNELS[c] for c in judged.cases["channel"].tolist()]
    p_land, p_annoy = land.cases.tolist(), annoy.cases.tolist()
    found: list[list[OnChannel]] = [[] for _ in best]
    for case, i in enumerate(judged.request.tolist()):
        place = 0 if case == best[i] else len(found[i])
        found[i].insert(place, OnChannel(channels[case], p_land[case], p_annoy[case]))
    return found
