"""The chances an answer states, of all requests of a batch at once."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from features.events.schema import CHANNELS
from models.changes import OnChannel
from models.decision import BoundedChance, Chance, CurvePoint
from models.judge import Judged
from models.lags import HORIZON
from models.model import Model
from models.outcome import Outcome
from models.planner import DELAYS
from models.situation import Situations

Floats = npt.NDArray[np.float64]

#: Which of the planner's delays the curve shows: those within the horizon.
_CURVE = [k for k, days in enumerate(DELAYS) if days <= HORIZON]
_DAYS = [float(DELAYS[k]) for k in _CURVE]


class Chances(NamedTuple):
    """An entry per request: of a touch now, of none, of one later, and of one on each channel."""

    if_nudged: list[BoundedChance]
    if_left_alone: list[Chance]
    curve: list[tuple[CurvePoint, ...]]
    by_channel: list[list[OnChannel]]


def chances(model: Model, judged: Judged, s: Situations) -> Chances:
    """All of them; `by_channel` has the channel judged best first."""
    return Chances(
        _if_nudged(model, judged),
        _if_left_alone(model, judged, s),
        _curves(model, judged),
        _by_channel(model, judged),
    )


def _if_nudged(model: Model, judged: Judged) -> list[BoundedChance]:
    best, found = judged.best, []
    for o, scored in ((model.land, judged.land), (model.annoy, judged.annoy)):
        low, high = model.interval(o, scored.score[best], scored.doubt[best])
        bounds = list(zip(low.tolist(), high.tolist(), strict=True))
        found.append((o.chance(scored.score[best]).tolist(), bounds))
    (land, land_bounds), (annoy, annoy_bounds) = found
    return [
        BoundedChance(*all_) for all_ in zip(land, annoy, land_bounds, annoy_bounds, strict=True)
    ]


def _if_left_alone(model: Model, judged: Judged, s: Situations) -> list[Chance]:
    channel = s.threads["last_channel"]
    land, annoy = (
        _of_last_touch(o, score, s.lag, channel).tolist()
        for o, score in zip((model.land, model.annoy), judged.last, strict=True)
    )
    return [Chance(*both) for both in zip(land, annoy, strict=True)]


def _of_last_touch(
    o: Outcome, score: Floats, lag: Floats, channel: npt.NDArray[np.int64]
) -> Floats:
    """What the last touch still brings within the horizon; nothing where there was none."""
    made = ~np.isnan(lag)
    out = np.zeros(len(lag))
    out[made] = o.chance_between(score[made], lag[made], lag[made] + HORIZON, channel[made])
    return out


def _curves(model: Model, judged: Judged) -> list[tuple[CurvePoint, ...]]:
    courses, best = judged.courses, judged.best
    land, annoy = (
        o.chance(np.ascontiguousarray(courses[name][:, _CURVE]))
        for o, name in ((model.land, "eta_land"), (model.annoy, "eta_annoy"))
    )
    land[:, 0] = model.land.chance(judged.land.score[best])
    annoy[:, 0] = model.annoy.chance(judged.annoy.score[best])
    value = courses["value"][:, _CURVE]
    return [
        tuple(map(CurvePoint, _DAYS, *of_one))
        for of_one in zip(land.tolist(), annoy.tolist(), value.tolist(), strict=True)
    ]


def _by_channel(model: Model, judged: Judged) -> list[list[OnChannel]]:
    best = judged.best.tolist()
    channels = [CHANNELS[c] for c in judged.cases["channel"].tolist()]
    land = model.land.chance(judged.land.score).tolist()
    annoy = model.annoy.chance(judged.annoy.score).tolist()
    found: list[list[OnChannel]] = [[] for _ in best]
    for case, i in enumerate(judged.request.tolist()):
        place = 0 if case == best[i] else len(found[i])
        found[i].insert(place, OnChannel(channels[case], land[case], annoy[case]))
    return found
