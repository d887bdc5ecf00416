"""Call me in March: an agreed date holds for everybody, until another is agreed or people talk."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from fastapi.testclient import TestClient

from features.events.files import read_events, write_events
from features.events.rows import events_from_rows
from features.ingest.activity_map import parse_map
from features.ingest.mapped_csv import apply_map
from features.moments import microseconds
from features.store.database import Database
from features.store.events import append
from models.decide import Decider
from models.decision import Decision, ModelRef, Request, Utility
from models.history import summarise
from serving.app import create_app
from serving.settings import ServiceSettings
from serving.stored.hints import Hints
from serving.stored.replay import on_record, replay
from serving.telemetry import Telemetry
from tests.api import asked, post
from tests.factories import table
from tests.stored import TENANT, everything, touch
from training.train import model_of_base_rates

AT = datetime(2026, 10, 15, 10, tzinfo=UTC)
MARCH = "2027-03-01T09:00:00Z"
FIRST = touch("t1", occurred_at="2026-10-01T09:00:00Z")


@pytest.fixture(scope="module")
def decider() -> Decider:
    """A decider that has learned nothing, asked by somebody to whom annoyance costs nothing."""
    return Decider(model_of_base_rates(), ModelRef("fineline", "1"))


def reply(event_id: str, day: str, date: str | None = None, **more: Any) -> dict[str, Any]:
    own = {"kind": "reply", "channel": None, "sentiment": "neutral"}
    row = touch(event_id, occurred_at=f"2026-{day}T09:00:00Z", **{**own, **more})
    return row if date is None else {**row, "come_back_at": date}


def decided(decider: Decider, *rows: dict[str, Any], **more: Any) -> Decision:
    request = Request(
        "anna", AT, table([FIRST, *rows]), timezone="Europe/Berlin", country="DE",
        utility=Utility(annoy=0.0, touch=0.0), **more,
    )  # fmt: skip
    return decider.decide([request])[0]


def test_nobody_touches_before_the_date_and_somebody_after(decider: Decider) -> None:
    one = decided(decider, reply("r1", "10-03", MARCH))
    assert one.hint == "wait"
    assert one.nudge_at is not None
    assert datetime.fromisoformat(MARCH) <= one.nudge_at
    assert one.nudge_at <= datetime.fromisoformat(MARCH) + timedelta(days=92)
    assert "agreed_date" in [hit.rule for hit in one.rules]
    text = next(hit.text for hit in one.rules if hit.rule == "agreed_date")
    assert text == (
        "The contact asked on 3 October 2026 to be contacted from 1 March 2027 on; nobody does so "
        "before."
    )
    # In another thread too, whoever asks.
    other = decided(decider, reply("r1", "10-03", MARCH), campaign_id="role-z")
    assert other.nudge_at is not None
    assert other.nudge_at >= datetime.fromisoformat(MARCH)


def test_a_date_is_a_day_where_the_person_is(decider: Decider) -> None:
    midnight = "2027-02-28T23:00:00Z"
    one = decided(decider, reply("r1", "10-03", midnight))
    assert any("from 1 March 2027" in hit.text for hit in one.rules)


def test_who_asks_for_thursday_is_not_left_for_two_weeks(decider: Decider) -> None:
    one = decided(decider, reply("r1", "10-14", "2026-10-15T08:00:00Z"))
    assert "come_back" not in [hit.rule for hit in one.rules]
    plain = decided(decider, reply("r1", "10-14"))
    assert "come_back" in [hit.rule for hit in plain.rules]


def meeting(recorded: str, occurred: str) -> dict[str, Any]:
    return touch("m", kind="meeting", channel=None, campaign_id="role-b", occurred_at=occurred,
                 recorded_at=recorded)  # fmt: skip


@pytest.mark.parametrize(
    ("later", "until"),
    [
        ([], MARCH),
        ([reply("r2", "10-08", "2026-12-01T09:00:00Z")], "2026-12-01T09:00:00Z"),
        ([reply("r2", "10-02", "2027-06-01T09:00:00Z")], MARCH),
        ([reply("r2", "10-08")], None),
        ([reply("r2", "10-02")], MARCH),
        ([reply("r2", "10-08", sentiment="positive", campaign_id="role-b")], None),
        ([meeting("2026-10-08T09:00:00Z", "2026-11-08T09:00:00Z")], None),
        ([meeting("2026-10-02T09:00:00Z", "2026-11-08T09:00:00Z")], MARCH),
        ([touch("o", kind="open", channel=None, occurred_at="2026-10-08T09:00:00Z")], MARCH),
        ([touch("a", kind="auto_reply", channel=None, occurred_at="2026-10-08T09:00:00Z")], MARCH),
        ([reply("r2", "10-08", recorded_at="2026-10-16T09:00:00Z")], MARCH),
    ],
)
def test_the_latest_agreement_counts_until_people_talk(
    later: list[dict[str, Any]], until: str | None
) -> None:
    rows = [FIRST, reply("r1", "10-03", MARCH), *later]
    for history in (table(rows), table(rows[::-1])):
        agreed = summarise(history, microseconds(AT)).agreed
        found = None if agreed is None else agreed.until_us
        assert found == (None if until is None else microseconds(datetime.fromisoformat(until)))


def test_the_same_question_with_another_date_is_another_decision(decider: Decider) -> None:
    ids = {
        decided(decider, reply("r1", "10-03", date)).decision_id
        for date in (None, MARCH, "2027-04-01T09:00:00Z")
    }
    assert len(ids) == 3


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({**FIRST, "come_back_at": MARCH}, "is only for a reply"),
        (reply("r1", "10-03", "2026-10-03T09:00:00Z"), "is not later than occurred_at"),
        (reply("r1", "10-03", "2027-03-01"), "a date only"),
        (reply("r1", "10-03", "2300-03-01T09:00:00Z"), "outside the years"),
    ],
)
def test_a_date_that_cannot_be_is_refused(row: dict[str, Any], message: str) -> None:
    _, problems = events_from_rows([row])
    assert [p.field for p in problems] == ["come_back_at"]
    assert message in problems[0].message


@pytest.mark.parametrize("suffix", ["parquet", "csv", "jsonl"])
def test_files_keep_it(tmp_path: Path, suffix: str) -> None:
    events = table([FIRST, reply("r1", "10-03", MARCH)])
    write_events(events, tmp_path / f"events.{suffix}")
    found = read_events(tmp_path / f"events.{suffix}")["come_back_at"].to_pylist()
    assert found == [None, datetime.fromisoformat(MARCH)]


def test_exports_can_have_a_column_of_it() -> None:
    own = parse_map(
        "columns: {contact_id: who, occurred_at: when, kind: what, come_back_at: due}\n"
        "constants: {channel: phone}",
        "map",
    )
    rows = [
        {"who": "anna", "when": "2026-10-03T09:00:00Z", "what": kind, "due": due}
        for kind, due in (("reply", MARCH), ("touch", MARCH), ("reply", "2026-01-01T09:00:00Z"))
    ]
    found = apply_map(rows, own)
    assert found["come_back_at"].null_count == 2
    assert len(set(found["event_id"].to_pylist())) == 3


def test_the_store_keeps_it_and_a_replay_is_the_same(database: Database, decider: Decider) -> None:
    rows = [FIRST, reply("r1", "10-03", MARCH)]
    for status in ("accepted", "duplicate"):
        assert {r.status for r in append(database, TENANT, rows, 1)} == {status}
    changed = {**rows[1], "come_back_at": "2027-04-01T09:00:00Z"}
    assert append(database, TENANT, [changed], 1)[0].status == "refused"
    assert everything(database)["come_back_at"].null_count == 1
    hints = Hints(database, decider, Telemetry(), TENANT, AT)
    answer = orjson.loads(hints.hint("anna", None, None))
    was = on_record(database, TENANT, answer["decision_id"])
    assert replay(database, TENANT, was, decider).same


def test_it_comes_by_http_and_leaves_in_an_export(decider: Decider, tmp_path: Path) -> None:
    own = ServiceSettings(home=tmp_path, database_url="")
    with TestClient(create_app(own, lambda: decider)) as client:
        row = reply("r1", "10-03", MARCH)
        assert post(client, [FIRST, row], "/v1/events").json()["accepted"] == 2
        kept = client.get("/v1/contacts/anna").json()["events"]
        assert [e.get("come_back_at") for e in kept] == [None, MARCH]
        history = [{k: v for k, v in e.items() if k != "contact_id"} for e in (FIRST, row)]
        question = asked(history=history, at=AT.isoformat(), utility={"annoy": 0.0, "touch": 0.0})
        answer = post(client, question).json()
        assert answer["nudge_at"] >= MARCH
        assert "agreed_date" in [hit["rule"] for hit in answer["rules"]]
        assert "they asked to be contacted then" in answer["advice"]
