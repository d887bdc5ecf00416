"""The fine line as numbers a template draws: two charts over the next 30 days."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from models.advice import ended_by_role
from models.lags import HORIZON
from serving.page.render import moment, percent

WIDTH, LEFT, RIGHT = 720.0, 52.0, 12.0
#: Top and height of each chart, in the drawing's units.
LAND, ANNOY = (52.0, 110.0), (198.0, 84.0)
_DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class Chart:
    """A line with its band, as paths, and the labels of its scale (y, text)."""

    line: str
    band: str
    ticks: tuple[tuple[float, str], ...]
    top: float
    bottom: float
    last: float


@dataclass(frozen=True, slots=True)
class Line:
    """The drawing: charts, where the next touch is best, and where touches are too soon or pushy.

    `soon` and `pushy` are (x, width) of zones, None where there is none; `closed`: not that
    touches are pushy there, but that the role has closed.
    """

    land: Chart
    annoy: Chart
    days: tuple[tuple[float, str], ...]
    best: float | None
    soon: tuple[float, float] | None
    pushy: tuple[float, float] | None
    closed: bool
    points: tuple[tuple[int, str, str], ...]


def drawn(answer: Mapping[str, Any], closes_at: datetime | None = None) -> Line:
    """The fine line of a decision (as JSON answered it), whose role may be known to close.

    The band of a touch made now is carried along the line at the same distance in log odds.
    """
    curve = answer["curve"]
    at = moment(answer["at"])
    best = _day(answer["nudge_at"], at)
    end = _end(answer, at)
    now = answer["if_nudged"]
    return Line(
        land=_chart(curve, "p_land", now, *LAND),
        annoy=_chart(curve, "p_annoy", now, *ANNOY),
        days=tuple((_x(d), "now" if d == 0 else f"day {d}") for d in (0, 7, 14, 21, 30)),
        best=None if best is None or best > HORIZON else _x(best),
        soon=_zone(0.0, best) if best is not None and best > 0.02 else None,
        pushy=_zone(end, float(HORIZON)) if end is not None and end < HORIZON else None,
        closed=closes_at is not None and _closed(answer, at, closes_at),
        points=tuple(
            (round(p["delay_days"]), percent(p["p_land"]), percent(p["p_annoy"])) for p in curve
        ),
    )


def _closed(answer: Mapping[str, Any], at: datetime, closes_at: datetime) -> bool:
    if answer["over"]:
        return "role_closed" in [r["rule"] for r in answer["rules"]]
    plan, after = answer["plan"], answer["plan"]["stop_after"]
    return ended_by_role(at, after and moment(after), plan["gap_days"], closes_at)


def _end(answer: Mapping[str, Any], at: datetime) -> float | None:
    """Days until no further touch pays; None where the plan does not say."""
    plan = answer["plan"]
    if answer["hint"] == "stop":
        return 0.0
    # Hints of earlier versions know of no plan without an end.
    return None if plan.get("open_ended") else _day(plan["stop_after"], at)


def _day(when: str | None, at: datetime) -> float | None:
    return None if when is None else max(0.0, (moment(when) - at).total_seconds() / _DAY)


def _zone(start: float, end: float) -> tuple[float, float]:
    left, right = _x(min(start, HORIZON)), _x(min(end, HORIZON))
    return round(left, 1), round(right - left, 1)


def _x(day: float) -> float:
    return round(LEFT + (WIDTH - LEFT - RIGHT) * day / HORIZON, 1)


def _chart(
    curve: Sequence[Mapping[str, float]], name: str, now: Mapping[str, Any], top: float, high: float
) -> Chart:
    low_now, high_now = now[f"{name}_interval"]
    down, up = _odds(low_now) - _odds(now[name]), _odds(high_now) - _odds(now[name])
    values = [p[name] for p in curve]
    lows, highs = ([_share(_odds(v) + by) for v in values] for by in (down, up))
    most = round_up(max(*highs, *values, 1e-4))
    xs = [_x(p["delay_days"]) for p in curve]

    def place(values: Sequence[float]) -> list[str]:
        return [
            f"{x:.1f},{top + high * (1 - v / most):.1f}" for x, v in zip(xs, values, strict=True)
        ]

    band = "M" + "L".join(place(highs)) + "L" + "L".join(reversed(place(lows))) + "Z"
    ticks = tuple((top + high * (1 - s), percent(most * s)) for s in (0, 0.5, 1))
    last = top + high * (1 - values[-1] / most)
    return Chart("M" + "L".join(place(values)), band, ticks, top, top + high, round(last, 1))


def _odds(share: float) -> float:
    bounded = min(max(share, 1e-9), 1 - 1e-9)
    return math.log(bounded / (1 - bounded))


def _share(odds: float) -> float:
    return 1 / (1 + math.exp(-odds))


def round_up(value: float, most: float = 1.0) -> float:
    """The next of 1, 2, 4, 6 or 10 times a power of ten, at most `most`.

    >>> round_up(0.47), round_up(0.0032), round_up(47, 1000)
    (0.6, 0.004, 60.0)
    """
    power = 10.0 ** math.floor(math.log10(value))
    step = next(s for s in (1, 2, 4, 6, 10) if s * power >= value * (1 - 1e-9))
    return min(most, round(step * power, 12))
