"""What is told of what happens in the store, and that it is told in the same transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from sqlalchemy import Connection, select

from features.moments import microseconds
from features.store import endpoints, erasure, outbox, threads
from features.store.audit import By
from features.store.database import Database
from features.store.endpoints import Endpoint
from features.store.events import append
from features.store.notices import KINDS, of_thread
from features.store.people import Person, describe
from features.store.tables import DELIVERIES, MESSAGES
from features.store.threads import Looked, Thread
from models.decide import Decider
from models.decision import ModelRef
from serving.stored.looking import look
from serving.stored.rebuild import rebuild
from tests.factories import agency
from tests.stored import TENANT, rows_of, touch
from training.train import model_of_base_rates

NOW = datetime(2026, 3, 4, 10, tzinfo=UTC)


@pytest.fixture(scope="module")
def first_day() -> Decider:
    return Decider(model_of_base_rates(), ModelRef("fineline", "1"))


@pytest.fixture
def told(database: Database) -> Database:
    """A store of which somebody wants to know everything."""
    one = Endpoint("end_1", "https://crm.example/", (), b"", 1)
    database.write(lambda c: endpoints.add(c, TENANT, one))
    return database


def messages(database: Database, kind: str | None = None) -> list[dict[str, Any]]:
    with database.reading() as connection:
        query = select(MESSAGES.c.body).order_by(MESSAGES.c.seq)
        found = [orjson.loads(body) for body in connection.execute(query).scalars()]
    return [m["data"] for m in found if kind in (None, m["type"])]


def test_each_opt_out_and_complaint_is_told_once(told: Database) -> None:
    rows = [
        touch("e1"), touch("e2", kind="opt_out", channel=None),
        touch("e3", "ben", kind="complaint", channel=None), touch("e4", kind="reply", channel=None),
    ]  # fmt: skip
    for _ in range(2):
        append(told, TENANT, rows, microseconds(NOW))
    found = messages(told)
    assert [(m["contact_id"], m["kind"]) for m in found] == [
        ("anna", "opt_out"), ("ben", "complaint"),
    ]  # fmt: skip


def test_what_nobody_wants_is_not_kept(database: Database, told: Database) -> None:
    row = touch("e1", kind="opt_out", channel=None)
    append(told, "other", [row], microseconds(NOW))
    with told.writing() as connection:
        endpoints.remove(connection, TENANT, "end_1")
    append(told, TENANT, [row], microseconds(NOW))
    assert messages(told) == []


def test_a_transaction_that_fails_tells_nothing(told: Database) -> None:
    def fails(connection: Connection) -> None:
        assert outbox.put(connection, TENANT, of_thread(None, thread("wait"), 1), 1) == 1
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        told.write(fails)
    assert messages(told) == []


def thread(hint: str, touched_us: int = 5, **more: Any) -> Thread:
    return Thread("anna", "role-a", None, touched_us, hint, 0.1, 0.1, **more)


@pytest.mark.parametrize(
    ("before", "after", "kinds"),
    [
        (None, "wait", ["hint.changed"]), (None, "nudge", ["hint.changed"]),
        ("wait", "wait", []), ("wait", "nudge", ["hint.changed", "window.opened"]),
        ("nudge", "wait", ["hint.changed"]), ("wait", None, ["hint.changed"]), ("stop", None, []),
    ],
)  # fmt: skip
def test_a_hint_that_changes(before: str | None, after: str | None, kinds: Sequence[str]) -> None:
    was, now = (None if hint is None else thread(hint) for hint in (before, after))
    found = of_thread(was, now, microseconds(NOW))
    assert [n.kind for n in found] == kinds
    for notice in found:
        assert notice.kind in KINDS
        data = orjson.loads(notice.body())["data"]
        assert data["contact_id"] == "anna"
        if notice.kind == "hint.changed":
            assert (data["before"], data["hint"]) == (before, after or "stop")


def test_a_window_is_told_once_for_each_next_touch(told: Database) -> None:
    append(told, TENANT, [touch("e1")], 1)

    def thought(hint: str, touched_us: int) -> None:
        looked = Looked("anna", 1, 9, (thread(hint, touched_us, nudge_us=microseconds(NOW)),))
        told.write(
            lambda c: outbox.tell(
                c, TENANT, threads.replace(c, TENANT, [looked], "1"), microseconds(NOW)
            )
        )

    # The night between is a rule that closes and opens the same window.
    for hint in ("wait", "nudge", "wait", "nudge"):
        thought(hint, 5)
    assert len(messages(told, "window.opened")) == 1
    assert len(messages(told, "hint.changed")) == 4
    for hint in ("wait", "nudge"):
        thought(hint, 6)
    found = messages(told, "window.opened")
    assert len(found) == 2
    assert found[0] == {
        "contact_id": "anna", "campaign_id": "role-a", "channel": None,
        "nudge_at": "2026-03-04T10:00:00Z",
    }  # fmt: skip


def test_looking_tells_what_changed_and_a_rebuild_tells_nothing(
    told: Database, first_day: Decider
) -> None:
    now = datetime(2024, 7, 9, 10, tzinfo=UTC)
    append(told, TENANT, rows_of(agency(5)), 1)
    look(told, first_day, now, 10**6)
    with told.reading() as connection:
        hints = {
            (t.contact_id, t.campaign_id or None): t.hint
            for hint in ("nudge", "wait", "stop")
            for t in threads.ranked(connection, TENANT, hint, 1000)
        }
    found = messages(told, "hint.changed")
    assert {(m["contact_id"], m["campaign_id"]): m["hint"] for m in found} == hints
    assert rebuild(told, first_day, TENANT, now).same
    assert messages(told, "hint.changed") == found
    out = touch("out", found[0]["contact_id"], kind="opt_out", channel=None,
                occurred_at="2024-07-08T10:00:00Z")  # fmt: skip
    append(told, TENANT, [out], 1)
    look(told, first_day, now + timedelta(minutes=1), 10**6)
    last = messages(told, "hint.changed")[len(found) :]
    own = {c for person, c in hints if person == out["contact_id"]}
    assert {m["campaign_id"] for m in last} == {
        c for c in own if hints[(out["contact_id"], c)] != "stop"
    }
    assert all(m["hint"] == "stop" and m["channel"] is None for m in last)


def test_an_erased_person_is_told_of_no_more(told: Database) -> None:
    append(
        told,
        TENANT,
        [touch("e1", kind="opt_out", channel=None), touch("e2", "ben")],
        microseconds(NOW),
    )
    with told.reading() as connection:
        held = erasure.held(connection, TENANT, "anna")
    assert held is not None
    assert len(held.messages) == len(held.deliveries) == 1
    told.write(lambda c: erasure.erase(c, By(TENANT, "local", microseconds(NOW)), "anna", told.key))
    with told.reading() as connection:
        assert not connection.execute(select(MESSAGES)).all()
        assert not connection.execute(select(DELIVERIES)).all()
    # Who comes back has opted out still, and whoever sent them again is told.
    describe(told, TENANT, [Person("anna")], microseconds(NOW))
    assert [m["contact_id"] for m in messages(told)] == ["anna"]
