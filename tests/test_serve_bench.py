"""The load generator of the bench counts, times and paces what it sends."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
from fastapi import FastAPI, Response

from features.events.files import write_events
from tests.bench import questions
from tests.bench.load import Job, generate, request
from tests.served import served


def test_answers_are_counted_and_failures_told() -> None:
    app = FastAPI()

    @app.get("/{status}")
    async def answer(status: int) -> Response:
        return Response(b"{}", status_code=status)

    with served(app) as address:
        port = int(address.rsplit(":", 1)[1])
        found = generate(
            Job(port, [request("GET", f"/{s}") for s in (200, 200, 404)], 2, once=True)
        )
        assert (found.count, found.failed) == (3, 1)
        paced = generate(Job(port, [request("GET", "/200")], 4, seconds=1.0, rate=50))
        assert 45 <= paced.count <= 52
        assert paced.p50 <= paced.p99


def test_questions_are_twelve_recent_events_each(
    agency: tuple[pa.Table, pa.Table], tmp_path: Path
) -> None:
    write_events(agency[0], tmp_path / "events.parquet")
    found = questions.histories(tmp_path / "events.parquet", most=5)
    assert [len(rows) for rows in found.values()] == [questions.EVENTS] * 5
    assert len(questions.scores_bodies(questions.score_bodies(found), 2)) == 2
    new = questions.new_events(found, 30)
    assert len({row["event_id"] for row in new}) == 30
