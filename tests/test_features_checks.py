"""Every registered column passes every check."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from functools import cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest

from features.catalog import COLUMNS, CONTACT_COLUMNS, Column
from tests.built import NAMES, PLACE, Built, built, different, micros, of_contact
from tests.factories import NAMED, NAMELESS, Shape, agency, contacts_of, table

every_column = pytest.mark.parametrize("column", COLUMNS, ids=NAMES)
every_contact_column = pytest.mark.parametrize(
    "column", CONTACT_COLUMNS, ids=[c.name for c in CONTACT_COLUMNS]
)
CROWD = Shape(contacts=1000, longest=10)
LOGGED_LATE = replace(NAMELESS, contacts=150, longest=20, late=0.6)


@cache
def world() -> pa.Table:
    return agency(1, Shape(contacts=150))


@cache
def crowd() -> tuple[pa.Table, pa.Table, Built]:
    events = agency(2, CROWD)
    contacts = contacts_of(events)
    return events, contacts, built(events, contacts)


def test_there_are_at_least_forty_features_and_every_column_has_its_own_name() -> None:
    assert len({c.feature.name for c in COLUMNS}) >= 40
    assert len(set(NAMES)) == len(NAMES)


@every_column
def test_is_documented_with_a_sentence_a_unit_and_what_missing_means(column: Column) -> None:
    f = column.feature
    assert re.fullmatch(r"[A-Z0-9].+[.)]", column.text)
    assert f.unit
    assert f.missing == "never" or re.match(r"NaN|-?\d+ |the prior \d", f.missing)


@every_column
def test_has_words_that_complete_a_reason(column: Column) -> None:
    fields = {name for _, name, _, _ in string.Formatter().parse(column.feature.words) if name}
    assert fields <= {"value", "count", "yes", "no", "weekday", "who"}
    assert fields & {"value", "count", "yes", "weekday"}
    assert ("yes" in fields) == ("no" in fields)
    assert ("who" in fields) == bool(column.who)


@every_column
def test_says_what_missing_says_when_nothing_has_happened(column: Column) -> None:
    assert first_touch()[PLACE[column.name]] == pytest.approx(
        documented_missing(column), rel=1e-6, nan_ok=True
    )


@cache
def first_touch() -> npt.NDArray[np.float32]:
    """The row of the only touch there is."""
    lone = {"contact_id": "c", "occurred_at": "2024-05-06T07:00:00Z", "kind": "touch"}
    return built(table([{**lone, "channel": "other"}])).x.ravel()


def documented_missing(column: Column) -> float:
    """NaN or the number that `missing` names; for a column never missing, nothing is 0."""
    turn = 2 * np.pi * ((date(2024, 5, 6) - date(1970, 1, 1)).days + 7 / 24) / 365.2425
    by_moment = {
        "local_hour": 7.0,
        "local_weekday": 7 / 24,
        "thread_same_actor": 1.0,
        "year_cos": np.cos(turn),
        "year_sin": np.sin(turn),
    }
    missing = column.feature.missing
    if missing.startswith("NaN"):
        return float("nan")
    number = re.match(r"(?:the prior )?(-?[\d.]+) ", missing)
    return float(number[1]) if number else by_moment.get(column.name, 0.0)


@every_column
def test_is_finite_or_missing_exactly_where_documented(column: Column) -> None:
    events, _, b = crowd()
    values = b.column(column.name)
    assert not np.isinf(values).any()
    if column.feature.missing.startswith("NaN"):
        given = dict(zip(events["event_id"].to_pylist(), events[column.name], strict=True))
        assert np.array_equal(np.isnan(values), [not given[e].is_valid for e in b.ids])
    else:
        assert not np.isnan(values).any()


@every_column
def test_is_blind_to_what_was_recorded_at_its_moment_or_later(column: Column) -> None:
    assert column.name not in changed_by_the_future()


@cache
def changed_by_the_future() -> set[str]:
    """Columns that differ between the whole record and what was recorded before a touch."""
    events = world()
    contacts, occurred, recorded = (
        contacts_of(events),
        micros(events, "occurred_at"),
        micros(events, "recorded_at"),
    )
    whole, ids = built(events, contacts), events["event_id"].to_pylist()
    touches = np.flatnonzero(np.array(events["kind"].to_pylist()) == "touch")
    changed: set[str] = set()
    for i in np.random.default_rng(3).choice(touches, 150, replace=False):
        before = np.union1d(np.flatnonzero(recorded < occurred[i]), [i])
        then = built(events.take(pa.array(before)), contacts)
        changed.update(different(whole.of([ids[i]]), then.of([ids[i]])))
    return changed


@every_contact_column
def test_of_a_contact_alone_equals_that_among_a_thousand(column: Column) -> None:
    assert column.name not in changed_by_company()


@cache
def changed_by_company() -> set[str]:
    events, contacts, whole = crowd()
    n = len(CONTACT_COLUMNS)
    changed: set[str] = set()
    for i in np.random.default_rng(4).choice(CROWD.contacts, 80, replace=False):
        alone = built(of_contact(events, f"contact-{i}"), contacts)
        changed.update(different(alone.x[:, :n], whole.of(alone.ids)[:, :n]))
    return changed


@every_column
def test_is_the_same_beside_another_organisation_unless_it_is_about_the_organisation(
    column: Column,
) -> None:
    of_all = column.who == "the organisation" or column.name.endswith("_excess")
    assert (column.name in changed_by_another_organisation()) == of_all


@cache
def changed_by_another_organisation() -> set[str]:
    events = world()
    shape = Shape(contacts=150, actors=("b-1", "b-2"), accounts=("b-3",), prefix="b-")
    alone, both = built(events), built(pa.concat_tables([agency(5, shape), events]))
    return set(different(alone.x, both.of(alone.ids)))


@every_column
def test_does_not_depend_on_the_order_of_rows(column: Column) -> None:
    assert column.name not in changed_by_order()


@cache
def changed_by_order() -> set[str]:
    """Columns that change when rows are shuffled; the events have ties of every sort."""
    changed: set[str] = set()
    for seed in range(6):
        events = agency(seed, Shape(contacts=60, tied=0.5, late=0.4))
        rows = np.random.default_rng(seed).permutation(len(events))
        contacts = contacts_of(events)
        changed.update(different(built(events, contacts).x, built(events.take(rows), contacts).x))
    return changed


@every_contact_column
def test_one_more_touch_moves_it_only_as_declared(column: Column) -> None:
    lowest, highest = moved_by_one_more_touch()
    low, high = lowest[PLACE[column.name]], highest[PLACE[column.name]]
    moves = {"up": (False, True), "down": (True, False), "same": (False, False)}
    assert (low < 0, high > 0) == moves.get(column.feature.under_touch, (True, True))


@cache
def moved_by_one_more_touch() -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """The furthest down and up that one earlier touch moved each column of a last touch.

    Every answer here is about the same thread with and without the touch: the rule that a
    nameless answer is about the thread touched last is not what is tested. Differences of a few
    units in the last place of a float32 are the rounding of decayed sums.
    """
    moved = []
    for before, after in with_one_more_touch():
        scale = np.maximum(np.abs(before), 1)
        change = (after.astype(np.float64) - before) / scale
        moved.append(np.where(np.abs(change) < 5e-7, 0, change))
    every = np.nan_to_num(np.concatenate(moved))
    return every.min(axis=0), every.max(axis=0)


def with_one_more_touch() -> Iterator[tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]]:
    """Rows of the last touch of many contacts, before and after a touch is put into their past."""
    n = len(CONTACT_COLUMNS)
    for seed in range(16):
        events = agency(seed, (NAMED, NAMELESS, LOGGED_LATE)[seed % 3])
        last = last_touches(events)
        more = built(pa.concat_tables([events, extra_touches(events, last, seed)]))
        yield built(events).of(last)[:, :n], more.of(last)[:, :n]


def last_touches(events: pa.Table) -> list[str]:
    """The id of each contact's last touch."""
    touches = [r for r in events.to_pylist() if r["kind"] == "touch"]
    touches.sort(key=lambda r: (r["occurred_at"], r["event_id"]))
    return sorted({r["contact_id"]: r["event_id"] for r in touches}.values())


def extra_touches(events: pa.Table, last: list[str], seed: int) -> pa.Table:
    """One touch for each contact, somewhere before their last one; a third are learned of late."""
    rng = np.random.default_rng([seed, 6])
    by_id = {r["event_id"]: r for r in events.to_pylist()}
    rows = []
    for i, of in enumerate(by_id[e] for e in last):
        ago = timedelta(hours=float(rng.choice([0.2, 3, 30, 200, 2000]) * rng.uniform(0.1, 1)))
        late = ago * (rng.uniform(0, 0.99) if rng.random() < 1 / 3 else 0)
        elsewhere = of["campaign_id"] and f"role-{'abcd'[rng.integers(4)]}"
        row = {
            "event_id": f"extra-{i}",
            "contact_id": of["contact_id"],
            "kind": "touch",
            "channel": str(rng.choice(["email", "phone", "sms", "linkedin"])),
            "occurred_at": (of["occurred_at"] - ago).isoformat(),
            "recorded_at": (of["occurred_at"] - ago + late).isoformat(),
            "campaign_id": of["campaign_id"] if rng.random() < 0.6 else elsewhere,
            "actor_id": [None, "actor-1", "actor-2"][rng.integers(3)],
        }
        rows.append({k: v for k, v in row.items() if v is not None})
    return table(rows)
