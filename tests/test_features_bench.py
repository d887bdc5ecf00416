"""What the bench compares is the same: ten features by every engine."""

from __future__ import annotations

from tests.bench.agreement import require_agreement
from tests.bench.features import prompt, seconds_of, simulated


def test_every_engine_of_the_bench_computes_what_fineline_does() -> None:
    require_agreement(simulated(20_000))


def test_prompt_events_are_recorded_when_they_occur() -> None:
    events = prompt(simulated(10_000))
    assert events["recorded_at"].equals(events["occurred_at"])
    assert len(events) == 10_000


def test_engines_are_timed_in_processes_of_their_own() -> None:
    timed = seconds_of(simulated(10_000), ("fineline", "DuckDB"))
    assert list(timed) == ["fineline", "fineline, with late recordings", "DuckDB"]
    assert min(timed.values()) > 0
