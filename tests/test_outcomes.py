"""What became of every touch, against a loop written from the contract's words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings

from features.events.files import read_events
from features.histories import from_events
from features.outcomes import ANNOYED, FOLLOWED_UP, LANDED, OPEN_END, STOPPED, Outcomes, outcomes
from features.state import ANNOY, LAND
from features.timeline import as_it_happened
from tests.built import micros
from tests.factories import Shape, agency, histories, table
from tests.realdata import real_data

Event = dict[str, Any]


def of(events: pa.Table) -> tuple[Outcomes, int]:
    """The outcomes, and the end of the data."""
    h = from_events(events)
    until = int(h.recorded.max(initial=0))
    return outcomes(h, as_it_happened(h), until), until


@dataclass
class Touch:
    """What the loop says of one touch."""

    exit: int
    why: int
    number: int
    closed: bool


def says(e: Event) -> int:
    """LAND, ANNOY or 0: section 1 of the contract."""
    if e["kind"] in ("meeting", "placement"):
        return LAND
    if e["kind"] in ("opt_out", "complaint"):
        return ANNOY
    if e["kind"] != "reply" or e["sentiment"] == "neutral":
        return 0
    return ANNOY if e["sentiment"] == "negative" else LAND


def thread_of_each(person: list[Event]) -> list[str | None]:
    """The campaign each event is about; one without a campaign may be about the last touched."""
    threads: list[str | None] = []
    for i, e in enumerate(person):
        touched = [j for j in range(i) if person[j]["kind"] == "touch"]
        nameless = e["campaign_id"] is None and e["kind"] != "touch"
        if nameless and None not in threads and touched:
            threads.append(threads[touched[-1]])
        else:
            threads.append(e["campaign_id"])
    return threads


def ends_of(person: list[Event], threads: list[str | None]) -> list[tuple[int, str | None, int]]:
    """`(event, thread, LAND or ANNOY)` for every event that ended a thread with an outcome."""
    ends: list[tuple[int, str | None, int]] = []
    for i, e in enumerate(person):
        if any(person[j]["kind"] in ("opt_out", "complaint") for j in range(i)):
            break
        thread = threads[i]
        touched = [threads[j] for j in range(i) if person[j]["kind"] == "touch"]
        if e["kind"] in ("opt_out", "complaint") and thread not in touched and touched:
            thread = touched[-1]
        if says(e) and thread not in [t for _, t, _ in ends]:
            ends.append((i, thread, says(e)))
    return ends


def follow(person: list[Event], until: int) -> tuple[dict[str, Touch], dict[str, tuple[Any, int]]]:
    """Every touch of one contact, and for every event that ended a thread `(touch, outcome)`."""
    threads = thread_of_each(person)
    ends = ends_of(person, threads)
    stops = [i for i, e in enumerate(person) if e["kind"] in ("opt_out", "complaint")]
    touches: dict[str, Touch] = {}
    for i, e in enumerate(person):
        if e["kind"] != "touch":
            continue
        mine = [
            j for j, t in enumerate(threads) if t == threads[i] and person[j]["kind"] == "touch"
        ]
        after = [(j, FOLLOWED_UP) for j in mine if j > i]
        after += [
            (j, LANDED if what == LAND else ANNOYED)
            for j, t, what in ends
            if t == threads[i] and j > i
        ]
        after += [(j, STOPPED) for j in stops if j > i]
        # An opt-out both annoys its own thread and stops all; annoying is what it did to its own.
        first, why = min(after, default=(-1, OPEN_END), key=lambda a: (a[0], a[1] == STOPPED))
        ended = [j for j, t, _ in ends if t == threads[i]] + stops
        touches[e["event_id"]] = Touch(
            exit=until if first < 0 else person[first]["at"],
            why=why,
            number=mine.index(i) + 1,
            closed=any(j < i for j in ended),
        )
    credited = {}
    for i, t, what in ends:
        before = [j for j in range(i) if person[j]["kind"] == "touch" and threads[j] == t]
        credited[person[i]["event_id"]] = (person[before[-1]]["event_id"] if before else None, what)
    return touches, credited


def assert_as_the_loop_says(events: pa.Table) -> None:
    o, until = of(events)
    ids = events["event_id"].to_pylist()
    rows = [
        row | {"at": int(at), "place": i}
        for i, (row, at) in enumerate(
            zip(events.to_pylist(), micros(events, "occurred_at"), strict=True)
        )
    ]
    rows.sort(key=lambda r: (r["contact_id"], r["at"], r["event_id"]))
    people: dict[str, list[Event]] = {}
    for row in rows:
        people.setdefault(row["contact_id"], []).append(row)
    for person in people.values():
        touches, credited = follow(person, until)
        for e in person:
            i = e["place"]
            touch = Touch(int(o.exit[i]), int(o.why[i]), int(o.number[i]), bool(o.closed[i]))
            assert touch == touches.get(e["event_id"], Touch(0, 0, 0, False)), e
            by = None if o.credited[i] < 0 else ids[o.credited[i]]
            assert (by, int(o.ends[i])) == credited.get(e["event_id"], (None, 0)), e


@pytest.mark.parametrize("seed", range(8))
def test_random_histories_end_as_the_loop_says(seed: int) -> None:
    assert_as_the_loop_says(agency(seed, Shape(contacts=100, tied=0.3)))


@settings(max_examples=150, deadline=None)
@given(histories())
def test_small_histories_end_as_the_loop_says(events: pa.Table) -> None:
    assert_as_the_loop_says(events)


def test_real_histories_end_as_the_loop_says() -> None:
    events = read_events(real_data("loan_calls") / "events.parquet")
    assert_as_the_loop_says(events)


def test_real_histories_have_the_outcomes_their_source_tells_of() -> None:
    o, _ = of(read_events(real_data("loan_calls") / "events.parquet"))
    assert ((o.ends == LAND).sum(), (o.ends == ANNOY).sum()) == (1097, 353)


def day(n: int, kind: str, **more: str) -> Event:
    return {"contact_id": "c", "occurred_at": f"2024-05-{n:02}T09:00:00Z", "kind": kind, **more}


def touch(n: int, campaign: str = "a") -> Event:
    return day(n, "touch", channel="email", campaign_id=campaign)


def why(*events: Event) -> list[int]:
    """Why each event stopped being watched, in the order given; 0 for what is no touch."""
    return [int(w) for w in of(table(list(events)))[0].why]


def test_a_reply_of_unknown_or_good_sentiment_lands_the_last_touch_only() -> None:
    assert why(touch(1), touch(3), day(5, "reply", campaign_id="a")) == [FOLLOWED_UP, LANDED, 0]


def test_not_now_leaves_the_thread_open_and_a_later_reply_lands() -> None:
    later = day(29, "reply", campaign_id="a", sentiment="positive")
    neutral = day(3, "reply", campaign_id="a", sentiment="neutral")
    assert why(touch(1), neutral, later) == [LANDED, 0, 0]


def test_an_automatic_answer_and_a_bounce_are_never_replies() -> None:
    assert why(touch(1), day(2, "auto_reply"), day(3, "bounce")) == [OPEN_END, 0, 0]


def test_an_opt_out_annoys_its_own_thread_and_stops_all_others() -> None:
    opt_out = day(4, "opt_out", campaign_id="a")
    assert why(touch(1, "a"), touch(2, "b"), opt_out) == [ANNOYED, STOPPED, 0]


def test_a_touch_after_an_opt_out_is_closed_on_every_thread() -> None:
    events = [touch(1, "a"), day(2, "complaint", campaign_id="a"), touch(3, "b")]
    assert of(table(events))[0].closed.tolist() == [False, False, True]


def test_a_nameless_answer_is_about_the_thread_touched_last() -> None:
    assert why(touch(1, "a"), touch(2, "b"), day(3, "reply")) == [OPEN_END, LANDED, 0]


def test_a_reply_ninety_days_later_still_lands() -> None:
    late = {**day(1, "reply", campaign_id="a"), "occurred_at": "2024-07-30T09:00:00Z"}
    o, _ = of(table([touch(1), late]))
    assert o.why.tolist() == [LANDED, 0]
    assert o.exit[0] == np.datetime64("2024-07-30T09:00:00", "us").astype(np.int64)


def test_no_events_have_no_outcomes() -> None:
    assert len(of(table([]))[0].exit) == 0
