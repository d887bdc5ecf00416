"""The complaint budget of a sender's domain, over a tenant's stored events of the last 30 days."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import orjson
import pytest

from features.errors import BadSetting
from features.store.database import Database
from features.store.events import append
from models.decide import Decider
from models.rules import Rulebook
from serving.stored.budget import complaint_rates
from serving.stored.hints import Hints
from serving.stored.replay import on_record, replay
from serving.telemetry import Telemetry
from tests.stored import TENANT, touch

NOW = datetime(2026, 3, 4, 10, tzinfo=UTC)
RECENT = (NOW - timedelta(days=3)).isoformat()


def fill(database: Database, domain: str, mails: int, complaints: int, days: int = 3) -> None:
    """So many e-mails from a domain, each to somebody else, and complaints that name no actor."""
    at = (NOW - timedelta(days=days)).isoformat()
    rows = [
        touch(f"{domain}-{i}", f"{domain}-p{i}", occurred_at=at, actor_id=f"r{i % 3}@{domain}")
        for i in range(mails)
    ]
    rows += [
        touch(f"{domain}-c{i}", f"{domain}-p{i}", kind="complaint", channel=None, occurred_at=at)
        for i in range(complaints)
    ]
    receipts = append(database, TENANT, rows, 1)
    assert {r.status for r in receipts} == {"accepted"}


@pytest.fixture
def filled(database: Database) -> Database:
    fill(database, "fine.example", 2500, 2)
    fill(database, "warned.example", 1000, 2)
    fill(database, "spent.example", 600, 2)
    fill(database, "few.example", 20, 1)
    fill(database, "past.example", 20, 5, days=31)
    return database


def test_rates_are_counted_by_domain(filled: Database) -> None:
    assert complaint_rates(filled, TENANT, NOW) == {
        "few.example": (20, 1), "fine.example": (2500, 2), "spent.example": (600, 2),
        "warned.example": (1000, 2),
    }  # fmt: skip
    assert complaint_rates(filled, "other", NOW) == {}


@pytest.mark.parametrize(
    ("domain", "rule"),
    [
        ("fine.example", None), ("few.example", None), ("past.example", None),
        ("warned.example", "complaint_warning"), ("spent.example", "complaint_budget"),
    ],
)  # fmt: skip
def test_a_hint_goes_by_the_budget(
    filled: Database, decider: Decider, domain: str, rule: str | None
) -> None:
    own = touch("own", occurred_at=RECENT, actor_id=f"Ann@{domain.title()}")
    append(filled, TENANT, [own], 2)
    hints = Hints(filled, decider, Telemetry(), TENANT, NOW)
    answer = orjson.loads(hints.hint("anna", None, None))
    rules = [hit["rule"] for hit in answer["rules"] if hit["rule"].startswith("complaint")]
    assert rules == ([rule] if rule else [])
    if rule == "complaint_budget":
        assert answer["hint"] == "stop"
    again = replay(filled, TENANT, on_record(filled, TENANT, answer["decision_id"]), decider)
    assert again.same, again.differences


def test_a_tenant_may_only_lower_it() -> None:
    book = Rulebook.load().tightened({"complaint_stop": 0.001, "complaint_warn": 0.0005})
    assert book.complaints("a@b.example", {"b.example": (2000, 2)})[1]
    assert not Rulebook.load().complaints("a@b.example", {"b.example": (2000, 2)})[1]
    with pytest.raises(BadSetting, match=r"complaint_stop is 0\.01, which loosens"):
        Rulebook.load().tightened({"complaint_stop": 0.01})
