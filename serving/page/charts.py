"""Charts of the team's page as numbers that a template draws."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from serving.page.drawing import round_up
from serving.page.render import percent
from serving.stored.calibration import Bin
from serving.stored.tally import Tally
from serving.stored.team import MONTH, Group

#: Sizes in the drawings' units.
WIDE, HIGH, LEFT, TOP, FOOT = 720.0, 190.0, 46.0, 14.0, 24.0
WHISKER, TREND = (200.0, 20.0), (84.0, 24.0)
SQUARE, EDGE = 260.0, 38.0
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class OverTime:
    """Annoyed per 100 landed by month; `dots` are (x, y, title), months without are left out.

    `band` is the 90 % interval as a path, `grid` (y, label), `months` (x, label).
    """

    line: str
    band: str
    dots: tuple[tuple[float, float, str], ...]
    grid: tuple[tuple[float, str], ...]
    months: tuple[tuple[float, str], ...]


def over_time(months: Sequence[Tally], until: datetime) -> OverTime | None:
    """The drawing; None with fewer than two months in which anybody landed."""
    known = [(k, t) for k, t in enumerate(months) if t.landed]
    if len(known) < 2:
        return None
    rates = [100 * (t.ratio or 0.0) for _, t in known]
    bounds = [tuple(100 * (b if b is not None else 1e9) for b in t.ratio_interval)
              for _, t in known]  # fmt: skip
    # A month with little in it may be bounded by nearly nothing: the scale is not made for it.
    most = round_up(max(*(1.6 * r for r in rates), min(high for _, high in bounds), 0.1), 1000.0)
    first = known[0][0]
    xs = [_month_x(k - first, len(months) - first) for k, _ in known]

    def y(rate: float) -> float:
        return round(TOP + (HIGH - TOP - FOOT) * (1 - min(rate, most) / most), 1)

    upper = [(x, y(high)) for x, (_, high) in zip(xs, bounds, strict=True)]
    lower = [(x, y(low)) for x, (low, _) in zip(xs, bounds, strict=True)]
    dots = tuple(
        (x, y(rate), f"{_name(k, len(months), until)}: {per_100(t.ratio)} annoyed per 100 landed")
        for x, rate, (k, t) in zip(xs, rates, known, strict=True)
    )
    return OverTime(
        _path([(x, y) for x, y, _ in dots]), _path(upper + lower[::-1]) + "Z", dots,
        tuple((y(most * s), f"{most * s:g}") for s in (0, 0.5, 1)),
        tuple((_month_x(k - first, len(months) - first), _name(k, len(months), until))
              for k in range(len(months) - 1, first - 1, -1)),
    )  # fmt: skip


def _month_x(k: int, count: int) -> float:
    return round(LEFT + 12 + (WIDE - LEFT - 36) * k / (count - 1), 1)


def _name(k: int, count: int, until: datetime) -> str:
    """The month in whose middle a point stands."""
    return f"{until - MONTH * (count - k - 0.5):%b}"


def _path(points: Sequence[Point]) -> str:
    return "M" + "L".join(f"{x:.1f},{y:.1f}" for x, y in points)


@dataclass(frozen=True, slots=True)
class Row:
    """A group on a common scale: a dot at the rate, a whisker over its interval, and its trend.

    `open_end` tells a whisker that goes on beyond the scale; `stands_out`, an interval wholly
    above the rate of all; `dot` is None where nobody landed.
    """

    group: Group
    rate: str
    dot: float | None
    low: float
    high: float
    open_end: bool
    stands_out: bool
    trend: str
    trend_dots: tuple[Point, ...]
    trend_text: str


def rows(groups: Sequence[Group], whole: Tally) -> list[Row]:
    """Every group, all on one scale."""
    rates = [r for g in groups if (r := g.total.ratio) is not None]
    most = round_up(max([1.5 * r for r in rates] + [0.02]), 1000.0)
    return [_row(group, whole.ratio or 0.0, most) for group in groups]


def _row(group: Group, all_rate: float, most: float) -> Row:
    rate, (low, high) = group.total.ratio, group.total.ratio_interval
    quarters = [(k, q.ratio) for k, q in enumerate(group.quarters) if q.ratio is not None]
    top = max([r for _, r in quarters] + [1e-9])
    dots = tuple(
        (round(6 + (TREND[0] - 12) * k / 3, 1), round(4 + (TREND[1] - 8) * (1 - r / top), 1))
        for k, r in quarters
    )
    return Row(
        group, per_100(rate), None if rate is None else _scaled(rate, most), _scaled(low, most),
        _scaled(most if high is None else high, most), high is None or high > most,
        low > all_rate, _path(dots) if len(dots) > 1 else "", dots,
        ", ".join(per_100(q.ratio) for q in group.quarters),
    )  # fmt: skip


def _scaled(rate: float, most: float) -> float:
    return round(4 + (WHISKER[0] - 8) * min(rate / most, 1.0), 1)


def per_100(rate: float | None) -> str:
    """A ratio as a count for each hundred.

    >>> per_100(0.0034), per_100(0.351), per_100(None)
    ('0.3', '35', '–')
    """
    if rate is None:
        return "–"
    return f"{100 * rate:.1f}" if 0 < rate < 0.0995 else f"{100 * rate:.0f}"


@dataclass(frozen=True, slots=True)
class Reliability:
    """What was said (across) beside what happened (up); on the diagonal both are the same.

    `points` are (x, y, top, bottom) with the interval's ends; `ticks` (place, label) of both axes,
    counted from the corner.
    """

    points: tuple[tuple[float, float, float, float], ...]
    ticks: tuple[tuple[float, str], ...]


def reliability(bins: Sequence[Bin]) -> Reliability:
    """The drawing of a calibration of several bins."""
    most = round_up(max([b.said for b in bins] + [b.interval[1] for b in bins]), 1.0)
    side = SQUARE - EDGE - 10

    def along(share: float) -> float:
        return round(side * min(share / most, 1.0), 1)

    def up(share: float) -> float:
        return round(10 + side - along(share), 1)

    return Reliability(
        tuple(
            (EDGE + along(b.said), up(b.happened), up(b.interval[1]), up(b.interval[0]))
            for b in bins
        ),
        tuple((along(most * s), percent(most * s)) for s in (0, 0.5, 1)),
    )
