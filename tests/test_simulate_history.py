"""A simulated year: reproducible, valid, and honest about who knew what when."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from features.errors import BadSetting
from features.events.contacts import validate_contacts
from features.events.schema import EVENTS
from features.events.validate import validate_events
from features.moments import microseconds
from training.simulate.history import DAYS, START, lived, simulate
from training.simulate.population import populate
from training.simulate.records import DAY, EMAIL
from training.simulate.recruiters import follow
from training.simulate.worlds import AGENCY, WORLDS

CONTACTS = 3000


@pytest.fixture(scope="module")
def year() -> tuple[pa.Table, pa.Table]:
    return simulate(CONTACTS, 1)


@pytest.fixture(scope="module")
def events(year: tuple[pa.Table, pa.Table]) -> pd.DataFrame:
    frame: pd.DataFrame = year[0].to_pandas()
    return frame


def test_the_same_seed_gives_the_same_tables(year: tuple[pa.Table, pa.Table]) -> None:
    again = simulate(CONTACTS, 1)
    assert again[0].equals(year[0])
    assert again[1].equals(year[1])


def test_another_seed_gives_another_agency(year: tuple[pa.Table, pa.Table]) -> None:
    other = simulate(CONTACTS, 2)
    assert not other[0].column("occurred_at").equals(year[0].column("occurred_at"))
    assert not other[1].equals(year[1])


def test_the_size_of_the_buffer_changes_nothing() -> None:
    def rows(buffer: int) -> np.ndarray:
        population = populate(AGENCY, 500, 3, START, 100.0)
        follow(population.threads, 3.0, 5)
        sequences = np.full((1, 1), EMAIL)
        return lived(population, microseconds(START) + DAYS * DAY, buffer, sequences)

    assert rows(10).tobytes() == rows(1 << 16).tobytes()


def test_events_have_the_canonical_columns(year: tuple[pa.Table, pa.Table]) -> None:
    table = year[0]
    assert table.column_names == EVENTS.names
    for name in EVENTS.names:
        found, plain = table.schema.field(name).type, EVENTS.field(name).type
        encoded = plain == pa.string() and name != "event_id"
        assert found == (pa.dictionary(pa.int32(), pa.string()) if encoded else plain)


@pytest.mark.parametrize("world", WORLDS)
def test_every_world_passes_validation_unchanged(world: str) -> None:
    events, contacts = simulate(200, 5, world)
    assert len(validate_events(events, world)) == len(events)
    assert len(validate_contacts(contacts, world)) == 200


def test_event_ids_are_unique(events: pd.DataFrame) -> None:
    assert events["event_id"].is_unique


def test_nothing_is_recorded_before_it_happens(events: pd.DataFrame) -> None:
    assert (events["recorded_at"] >= events["occurred_at"]).all()


def test_some_events_are_recorded_late_and_none_after_the_year(events: pd.DataFrame) -> None:
    delay = events["recorded_at"] - events["occurred_at"]
    calls = events["channel"] == "phone"
    assert 0.2 < (delay[calls] > pd.Timedelta(hours=1)).mean() < 0.4
    assert delay.max() < pd.Timedelta(days=8)
    assert events["recorded_at"].max() <= START + pd.Timedelta(days=DAYS)


def test_nobody_is_touched_once_their_stop_is_recorded(events: pd.DataFrame) -> None:
    stops = events[events["kind"].isin(["opt_out", "complaint"])]
    known = stops.groupby("contact_id", observed=True)["recorded_at"].min()
    touches = events[events["kind"] == "touch"]
    stopped = touches["contact_id"].astype(str).map(known)
    assert stopped.notna().sum() > 100
    assert not (touches["occurred_at"] >= stopped).any()


def test_nothing_is_answered_after_a_stop(events: pd.DataFrame) -> None:
    stops = events[events["kind"].isin(["opt_out", "complaint"])]
    assert stops["contact_id"].is_unique
    stopped = stops.assign(contact=stops["contact_id"].astype(str)).set_index("contact")
    replies = events[events["kind"] == "reply"]
    at = replies["contact_id"].astype(str).map(stopped["occurred_at"])
    assert not (replies["occurred_at"] > at).any()


def test_a_thread_ends_at_most_once(events: pd.DataFrame) -> None:
    ended = events["kind"].eq("reply") & ~events["sentiment"].eq("neutral")
    threads = events[ended].groupby(["contact_id", "campaign_id"], observed=True).size()
    assert threads.max() == 1


def test_twenty_thousand_contacts_would_get_about_ninety_thousand_touches(
    events: pd.DataFrame,
) -> None:
    assert 4.0 < (events["kind"] == "touch").sum() / CONTACTS < 5.2


def test_some_contacts_are_worked_on_by_several_recruiters_at_once(events: pd.DataFrame) -> None:
    touches = events[events["kind"] == "touch"]
    threads = touches.groupby(["contact_id", "campaign_id"], observed=True)["occurred_at"]
    spans = threads.agg(["min", "max"]).reset_index().sort_values(["contact_id", "min"])
    before = spans.groupby("contact_id", observed=True)["max"].shift()
    assert (spans["min"] < before).sum() > CONTACTS * 0.01


def test_recruiters_push_harder_on_who_looks_promising(events: pd.DataFrame) -> None:
    touches = events[events["kind"] == "touch"]
    threads = touches.groupby(["contact_id", "campaign_id"], observed=True)["relevance"]
    count, relevance = threads.size(), threads.first()
    assert relevance[count >= 7].mean() > relevance[count <= 2].mean() + 0.03


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((0, 1), "0 contacts"),
        ((10_000_000, 1), "10000000 contacts are too many"),
        ((10, -1), "seed -1"),
        ((10, 1, "atlantis"), "no world 'atlantis'; choose one of agency"),
        ((10, 1, "agency", datetime(2024, 1, 1)), "no UTC offset"),  # noqa: DTZ001
    ],
)
def test_what_cannot_be_simulated_is_refused_in_a_sentence(
    arguments: tuple[object, ...], says: str
) -> None:
    with pytest.raises(BadSetting, match=says):
        simulate(*arguments)  # type: ignore[arg-type]
