"""The randomised hold: drawn once a touch, kept for a week, logged, and never against a rule."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from fastapi.testclient import TestClient

from features.errors import BadInput
from features.events.parquet_format import write_parquet
from models.decide import Decider
from models.decision import Decision, Request, Utility
from models.hold import CERTAIN, HELD_BACK, HOLD, Draw, Hold
from models.settings import Settings
from serving.answers import to_table
from serving.app import create_app
from serving.batch import decided
from serving.record import Record
from serving.settings import ServiceSettings
from tests.api import asked, post
from tests.factories import table

AT = datetime(2024, 7, 10, 14, 0, tzinfo=UTC)
KEY = b"a secret"
#: So generous that every thread nothing forbids is a nudge.
EAGER = Utility(100.0, 0.0, 0.0)
DAY = timedelta(days=1)


def request(number: int, at: datetime = AT, touches: int = 1, **more: object) -> Request:
    """A thread touched `touches` times, the last time two weeks before AT."""
    rows = [
        {
            "contact_id": "c", "kind": "touch", "channel": "email", "campaign_id": "role",
            "occurred_at": (AT - timedelta(days=14 + 7 * k)).isoformat(),
        }
        for k in range(touches)
    ]  # fmt: skip
    place = {"timezone": "America/New_York", "country": "US"}
    given = {"campaign_id": "role", "utility": EAGER, **place, **more}
    return Request(f"c{number}", at, table(rows), **given)  # type: ignore[arg-type]


def on_record(requests: Sequence[Request]) -> list[Request]:
    return [dataclasses.replace(r, hinted_since=r.at) for r in requests]


@pytest.fixture
def holding(decider: Decider) -> Decider:
    return Decider(decider.model, decider.ref, hold=Hold(0.3, KEY))


def without_draw(d: Decision) -> Decision:
    return dataclasses.replace(
        d, hint="", nudge_at=None, valid_until=AT, plan=None, rules=(), held=False, propensity=0.0,
        decision_id="", advice="", changes=(),
    )  # type: ignore[arg-type]  # fmt: skip


def test_a_share_of_nudges_waits_a_week_and_says_so(decider: Decider, holding: Decider) -> None:
    requests = on_record([request(i) for i in range(300)])
    plain, found = decider.decide(requests), holding.decide(requests)
    assert {d.hint for d in plain} == {"nudge"}
    assert {(d.propensity, d.held) for d in plain} == {(1.0, False)}
    held = [d for d in found if d.held]
    assert 0.2 < len(held) / len(found) < 0.4
    for d in held:
        assert (d.hint, d.propensity, d.nudge_at) == ("wait", 0.3, AT + HOLD)
        assert d.rules == (HELD_BACK,)
        assert d.plan.stop_after is not None
        assert d.plan.stop_after >= AT + HOLD
    for d in found:
        if not d.held:
            assert (d.hint, d.propensity) == ("nudge", pytest.approx(0.7))
    assert [without_draw(d) for d in found] == [without_draw(d) for d in plain]


def test_without_a_record_nothing_is_held(decider: Decider, holding: Decider) -> None:
    requests = [request(i) for i in range(50)]
    assert holding.decide(requests) == decider.decide(requests)


def test_what_is_held_stays_held_for_the_week_and_no_longer(holding: Decider) -> None:
    first = holding.decide(on_record([request(i) for i in range(60)]))
    for days in (1, 5, 6):
        later = holding.decide([request(i, AT + days * DAY, hinted_since=AT) for i in range(60)])
        assert [d.held for d in later] == [d.held for d in first]
        assert {d.nudge_at for d in later if d.held} == {AT + HOLD}
        assert {d.hint for d in later if not d.held} == {"nudge"}
    over = holding.decide([request(i, AT + HOLD, hinted_since=AT) for i in range(60)])
    assert {(d.hint, d.propensity) for d in over} == {("nudge", 1.0)}


def test_every_touch_of_a_thread_is_drawn_anew(holding: Decider) -> None:
    draws = [
        [d.held for d in holding.decide(on_record([request(i, touches=k) for i in range(100)]))]
        for k in (1, 2)
    ]
    both = np.mean(np.logical_and(*draws))
    assert draws[0] != draws[1]
    assert both < 0.2
    assert holding.decide([request(0, touches=2)])[0].touch_number == 3


def test_draws_are_even_independent_and_the_keys_own() -> None:
    contacts = [f"c{i}" for i in range(20_000)]
    one = np.array([Hold(0.05, KEY).uniform(c, "role", 1) for c in contacts])
    assert np.quantile(one, [0.05, 0.5, 0.95]) == pytest.approx([0.05, 0.5, 0.95], abs=0.01)
    for other in (
        [Hold(0.05, KEY).uniform(c, "role", 2) for c in contacts],
        [Hold(0.05, KEY).uniform(c, None, 1) for c in contacts],
        [Hold(0.05, b"").uniform(c, "role", 1) for c in contacts],
    ):
        assert abs(np.corrcoef(one, other)[0, 1]) < 0.03


def test_a_hold_ends_at_an_allowed_moment_and_never_turns_into_never() -> None:
    everybody, r = Hold(1.0, KEY), request(0, hinted_since=AT)
    monday = AT + timedelta(days=12)
    assert everybody.draw(r, "role", 2, lambda _: monday) == Draw(1.0, monday)
    assert everybody.draw(r, "role", 2, lambda _: None) == CERTAIN


def test_the_rules_of_the_later_moment_hold(decider: Decider) -> None:
    everybody = Decider(decider.model, decider.ref, hold=Hold(1.0, KEY))
    at = datetime(2024, 6, 27, 14, 0, tzinfo=UTC)  # a week before the Fourth of July
    [d] = everybody.decide(on_record([request(0, at, touches=0)]))
    assert d.held
    assert d.nudge_at is not None
    assert datetime(2024, 7, 5, tzinfo=UTC) <= d.nudge_at < datetime(2024, 7, 6, tzinfo=UTC)


def test_what_is_no_nudge_is_not_drawn(decider: Decider) -> None:
    everybody = Decider(decider.model, decider.ref, hold=Hold(1.0, KEY))
    night = datetime(2024, 7, 10, 3, 0, tzinfo=UTC)
    wait, stop = everybody.decide(
        on_record([request(0, night, touches=0), request(1, utility=Utility(0.0, 9.0, 1.0))])
    )
    for d, hint in ((wait, "wait"), (stop, "stop")):
        assert (d.hint, d.held, d.propensity) == (hint, False, 1.0)
        assert HELD_BACK not in d.rules


def test_only_nudges_are_looked_up_on_record(holding: Decider) -> None:
    night = AT.replace(hour=3)
    requests = [request(i, AT if i % 2 else night) for i in range(40)]
    since = dict.fromkeys(range(10), AT - 2 * DAY)

    asked = []

    class Looked(dict[Any, datetime]):
        def get(self, occasion: Any, default: Any = None) -> Any:
            contact_id, campaign_id, touch_number = occasion
            assert (campaign_id, touch_number) == ("role", 2)
            asked.append(int(contact_id[1:]))
            return since.get(asked[-1], default)

    found = holding.recording(Looked()).decide(requests)
    assert asked == list(range(1, 40, 2))
    again = [dataclasses.replace(requests[i], hinted_since=since.get(i, AT)) for i in asked]
    assert holding.decide(again) == [found[i] for i in asked]
    for i, d in enumerate(found):
        if d.held:
            assert d.nudge_at == since.get(i, AT) + HOLD
    assert any(d.held for d in found[:10])
    assert any(d.held for d in found[10:])
    assert {d.hint for d in found[::2]} == {"wait"}


def test_a_deployment_switches_it_by_its_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Hold.of(Settings()) == Hold(0.05, b"")
    monkeypatch.setenv("FINELINE_HOLD_KEY", "sesame")
    monkeypatch.setenv("FINELINE_HOLD_SHARE", "0.1")
    assert Hold.of(Settings()) == Hold(0.1, b"sesame")
    assert "sesame" not in repr((Settings(), Hold.of(Settings())))
    monkeypatch.setenv("FINELINE_HOLD_SHARE", "0")
    assert Hold.of(Settings()) is None


def test_over_http_only_a_caller_with_a_record_is_held(decider: Decider) -> None:
    everybody = Decider(decider.model, decider.ref, hold=Hold(1.0, KEY))
    body = asked(utility={"land": 100.0, "annoy": 0.0, "touch": 0.0}, at="2026-11-24T10:15:00Z")
    with TestClient(create_app(ServiceSettings(), lambda: everybody)) as client:
        plain = post(client, body).json()
        held = post(client, body | {"hinted_since": "2026-11-23T10:15:00+01:00"}).json()
        refused = post(client, body | {"hinted_since": "2026-11-25T10:15:00Z"})
    assert (plain["hint"], plain["held"], plain["propensity"]) == ("nudge", False, 1.0)
    assert (held["hint"], held["held"], held["propensity"]) == ("wait", True, 1.0)
    assert held["nudge_at"] == "2026-11-30T09:15:00Z"
    assert held["score"] == plain["score"] > 0
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == "hinted_since"


def test_a_batch_that_keeps_a_record_goes_on_with_its_holds(
    holding: Decider, tmp_path: Path
) -> None:
    def run(at: datetime) -> list[Decision]:
        record = Record(tmp_path / "record", at)
        found = decided(holding, [request(i, at) for i in range(60)], record)
        record.keep(to_table(found))
        return found

    days = [run(AT + k * DAY) for k in (0, 1, 6, 7)]
    held = {d.contact_id for d in days[0] if d.held}
    assert held
    for found in days[:3]:
        assert {d.contact_id for d in found if d.held} == held
        assert {d.nudge_at for d in found if d.held} == {AT + HOLD}
    assert {d.hint for d in days[3]} == {"nudge"}
    # The same moment again: what later runs kept changes nothing.
    assert run(AT) == days[0]
    assert len(list((tmp_path / "record").iterdir())) == 4
    assert [d.held for d in decided(holding, [request(0)], None)] == [False]


def test_a_file_that_is_no_record_is_named(tmp_path: Path) -> None:
    write_parquet(pa.table({"contact_id": ["c"]}), tmp_path / "other.parquet")
    with pytest.raises(BadInput, match=r"other\.parquet, field at: is missing"):
        Record(tmp_path, AT)
