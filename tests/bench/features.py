"""`make bench`: the full feature set beside ten simple features in DuckDB, Polars and pandas.

`python -m tests.bench.features --events 1000000 10000000`
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    import pyarrow as pa

THREADS = "2"
# Touching fresh memory costs seconds per gigabyte on some virtual machines, which would measure
# the machine: every allocator keeps what it was given, for all engines alike.
REUSE = {
    "MALLOC_MMAP_MAX_": "0",
    "MALLOC_TRIM_THRESHOLD_": str(1 << 62),
    "MALLOC_TOP_PAD_": str(1 << 28),
    "ARROW_DEFAULT_MEMORY_POOL": "system",
    "_RJEM_MALLOC_CONF": "dirty_decay_ms:-1,muzzy_decay_ms:-1",
    "POLARS_MAX_THREADS": THREADS,
    "OMP_NUM_THREADS": THREADS,
    "NUMBA_NUM_THREADS": THREADS,
}
_DUCKDB_REUSE = "set threads = 2; set allocator_flush_threshold = '1TB'; " \
    "set allocator_bulk_deallocation_flush_threshold = '1TB'"  # fmt: skip
PANDAS_LIMIT = 2_000_000
RUNS = 3


@dataclass(frozen=True, slots=True)
class Contender:
    """Something to time: its name, what it computes, and how often."""

    name: str
    run: Callable[[], Any]
    runs: int = RUNS


def seconds_of(contenders: list[Contender]) -> dict[str, float]:
    """Median time of each, after a run of each to warm up.

    They take turns, so that a neighbour on the machine disturbs all alike.
    """
    times: dict[str, list[float]] = {c.name: [] for c in contenders}
    for c in contenders:
        c.run()
    for turn in range(RUNS):
        for c in contenders:
            if turn < c.runs:
                times[c.name].append(_timed(c.run))
    return {name: median(taken) for name, taken in times.items()}


def _timed(run: Callable[[], Any]) -> float:
    start = time.perf_counter()
    result = run()
    seconds = time.perf_counter() - start
    del result
    return seconds


def simulated(events: int) -> pa.Table:
    """At least `events` simulated events, cut to that many, in order of time."""
    from training.simulate.history import simulate

    per_contact = len(simulate(2_000, 1)[0]) / 2_000
    table, _ = simulate(int(events / per_contact * 1.02) + 100, 1)
    if len(table) < events:
        raise click.ClickException(f"the simulator gave {len(table)} events, {events} were needed")
    return table.slice(0, events).combine_chunks()


def prompt(events: pa.Table) -> pa.Table:
    """The same events, recorded when they occurred: window functions know no late recording."""
    place = events.schema.get_field_index("recorded_at")
    return events.set_column(place, "recorded_at", events["occurred_at"])


def contenders(late: pa.Table) -> list[Contender]:
    """Everything that is timed on these events; fineline first."""
    import duckdb
    import polars as pl

    from tests.bench import engines

    events = prompt(late)
    used = events.select(engines.USED)
    frame = pl.from_arrow(used)
    assert isinstance(frame, pl.DataFrame)
    db = duckdb.connect()
    db.execute(_DUCKDB_REUSE)
    few = 1 if len(events) > PANDAS_LIMIT else RUNS
    found = [
        Contender("fineline", lambda: fineline(events)),
        Contender("fineline, with late recordings", lambda: fineline(late)),
        Contender("DuckDB", lambda: engines.duckdb_ten(db, used), few),
        Contender("Polars", lambda: engines.polars_ten(frame), few),
    ]
    if len(events) <= PANDAS_LIMIT:
        pandas = used.to_pandas()
        found.append(Contender("pandas", lambda: engines.pandas_ten(pandas), few))
    return found


def fineline(events: pa.Table) -> Any:
    """The full feature set."""
    from features.histories import from_events
    from features.matrix import build

    return build(from_events(events))


def compare(events: int) -> list[str]:
    """Lines of the table for one size, each engine's ten features having been checked."""
    from tests.bench.agreement import require_agreement

    require_agreement(simulated(min(events, 100_000)))
    table = simulated(events)
    timed = seconds_of(contenders(table))
    ours = timed["fineline"]
    lines = [f"\n{events:,} events: median of runs after a warm-up"]
    for name, seconds in timed.items():
        ratio = (
            ""
            if name.startswith("fineline")
            else f"   fineline is {seconds / ours:.1f} times as fast"
        )
        lines.append(f"  {name:<32}{events / seconds / 1e6:6.2f} million events/s{ratio}")
    return lines


def introduction() -> str:
    """What is measured, on what."""
    from features.catalog import COLUMNS

    return (
        f"{os.cpu_count()} cores, {THREADS} of them used by every engine; fineline builds all "
        f"{len(COLUMNS)} columns and what became of every touch, the others ten columns.\n"
        "All start from the same Arrow table in memory (ids dictionary-encoded, in order of time) "
        "and reuse memory they already hold (malloc never returns it)."
    )


@click.command()
@click.option("--events", "sizes", multiple=True, type=click.IntRange(10_000))
@click.argument("more", nargs=-1, type=click.IntRange(10_000))
def main(sizes: tuple[int, ...], more: tuple[int, ...]) -> None:
    """Time features over simulated events: --events 1000000 10000000."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: int(THREADS)])
    click.echo(introduction())
    for size in [*sizes, *more] or [1_000_000, 10_000_000]:
        click.echo("\n".join(compare(size)))


if __name__ == "__main__":
    if any(os.environ.get(name) != value for name, value in REUSE.items()):
        command = [sys.executable, "-m", "tests.bench.features", *sys.argv[1:]]
        os.execve(sys.executable, command, os.environ | REUSE)
    main()
