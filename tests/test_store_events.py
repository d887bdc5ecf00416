"""The event store: each event once, whole lists or nothing, the same in both databases."""

from __future__ import annotations

import random
import tempfile
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from features.store import events, history, people
from features.store.database import Database
from features.store.events import append
from features.store.people import Person
from features.store.tables import EVENTS
from tests.factories import agency
from tests.stored import TENANT, everything, rows_of, touch

NOW = 1_780_000_000_000_000


def statuses(receipts: list[events.Receipt]) -> list[str]:
    return [r.status for r in receipts]


def test_what_is_stored_comes_back_as_files_give_it(database: Database) -> None:
    sent = agency(3).sort_by("event_id")
    assert set(statuses(append(database, TENANT, rows_of(sent), NOW))) == {"accepted"}
    assert everything(database).equals(sent.cast(everything(database).schema))


def test_the_order_of_arrival_means_nothing(database: Database) -> None:
    rows = rows_of(agency(4))
    random.Random(1).shuffle(rows)
    for start in range(0, len(rows), 37):
        append(database, TENANT, rows[start : start + 37], NOW + start)
    assert everything(database).num_rows == len(rows)
    with database.reading() as connection:
        person = people.persons(connection, TENANT, ["contact-1"])["contact-1"]
        own = history.history(connection, TENANT, "contact-1")
    assert own.num_rows == person.events == sum(r["contact_id"] == "contact-1" for r in rows)


def test_numbers_of_a_contact_have_no_gap(database: Database) -> None:
    for k in range(4):
        append(database, TENANT, [touch(f"e{k}{i}") for i in range(3)] + [touch("e00")], NOW)
    with database.reading() as connection:
        found = connection.execute(select(EVENTS.c.number).order_by(EVENTS.c.seq)).scalars().all()
    assert found == list(range(1, 13))


def test_again_is_a_duplicate_and_otherwise_is_refused(database: Database) -> None:
    first = touch("e1")
    assert statuses(append(database, TENANT, [first, first], NOW)) == ["accepted", "duplicate"]
    again = append(database, TENANT, [first, touch("e1", channel="sms"), touch("e2")], NOW + 5)
    assert statuses(again) == ["duplicate", "refused", "accepted"]
    (problem,) = again[1].problems
    assert (problem.row, problem.field) == (2, "event_id")
    assert "another channel" in problem.message
    contradiction = append(database, TENANT, [touch("e1", channel="sms")], NOW)
    assert "stored already, with another channel" in contradiction[0].problems[0].message
    assert everything(database).num_rows == 2


def test_the_same_time_written_otherwise_is_the_same(database: Database) -> None:
    sent = [touch("e1"), touch("e1", occurred_at="2026-03-02T10:00:00+01:00")]
    assert statuses(append(database, TENANT, sent, NOW)) == ["accepted", "duplicate"]


def test_a_bad_event_does_not_fail_the_others(database: Database) -> None:
    bad: list[Any] = [
        touch("e1", kind="dance"), 7, touch("e2", actor_id="é" * 600), touch("e2"),
        touch("e2"), touch("e2", channel="sms"),
    ]  # fmt: skip
    receipts = append(database, TENANT, bad, NOW)
    assert statuses(receipts) == [
        "refused", "refused", "refused", "accepted", "duplicate", "refused",
    ]  # fmt: skip
    assert [r.problems[0].field for r in receipts if r.problems] == [
        "kind", None, "actor_id", "event_id",
    ]  # fmt: skip
    assert "row 4" in receipts[5].problems[0].message


def test_tenants_are_kept_apart(database: Database) -> None:
    append(database, "one", [touch("e1")], NOW)
    assert statuses(append(database, "two", [touch("e1", channel="sms")], NOW)) == ["accepted"]
    people.describe(database, "one", [Person("anna", country="DE")], NOW)
    assert everything(database, "one")["channel"].to_pylist() == ["email"]
    assert everything(database, "two")["channel"].to_pylist() == ["sms"]
    with database.reading() as connection:
        assert people.persons(connection, "two", ["anna"])["anna"].country is None
        assert history.history(connection, "three", "anna").num_rows == 0
        assert history.histories(connection, "two", ["anna"])["anna"].num_rows == 1


def test_what_describes_a_person_replaces_what_did_and_leaves_events(database: Database) -> None:
    append(database, TENANT, [touch("e1")], NOW)
    people.describe(
        database,
        TENANT,
        [Person("anna", "Europe/Berlin", "DE", {"years": 3.0, "level": "high"})],
        NOW,
    )
    people.describe(
        database, TENANT, [Person("anna", None, "DE", {"years": None}), Person("ben")], NOW
    )
    with database.reading() as connection:
        found = people.persons(connection, TENANT, ["anna", "ben", "carl"])
    assert found["anna"] == Person("anna", None, "DE", {"years": None}, events=1, version=3)
    assert (found["ben"].events, "carl" in found) == (0, False)


def test_many_at_once_store_each_event_once(database: Database) -> None:
    rows = [touch(f"e{i}", f"c{i % 7}") for i in range(60)]
    database.prepare()

    def store(seed: int) -> list[str]:
        own = rows.copy()
        random.Random(seed).shuffle(own)
        return statuses(append(database, TENANT, own[:40], NOW + seed))

    with ThreadPoolExecutor(6) as pool:
        told = [s for found in pool.map(store, range(12)) for s in found]
    assert set(told) == {"accepted", "duplicate"}
    stored = everything(database)
    assert told.count("accepted") == stored.num_rows == len(pc.unique(stored["event_id"]))
    with database.reading() as connection:
        for contact, own in history.histories(
            connection, TENANT, [f"c{i}" for i in range(7)]
        ).items():
            assert people.persons(connection, TENANT, [contact])[contact].events == own.num_rows


def test_who_sends_the_same_at_once_waits_and_does_not_start_over(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    append(database, TENANT, [touch(f"first{i}", f"c{i}") for i in range(7)], NOW)
    rows = [touch(f"e{i}", f"c{i % 7}") for i in range(60)]
    begun: list[None] = []
    writing = Database.writing
    monkeypatch.setattr(Database, "writing", lambda self: begun.append(None) or writing(self))
    with ThreadPoolExecutor(12) as pool:
        sent = range(24)
        told = list(pool.map(lambda _: statuses(append(database, TENANT, rows, NOW)), sent))
    assert sorted(told)[:1] == [["accepted"] * 60]
    assert sorted(told)[1:] == [["duplicate"] * 60] * 23
    assert len(begun) == 24


def test_ten_thousand_at_once(database: Database) -> None:
    rows = [touch(f"e{i}", f"c{i % 3000}") for i in range(10_000)]
    assert statuses(append(database, TENANT, rows, NOW)) == ["accepted"] * 10_000
    assert statuses(append(database, TENANT, rows, NOW)) == ["duplicate"] * 10_000


def test_times_are_kept_to_the_microsecond(database: Database) -> None:
    moment = "2026-03-02T09:00:00.123456Z"
    append(database, TENANT, [touch("e1", occurred_at=moment)], NOW)
    (found,) = everything(database)["recorded_at"].to_pylist()
    assert found == datetime(2026, 3, 2, 9, 0, 0, 123456, tzinfo=UTC)


small = st.fixed_dictionaries(
    {
        "event_id": st.sampled_from(["a", "b", "c"]),
        "contact_id": st.sampled_from(["x", "y"]),
        "occurred_at": st.sampled_from(["2026-03-02T09:00:00Z", "nonsense"]),
        "kind": st.sampled_from(["open", "click"]),
    },
    optional={"relevance": st.sampled_from([0.5, 2.0]), "actor_id": st.sampled_from(["é" * 600])},
)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(lists=st.lists(st.lists(small, max_size=6), min_size=1, max_size=4))
def test_receipts_tell_the_truth(lists: list[list[dict[str, Any]]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/store.db")
        kept: dict[str, dict[str, Any]] = {}
        for rows in lists:
            for row, receipt in zip(rows, append(database, TENANT, rows, NOW), strict=True):
                bad = (
                    row["occurred_at"] == "nonsense"
                    or row.get("relevance") == 2.0
                    or "actor_id" in row
                )
                known = kept.get(row["event_id"])
                if receipt.status == "accepted":
                    assert not bad
                    assert known is None
                    kept[row["event_id"]] = row
                elif receipt.status == "duplicate":
                    assert known == row
                else:
                    assert bad or known != row
                assert bool(receipt.problems) == (receipt.status == "refused")
        assert everything(database)["event_id"].to_pylist() == sorted(kept)
        database.close()


@pytest.mark.parametrize("rows", [[], [{}], [None]])
def test_nothing_is_stored_of_nothing(database: Database, rows: list[Any]) -> None:
    assert {r.status for r in append(database, TENANT, rows, NOW)} <= {"refused"}
    assert isinstance(everything(database), pa.Table)
    assert everything(database).num_rows == 0
