"""A plan keeps to gaps and caps by itself, and with the touches that were made before."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from features.moments import microseconds, moment_of
from models.decide import Decider
from models.decision import Decision, Request, Utility
from models.dials import Dials
from models.rules import Rulebook, Spacing
from serving.batch import open_threads

TIGHTER = [
    Dials(),
    Dials(week_cap=1),
    Dials(week_cap=2, month_cap=3),
    Dials(gap_hours=24 * 6),
    Dials(month_cap=2),
]


def broken(spacing: Spacing, times: list[int]) -> list[tuple[int, int]]:
    """Pairs of touches between which there are too many."""
    n = spacing.touches
    return [(a, b) for a, b in zip(times, times[n:], strict=False) if b - a < spacing.window_us]


def planned(d: Decision) -> list[int]:
    """When its touches would be made."""
    assert d.nudge_at is not None
    gap = timedelta(days=d.plan.gap_days or 0)
    return [microseconds(d.nudge_at + k * gap) for k in range(d.plan.further_touches)]


def made(r: Request) -> list[int]:
    """Touches of all senders that were recorded by the moment."""
    h = r.history
    known = pc.and_(
        pc.equal(h["kind"].cast(pa.string()), "touch"),
        pc.less_equal(h["recorded_at"].cast(pa.int64()), microseconds(r.at)),
    )
    return sorted(h["occurred_at"].cast(pa.int64()).filter(known).to_pylist())


def test_a_gap_is_lengthened_only_where_a_cap_asks_for_it() -> None:
    rules, rng = Rulebook.load(), np.random.default_rng(11)
    start, day, kept = 10**15, 86_400_000_000, 0
    for _ in range(500):
        touches, wish = int(rng.integers(1, 9)), int(rng.uniform(0.2, 14) * day)
        ago = rng.exponential(10 * day, rng.integers(0, 12)).astype(int)
        before = sorted((start - ago).tolist())
        gap = rules.spaced(touches, wish, start, before)

        def breaks(length: int, touches: int = touches, before: list[int] = before) -> bool:
            times = [*before, *(start + k * length for k in range(touches))]
            pairs = [pair for s in rules.spacings for pair in broken(s, times)]
            return any(later > start for _, later in pairs)

        assert not breaks(gap)
        assert gap == wish or breaks(wish)
        kept += gap == wish
    assert 50 < kept < 450


@pytest.mark.parametrize("dials", TIGHTER, ids=["house", "weekly", "monthly", "gap", "twice"])
def test_no_plan_breaks_a_cap(
    agency: tuple[pa.Table, pa.Table], decider: Decider, dials: Any
) -> None:
    events, contacts = agency
    times = events["occurred_at"].cast(pa.int64()).to_numpy()
    own, bold = decider.under(dials, 1), Utility(land=5.0, annoy=0.1)
    long = 0
    for at in np.quantile(times, (0.2, 0.5, 0.8)):
        moment = moment_of(int(at))
        asked = [replace(r, utility=bold) for r in open_threads(events, contacts, moment)[:300]]
        for r, d in zip(asked, own.decide(asked), strict=True):
            if d.hint == "stop":
                continue
            ahead = planned(d)
            long += len(ahead) > 1
            assert d.plan.stop_after is not None
            assert microseconds(d.plan.stop_after) == ahead[-1]
            for spacing in own.rulebook.spacings:
                pairs = broken(spacing, [*made(r), *ahead])
                assert not [pair for pair in pairs if pair[1] >= ahead[0]], spacing
    assert long > 20
