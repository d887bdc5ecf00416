"""Two models compared on nudges that were drawn for, as the gate does it."""

from __future__ import annotations

import dataclasses
from contextlib import closing
from datetime import timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import training.on_record
from features.events.validate import encode
from features.moments import microseconds
from features.store.database import Database
from features.store.decisions import Recorded, add, wished
from features.store.events import append
from models.decide import Decider
from models.decision import ModelRef
from models.model import Model
from serving.answers import to_json
from tests.factories import START, table
from tests.stored import TENANT, rows_of
from training.gate import _does_as_well
from training.offpolicy.log import occasions
from training.offpolicy.played import Played, at_random, play
from training.on_record import OnRecord, on_record, requests
from training.stored import _log

PEOPLE = 240


@pytest.fixture(scope="module")
def played() -> Played:
    """A plain cadence, a fifth of whose nudges were held."""
    return play("fatigue", 500, 3, 80, at_random(0.2, 3))


@pytest.fixture(scope="module")
def eager(small_model: Model) -> Model:
    """Blind to annoyance and to the hour, and hopeful: it nudges where the cadence did."""
    land, annoy = small_model.land, small_model.annoy
    deaf = dataclasses.replace(annoy, coefficients=annoy.coefficients - 8.0, forests=())
    more = np.zeros(land.coefficients.shape[1])
    more[0] = 1.5
    hopeful = dataclasses.replace(land, coefficients=land.coefficients + more, forests=())
    return dataclasses.replace(small_model, land=hopeful, annoy=deaf)


def answering() -> Played:
    """People who answer the second touch, and only those who get it; half of them do not."""
    events: list[dict[str, Any]] = []
    log: list[dict[str, Any]] = []
    at = START + timedelta(days=5)

    def event(person: str, kind: str, days: float, **more: Any) -> None:
        moment = START + timedelta(days=days)
        events.append(
            {"event_id": f"{person}-{kind}-{days}", "contact_id": person, "occurred_at": moment,
             "kind": kind, **more}
        )  # fmt: skip

    for i in range(PEOPLE):
        person, held = f"p{i:03d}", i % 2 == 0
        event(person, "touch", 0.0, channel="email")
        if not held:
            event(person, "touch", 5.1, channel="email")
            if i % 4 == 1:
                event(person, "reply", 6.0, sentiment="positive")
        log.append(
            {"contact_id": person, "campaign_id": None, "touch_number": 2, "at": at,
             "hint": "wait" if held else "nudge", "held": held, "propensity": 0.5, "score": 0.1}
        )  # fmt: skip
    event("later", "touch", 60.0, channel="email")
    columns = {"campaign_id": pa.string(), "at": pa.timestamp("us", tz="UTC")}
    found = pa.Table.from_pylist(log)
    for name, kind in columns.items():
        found = found.set_column(found.column_names.index(name), name, found[name].cast(kind))
    return Played(found, table(events))


def test_a_model_against_itself_is_worth_the_same(eager: Model, played: Played) -> None:
    found = on_record(eager, eager, played.log, played.events, None, 0)
    assert found is not None
    assert (found.low, found.high) == (0.0, 0.0)
    assert found.candidate == found.champion
    assert 0.0 < found.candidate_nudges < 1.0
    assert found.held == pytest.approx(0.2 * found.occasions, rel=0.25)


def test_who_holds_where_a_touch_lands_is_worth_less(
    small_model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nudging everywhere is worth a landing for every second person; holding nothing."""
    holds = dataclasses.replace(small_model)
    monkeypatch.setattr(
        training.on_record, "_nudges",
        lambda model, asked: np.full(len(asked), 0.0 if model is holds else 1.0),
    )  # fmt: skip
    log, events = answering().log, answering().events
    found = on_record(holds, small_model, log, events, None, 0)
    assert found is not None
    assert (found.candidate, found.champion) == pytest.approx((0.0, 0.49), abs=0.02)
    assert found.high < -0.3
    (check,) = _does_as_well(found)
    assert not check.passed
    assert "it would nudge 0% and the champion 100%" in check.text
    assert _does_as_well(on_record(small_model, holds, log, events, None, 0))[0].passed


@pytest.mark.parametrize("since_days", [5.5, 400.0])
def test_occasions_that_a_model_learned_from_do_not_count(
    small_model: Model, since_days: float
) -> None:
    found = answering()
    since = microseconds(START + timedelta(days=since_days))
    assert on_record(small_model, small_model, found.log, found.events, None, since) is None
    assert _does_as_well(None) == ()


def test_each_occasion_is_asked_about_as_it_was(played: Played) -> None:
    drawn = occasions(played.log)
    asked = requests(drawn, played.events, None)
    assert len(asked) == len(drawn)
    for request, at in list(zip(asked, drawn.at, strict=True))[::50]:
        assert microseconds(request.at) == at
        contacts = set(request.history["contact_id"].cast(pa.string()).to_pylist())
        assert contacts <= {request.contact_id}
        assert all(microseconds(t) <= at for t in request.history["recorded_at"].to_pylist())


def test_nudges_in_the_store_are_such_a_log(
    database: Database, eager: Model, played: Played
) -> None:
    """What the service keeps reads as what a batch keeps."""
    drawn = occasions(played.log).take(np.arange(150))
    asked = requests(drawn, played.events, None)
    decided = Decider(eager, ModelRef("fineline", "1")).decide(asked)
    append(database, TENANT, rows_of(played.events), 1)
    rows = [
        Recorded(
            d.decision_id, d.contact_id, f":{d.campaign_id}", 1, 1, True, microseconds(d.at),
            microseconds(d.at), "fineline", "1", d.campaign_id, d.hint, d.touch_number, False,
            0.95, "{}", b"", to_json(d).decode(),
        )
        for d in decided
    ]  # fmt: skip
    database.write(lambda c: add(c, TENANT, rows))
    with closing(database), database.reading() as connection:
        log = _log(wished(connection, TENANT))
    nudged = sorted((d for d in decided if d.hint == "nudge"), key=lambda d: d.at)
    assert len(log) == len(nudged) > 0
    assert sorted(log["score"].to_pylist()) == sorted(d.score for d in nudged)
    again = occasions(log)
    assert again.numbers().shape[0] == len(again)
    assert set(encode(played.events)["contact_id"].cast(pa.string()).to_pylist()) >= set(
        again.contacts
    )


def test_a_gate_without_a_record_says_nothing_of_it() -> None:
    even = OnRecord(100, 50, 0.1, 0.1, -0.02, 0.02, 0.5, 0.5)
    assert _does_as_well(even)[0].passed
