"""`make bench`: the full feature set beside ten simple features in DuckDB, Polars and pandas.

`python -m tests.bench.features --events 1000000 10000000`
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import click
import pyarrow as pa

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

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


#: What each engine runs, in a process of its own: what one does to memory is not in another's way.
ENGINES = {
    "fineline": ("fineline", "fineline, with late recordings"),
    "DuckDB": ("DuckDB",),
    "Polars": ("Polars",),
    "pandas": ("pandas",),
}


def seconds_of(table: pa.Table, engines: Sequence[str]) -> dict[str, float]:
    """Median time of each contender, after a run of each to warm up.

    They take turns, so that a neighbour on the machine disturbs all alike.
    """
    few = 1 if len(table) > PANDAS_LIMIT else RUNS
    with TemporaryDirectory() as folder, ExitStack() as stack:
        file = Path(folder) / "events.arrow"
        with pa.ipc.new_file(file, table.schema) as writer:
            writer.write_table(table)
        asked = {name: stack.enter_context(_own_process(file, name)) for name in engines}
        times: dict[str, list[float]] = {}
        for turn in range(RUNS):
            for engine in engines:
                for name in ENGINES[engine]:
                    if turn < (RUNS if engine == "fineline" else few):
                        times.setdefault(name, []).append(asked[engine](name))
    return {name: median(taken) for name, taken in times.items()}


@contextmanager
def _own_process(file: Path, engine: str) -> Iterator[Callable[[str], float]]:
    """Seconds of a run of a contender, by its name, in a process that is kept until the end."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_answer, args=(theirs, file, ENGINES[engine]), daemon=True)
    process.start()
    theirs.close()

    def ask(name: str) -> float:
        ours.send(name)
        return float(ours.recv())

    try:
        ours.recv()
        yield ask
    finally:
        ours.close()
        process.join()


def _answer(pipe: Connection, file: Path, names: Sequence[str]) -> None:
    """Warm up, then run whatever is asked for, until nobody asks any more."""
    with pa.memory_map(str(file)) as source:
        runs = contenders(pa.ipc.open_file(source).read_all().combine_chunks(), names)
        for run in runs.values():
            run()
        pipe.send("ready")
        with suppress(EOFError):
            while True:
                pipe.send(_timed(runs[pipe.recv()]))


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


def contenders(late: pa.Table, names: Sequence[str]) -> dict[str, Callable[[], Any]]:
    """What is timed on these events, by name."""
    import duckdb
    import polars as pl

    from tests.bench import engines

    events = prompt(late)
    used = events.select(engines.USED)
    found: dict[str, Callable[[], Any]] = {
        "fineline": lambda: fineline(events),
        "fineline, with late recordings": lambda: fineline(late),
    }
    if "DuckDB" in names:
        db = duckdb.connect()
        db.execute(_DUCKDB_REUSE)
        found["DuckDB"] = lambda: engines.duckdb_ten(db, used)
    if "Polars" in names:
        frame = pl.from_arrow(used)
        assert isinstance(frame, pl.DataFrame)
        found["Polars"] = lambda: engines.polars_ten(frame)
    if "pandas" in names:
        pandas = used.to_pandas()
        found["pandas"] = lambda: engines.pandas_ten(pandas)
    return {name: found[name] for name in names}


def fineline(events: pa.Table) -> Any:
    """The full feature set."""
    from features.histories import from_events
    from features.matrix import build

    return build(from_events(events))


def compare(events: int) -> list[str]:
    """Lines of the table for one size, each engine's ten features having been checked."""
    from tests.bench.agreement import require_agreement

    require_agreement(simulated(min(events, 100_000)))
    engines = [name for name in ENGINES if events <= PANDAS_LIMIT or name != "pandas"]
    timed = seconds_of(simulated(events), engines)
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
        "All start from the same Arrow table in memory (ids dictionary-encoded, in order of time), "
        "each engine in a process of its own that reuses memory it already holds (malloc never "
        "returns it)."
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
