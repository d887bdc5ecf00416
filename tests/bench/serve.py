"""`make bench-serve`: the service beside `mlflow models serve` and beside a route that only parses.

`python -m tests.bench.serve --home DIR` uses the champion of a home that is there; without it, an
agency is simulated and a model trained first. Everything is measured in one run, in turns, so that
a neighbour on the machine disturbs all alike; where it is busy, read the processor time.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import click
import orjson

from tests.bench import questions, servers
from tests.bench.load import Answers, Job, generate, request
from tests.bench.servers import Running, running

ROUNDS, BATCH, LISTED = 3, 200, 1000
#: Scores a second that a worker should reach, and have answered within 20 ms at half of.
SCORES = 400


@dataclass(frozen=True, slots=True)
class Measured:
    """One thing measured: how many a second, milliseconds of processor time each, and an aim."""

    name: str
    unit: str
    rate: float
    cpu_ms: float
    aim: float | None = None

    def line(self) -> str:
        """A line of the report."""
        aim = ""
        if self.aim is not None:
            met = "met" if self.rate >= self.aim else "missed"
            aim = f"   aim {self.aim:,.0f}: {met}"
        return (
            f"  {self.name:<44}{self.rate:>9,.0f} {self.unit}/s"
            f"{self.cpu_ms:>9.3f} ms processor each{aim}"
        )


def measured(
    name: str, server: Running, job: Job, *, each: int = 1, unit: str = "answers",
    aim: float | None = None,
) -> Measured:  # fmt: skip
    """Run a job; `each` is how many things one request asks for."""
    before = server.cpu()
    found = generate(job)
    if found.failed:
        raise click.ClickException(f"{name}: {found.failed} of {found.count} answers were not 200")
    cpu = (server.cpu() - before) / (found.count * each) * 1000
    return Measured(name, unit, found.rate * each, cpu, aim)


def in_turns(contenders: Sequence[tuple[str, Running, Job, float | None]]) -> list[Measured]:
    """Several servers in turns; the median of each."""
    rounds = [[measured(n, s, j, aim=aim) for n, s, j, aim in contenders] for _ in range(ROUNDS)]
    return [
        Measured(
            some[0].name, some[0].unit, median(m.rate for m in some),
            median(m.cpu_ms for m in some), some[0].aim,
        )
        for some in zip(*rounds, strict=True)
    ]  # fmt: skip


def score_jobs(port: int, bodies: Sequence[bytes], seconds: float) -> Job:
    """POST /v1/score as fast as it goes."""
    return Job(port, [request("POST", "/v1/score", b) for b in bodies], 8, seconds)


def compare(home: Path, folder: Path, seconds: float) -> list[str]:
    """Lines of the report."""
    of = questions.histories(home / "agency" / "events.parquet")
    bodies = questions.score_bodies(of)
    rival, row = mlflow_model(home, folder / "rival")
    store = f"sqlite:///{folder}/store.db"
    with ExitStack() as stack:
        words, ready, environment = servers.fineline(home)
        ours = stack.enter_context(
            running(words, ready, FINELINE_DATABASE_URL=store, **environment)
        )
        bare, theirs = (
            stack.enter_context(running(words, ready, **environment))
            for words, ready, environment in (servers.bare(), servers.mlflow(rival))
        )
        asked = request("POST", "/invocations", row)
        turns = in_turns(
            [
                ("POST /v1/score", ours, score_jobs(ours.port, bodies, seconds), SCORES),
                ("FastAPI, parsing the same body only", bare,
                 score_jobs(bare.port, bodies, seconds), None),
                ("mlflow models serve, one row of one forest", theirs,
                 Job(theirs.port, [asked], 8, seconds), None),
            ]
        )  # fmt: skip
        asks = score_jobs(ours.port, bodies, 0).requests
        half, harder = (
            generate(Job(ours.port, asks, 8, seconds * 3, rate))
            for rate in (SCORES / 2, turns[0].rate / 2)
        )
        stored = stored_routes(ours, of, bodies, seconds, turns[0].rate)
    return [
        f"{len(bodies)} histories of {questions.EVENTS} events, one worker, whole decisions;"
        " median of rounds in turn",
        *(m.line() for m in turns), f"{latency(half)}   aim 20: {_met(half)}", latency(harder),
        *(m.line() for m in stored),
        *ratios(turns),
    ]  # fmt: skip


def stored_routes(
    ours: Running, of: Any, bodies: Sequence[bytes], seconds: float, scores: float
) -> list[Measured]:
    """Routes of lists and of the store."""
    rows = [row for history in of.values() for row in history]
    for body in questions.lists_of(rows, LISTED):
        generate(Job(ours.port, [request("POST", "/v1/events", body)], 1, once=True))
    hints = [request("GET", f"/v1/contacts/{contact}/hint") for contact in of]
    lists = questions.scores_bodies(bodies, min(BATCH, len(bodies)))
    new = questions.lists_of(questions.new_events(of, 30 * LISTED), LISTED)
    return [
        measured("GET hint, asked for the first time", ours,
                 Job(ours.port, hints, 8, once=True)),
        measured("GET hint, asked again", ours, Job(ours.port, hints, 8, seconds), aim=scores),
        measured(f"POST /v1/scores, {BATCH} items", ours,
                 Job(ours.port, [request("POST", "/v1/scores", b) for b in lists], 2, seconds),
                 each=min(BATCH, len(bodies)), unit="decisions", aim=1000),
        measured(f"POST /v1/events, {LISTED} new ones, SQLite", ours,
                 Job(ours.port, [request("POST", "/v1/events", b) for b in new], 2, once=True),
                 each=LISTED, unit="events", aim=5000),
    ]  # fmt: skip


def latency(found: Answers) -> str:
    """How long answers take where so many are asked for a second."""
    return (
        f"  POST /v1/score at {found.rate:,.0f}/s: p50 {found.p50:.1f} ms, p99 {found.p99:.1f} ms"
    )


def _met(found: Answers) -> str:
    return "met" if found.p99 < 20 else "missed"


def ratios(turns: Sequence[Measured]) -> list[str]:
    """fineline beside the others."""
    own = turns[0]
    return [
        f"  fineline is {own.rate / m.rate:.2f} times as fast as: {m.name}"
        f" ({m.cpu_ms / own.cpu_ms:.2f} by processor time)"
        for m in turns[1:]
    ]


def mlflow_model(home: Path, folder: Path) -> tuple[Path, bytes]:
    """One forest of the champion as an MLflow model, and a body that asks it about one row.

    The registered artifact is none that `mlflow models serve` could serve whole: a decision takes
    the fold, both outcomes and the planner.
    """
    import lightgbm
    import mlflow.lightgbm

    from models import registry
    from models.settings import Settings

    _, model = registry.load_model(Settings(home=home, tracking_uri=""))
    booster = lightgbm.Booster(model_str=model.land.texts[0])
    mlflow.lightgbm.save_model(booster, str(folder), pip_requirements=["lightgbm"])
    return folder, orjson.dumps({"inputs": [[0.0] * booster.num_feature()]})


def trained(home: Path) -> Path:
    """A home with a simulated agency and a model trained on it."""
    agency = home / "agency"
    run_fineline(home, "simulate", "--world", "fatigue", "--contacts", "4000", "--seed", "1",
                 "--out", str(agency))  # fmt: skip
    run_fineline(home, "train", "--events", str(agency / "events.parquet"),
                 "--contacts", str(agency / "contacts.parquet"))  # fmt: skip
    return home


def run_fineline(home: Path, *words: str) -> None:
    import os

    environment = os.environ | {"FINELINE_HOME": str(home)}
    command = [sys.executable, "-m", "serving.cli", *words]
    subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)


@click.command()
@click.option("--home", type=click.Path(path_type=Path, exists=True), help="With a champion.")
@click.option("--seconds", default=4.0, show_default=True, help="For each measurement.")
def main(home: Path | None, seconds: float) -> None:
    """Measure the service on this machine."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        used = trained(Path(folder)) if home is None else home.absolute()
        click.echo("\n".join(compare(used, Path(folder), seconds)))


if __name__ == "__main__":
    main()
