"""Late, shuffled and agreed-ahead recordings: a row holds what was recorded before its touch."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.catalog import CONTACT_COLUMNS
from features.events.schema import EVENTS, TIMESTAMP
from tests.built import NAMES, PLACE, built, different, micros
from tests.factories import NAMED, START, Row, Shape, agency, histories, table

#: What depends on the order in which things were learned of, as docs/features.md says.
BY_ARRIVAL = {
    "thread_channel_switch",  # only where the last two touches share a moment
    "thread_shortest_gap",
    "thread_longest_gap",
    "thread_handovers",
    "thread_same_actor",
    "person_sender_changes",
    "person_silence",
    "person_answer_lag",
    "person_lands",  # only where a thread ends twice, in different ways
    "person_annoys",
    "person_land_rate",
}


@settings(max_examples=60, deadline=None)
@given(histories())
def test_a_row_equals_a_rebuild_from_what_was_recorded_before_it(events: pa.Table) -> None:
    occurred, recorded = micros(events, "occurred_at"), micros(events, "recorded_at")
    whole, ids = built(events), events["event_id"].to_pylist()
    for i in np.flatnonzero(np.array(events["kind"].to_pylist()) == "touch"):
        before = np.union1d(np.flatnonzero(recorded < occurred[i]), [i])
        then = built(events.take(pa.array(before)))
        assert different(whole.of([ids[i]]), then.of([ids[i]])) == []


@settings(max_examples=60, deadline=None)
@given(histories(), st.randoms(use_true_random=False))
def test_the_order_in_which_rows_arrive_changes_nothing(
    events: pa.Table, random: np.random.Generator
) -> None:
    rows = list(range(len(events)))
    random.shuffle(rows)
    assert different(built(events).x, built(events.take(pa.array(rows))).x) == []


def test_once_all_is_known_only_what_is_about_order_depends_on_when_it_was_recorded() -> None:
    late = agency(21, Shape(contacts=300, late=0.5, tied=0.3, campaigns=NAMED.campaigns))
    probed = [built(pa.concat_tables([t, probes(late)])) for t in (late, recorded_in_time(late))]
    ids = [e for e in probed[0].ids if e.startswith("probe")]
    n = len(CONTACT_COLUMNS)
    a, b = (p.of(ids)[:, :n].astype(np.float64) for p in probed)
    far = ~np.isclose(a, b, rtol=1e-6, atol=1e-6, equal_nan=True)
    changed = {NAMES[i] for i in np.flatnonzero(far.any(axis=0))}
    assert changed == BY_ARRIVAL


def recorded_in_time(events: pa.Table) -> pa.Table:
    """The same events, each recorded the moment it occurred; what was agreed ahead stays so."""
    recorded = np.minimum(micros(events, "recorded_at"), micros(events, "occurred_at"))
    place = EVENTS.get_field_index("recorded_at")
    return events.set_column(place, EVENTS.field(place), pa.array(recorded).cast(TIMESTAMP))


def probes(events: pa.Table) -> pa.Table:
    """A touch of every contact, after everything was recorded."""
    ids = sorted(set(events["contact_id"].to_pylist()))
    at = (START + timedelta(days=900)).isoformat()
    more = {"kind": "touch", "channel": "email", "occurred_at": at, "campaign_id": "role-a"}
    more |= {"actor_id": "actor-1"}
    return table([{"event_id": f"probe-{c}", "contact_id": c, **more} for c in ids])


def touch(at: str, event_id: str = "", **more: str) -> Row:
    event = {"contact_id": "c", "kind": "touch", "channel": "email", "occurred_at": at, **more}
    return event | ({"event_id": event_id} if event_id else {})


def last_row(*events: Row) -> dict[str, float]:
    """The row of the touch called "now"."""
    row = built(table(list(events))).of(["now"])[0]
    return {name: float(row[i]) for name, i in PLACE.items()}


def test_a_call_entered_late_has_the_time_at_which_it_was_made() -> None:
    call = touch("2024-05-01T09:00:00Z", recorded_at="2024-05-03T09:00:00Z")
    row = last_row(call, touch("2024-05-05T09:00:00Z", "now"))
    assert row["thread_days_since_touch"] == 4
    assert row["thread_pressure_2d"] == pytest.approx(0.25)


def test_a_call_entered_after_the_moment_is_not_yet_known() -> None:
    call = touch("2024-05-01T09:00:00Z", recorded_at="2024-05-05T09:00:00Z")
    assert last_row(call, touch("2024-05-05T09:00:00Z", "now"))["thread_touches"] == 0


def test_a_meeting_agreed_ahead_is_an_answer_from_the_moment_it_was_agreed() -> None:
    agreed = {"recorded_at": "2024-05-02T09:00:00Z", "occurred_at": "2024-05-20T09:00:00Z"}
    meeting = {"contact_id": "c", "kind": "meeting", **agreed}
    row = last_row(touch("2024-05-01T09:00:00Z"), meeting, touch("2024-05-04T09:00:00Z", "now"))
    assert (row["person_lands"], row["person_days_since_answer"]) == (1, 2)


def test_touches_of_one_moment_do_not_see_each_other() -> None:
    twin = touch("2024-05-01T09:00:00Z", "a")
    assert last_row(twin, touch("2024-05-01T09:00:00Z", "now"))["person_touches"] == 0


def test_a_nightly_synchronisation_is_taken_in_the_order_in_which_things_occurred() -> None:
    night = {"recorded_at": "2024-05-03T00:00:00Z"}
    day = [
        touch("2024-05-02T15:00:00Z", "a", actor_id="x", **night),
        touch("2024-05-02T09:00:00Z", "b", actor_id="y", **night),
        touch("2024-05-02T12:00:00Z", "c", actor_id="y", **night),
    ]
    row = last_row(*day, touch("2024-05-04T09:00:00Z", "now", actor_id="x"))
    assert (row["thread_handovers"], row["thread_same_actor"]) == (1, 1)
    assert row["thread_last_gap"] == pytest.approx(3 / 24)


def test_a_late_touch_splits_the_last_gap() -> None:
    late = touch("2024-05-04T09:00:00Z", recorded_at="2024-05-09T09:00:00Z")
    row = last_row(
        touch("2024-05-01T09:00:00Z"),
        touch("2024-05-06T09:00:00Z"),
        late,
        touch("2024-05-10T09:00:00Z", "now"),
    )
    assert (row["thread_last_gap"], row["thread_shortest_gap"]) == (2, 2)


def test_what_a_late_touch_changes_about_threads_is_not_known_before_it_is_recorded() -> None:
    answer = {"contact_id": "c", "kind": "reply", "sentiment": "neutral"}
    row = last_row(
        touch("2024-05-01T09:00:00Z", campaign_id="a"),
        touch("2024-05-02T09:00:00Z", campaign_id="b", recorded_at="2024-05-20T09:00:00Z"),
        {**answer, "occurred_at": "2024-05-03T09:00:00Z"},
        touch("2024-05-04T09:00:00Z", "now", campaign_id="a"),
    )
    assert row["thread_not_now"] == 1
