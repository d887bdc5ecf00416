"""Which threads a batch is about, beside a plain loop over each contact's events."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest

from features.events.contacts import contact_row
from models.decide import Decider
from serving.answers import to_table
from serving.batch import CHUNK, chunks, open_threads
from tests.factories import START, Shape, agency, table

AT = START + timedelta(days=60)


def event(day: float, kind: str, **more: Any) -> dict[str, Any]:
    when = (START + timedelta(days=day)).isoformat()
    channel = {"channel": "email"} if kind == "touch" else {}
    return {"contact_id": "c", "occurred_at": when, "kind": kind, **channel, **more}


def threads(rows: Iterable[dict[str, Any]], at: datetime = AT) -> list[tuple[str, str | None]]:
    return [(r.contact_id, r.campaign_id) for r in open_threads(table(list(rows)), None, at)]


def by_a_plain_loop(events: pa.Table, at: datetime) -> set[tuple[str, str]]:
    """The definition, event by event."""
    rows = [r for r in events.to_pylist() if r["recorded_at"] <= at]
    rows.sort(key=lambda r: (r["occurred_at"], r["event_id"]))
    touched: dict[str, dict[str | None, bool]] = {}
    seen: dict[str, set[str | None]] = {}
    latest: dict[str, str | None] = {}
    gone: set[str] = set()
    for r in rows:
        who, campaign, kind = r["contact_id"], r["campaign_id"], r["kind"]
        mine, known = touched.setdefault(who, {}), seen.setdefault(who, set())
        if kind == "touch":
            mine.setdefault(campaign, False)
            latest[who] = campaign
        elif campaign is None and None not in known and who in latest:
            campaign = latest[who]
        known.add(campaign)
        good = kind in ("meeting", "placement")
        if good or (kind == "reply" and r["sentiment"] != "neutral"):
            mine[campaign] = True
        if kind in ("opt_out", "complaint"):
            gone.add(who)
    touches = {(r["contact_id"], r["campaign_id"]) for r in rows if r["kind"] == "touch"}
    return {
        (who, campaign or "")
        for who, campaign in touches
        if who not in gone and not touched[who][campaign]
    }


@pytest.mark.parametrize("seed", range(6))
def test_open_threads_are_those_of_a_plain_loop(seed: int) -> None:
    events = agency(seed, Shape(contacts=60))
    for days in (1, 10, 45, 400):
        at = START + timedelta(days=days)
        found = [(r.contact_id, r.campaign_id) for r in open_threads(events, None, at)]
        assert len(found) == len(set(found))
        assert set(found) == by_a_plain_loop(events, at)


def test_an_answer_without_a_campaign_ends_the_thread_touched_last_before_it() -> None:
    rows = [
        event(1, "touch", campaign_id="a"),
        event(2, "reply", sentiment="positive"),
        event(3, "touch", campaign_id="b"),
    ]
    assert threads(rows) == [("c", "b")]


def test_what_is_recorded_later_opens_and_ends_nothing() -> None:
    late = (AT + timedelta(days=1)).isoformat()
    rows = [
        event(1, "touch", campaign_id="a"),
        event(2, "touch", campaign_id="b", recorded_at=late),
        event(3, "opt_out", recorded_at=late),
    ]
    assert threads(rows) == [("c", "a")]
    assert threads(rows, AT + timedelta(days=1)) == []


@pytest.mark.parametrize("kind", ["opt_out", "complaint"])
def test_who_opted_out_or_complained_has_no_open_thread(kind: str) -> None:
    rows = [event(1, "touch", campaign_id="a"), event(2, kind, campaign_id="b")]
    assert threads([*rows, event(3, "touch", campaign_id="b")]) == []


def test_a_not_now_leaves_the_thread_open() -> None:
    assert threads([event(1, "touch"), event(2, "reply", sentiment="neutral")]) == [("c", "")]


def test_without_events_there_are_no_threads() -> None:
    assert open_threads(table([]), None, AT) == []
    assert list(chunks([])) == []
    assert to_table([]).num_rows == 0


def test_a_request_carries_the_contact_and_all_its_threads() -> None:
    events = table(
        [
            event(2, "touch", campaign_id="b"),
            event(1, "touch", campaign_id="a"),
            event(1, "touch", contact_id="other"),
        ]
    )
    row, problems = contact_row("c", "Europe/Berlin", "DE", {"seniority": "senior"})
    assert not problems
    mine = [r for r in open_threads(events, pa.Table.from_pylist([row]), AT) if r.contact_id == "c"]
    assert [r.campaign_id for r in mine] == ["a", "b"]
    for r in mine:
        assert (r.timezone, r.country) == ("Europe/Berlin", "DE")
        assert r.attributes == {"seniority": "senior"}
        assert r.history["occurred_at"].to_pylist() == [
            START.astimezone(UTC) + timedelta(days=d) for d in (1, 2)
        ]


def test_no_row_of_a_batch_is_about_a_thread_that_has_ended(decider: Decider) -> None:
    events = agency(3, Shape(contacts=60))
    requests = open_threads(events, None, AT)
    decisions = [d for chunk in chunks(requests) for d in decider.decide(chunk)]
    assert 0 < len(decisions) == len(requests) <= CHUNK
    ended = {"opted_out", "complained", "landed", "pushed_back"}
    assert not [d for d in decisions if ended & {hit.rule for hit in d.rules}]
    assert [d.campaign_id or "" for d in decisions] == [r.campaign_id for r in requests]
