"""Mutated events and requests: never a fault of the service, and what it accepts is stored."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient

from features.store.database import Database
from models.decide import Decider
from models.decision import ModelRef
from serving.app import create_app
from serving.examples import (
    CLOSING,
    CONTACTS,
    DESCRIBED,
    EVENTS,
    FEEDBACK_SENT,
    HUBSPOT,
    SALESFORCE,
)
from serving.schemas import SCORE_EXAMPLE, SCORES_EXAMPLE, ProblemOut
from serving.settings import ServiceSettings
from tests.api import PROBLEM
from tests.mutations import mutated
from tests.stored import everything, touch
from training.train import model_of_base_rates

#: Sound bodies by method and path; events most often, for they are what must not be lost.
_SOUND: list[tuple[str, str, Any]] = [
    *[("POST", "/v1/events", None)] * 6,
    ("POST", "/v1/score", SCORE_EXAMPLE), ("POST", "/v1/scores", SCORES_EXAMPLE),
    ("POST", "/v1/events/hubspot", [HUBSPOT]), ("POST", "/v1/events/salesforce", SALESFORCE),
    ("POST", "/v1/contacts", CONTACTS), ("PUT", "/v1/contacts/anna", DESCRIBED),
    ("PUT", "/v1/campaigns/data-engineer", CLOSING),
    ("POST", "/v1/decisions/365297c7d0/feedback", FEEDBACK_SENT),
]  # fmt: skip
_ASKED = ("", "a", "\0", "%", "\u00e9" * 300, "2026-11-23T09:30:00Z", "-1", "1e9", "nan", "a/b?c#d")


@pytest.mark.parametrize(
    "count", [pytest.param(1_000), pytest.param(10_000, marks=pytest.mark.fuzz)]
)
def test_nothing_fails_and_nothing_accepted_is_lost(database_url: str, count: int) -> None:
    decider = Decider(model_of_base_rates(), ModelRef("fineline", "1"))
    app = create_app(ServiceSettings(database_url=database_url), lambda: decider)
    rng, accepted, statuses = random.Random(count), [], Counter[int]()
    with TestClient(app, raise_server_exceptions=False) as client:
        for number in range(count):
            method, path, sound = rng.choice(_SOUND)
            body, kind = mutated(rng, sound or _events(rng, number))
            answer = client.request(
                method, path, content=body, headers={"content-type": kind.encode("latin-1")}
            )
            statuses[answer.status_code] += 1
            accepted += _judged(answer, path, body)
            _judged(client.get(_question(rng)), "", b"")
    database = Database(database_url)
    stored = everything(database)["event_id"].to_pylist()
    database.close()
    assert sorted(accepted) == stored
    # The mutations are neither all refused nor all harmless.
    assert len(accepted) > count / 20
    assert statuses[200] > count / 20
    assert statuses[400] + statuses[422] > count / 20


def _events(rng: random.Random, number: int) -> list[dict[str, Any]]:
    own = [touch(f"e{number}-{i}", f"c{rng.randrange(9)}") for i in range(rng.randint(1, 4))]
    return [*own, *({**e, "event_id": f"x{number}-{i}"} for i, e in enumerate(EVENTS))]


def _question(rng: random.Random) -> str:
    a, b = (quote(rng.choice(_ASKED), safe="") for _ in range(2))
    return rng.choice(
        [
            f"/v1/contacts/{a}/hint?at={b}", f"/v1/contacts/c1/hint?campaign_id={a}&at={b}",
            f"/v1/contacts/{a}", f"/v1/worklist?actor_id={a}&cursor={b}&limit=5",
            f"/v1/worklist?limit={a}&capacity={b}&annoyance={b}", f"/v1/contacts/%{a}%ff",
            f"/v1/campaigns/{a}",
        ]
    )  # fmt: skip


def _judged(answer: Any, path: str, body: bytes) -> list[str]:
    """The ids of the events accepted; an answer is sound or a problem of the caller's."""
    assert answer.status_code < 500, (path, body[:500], answer.text)
    if answer.status_code != 200:
        assert answer.headers["content-type"] == PROBLEM, (path, body[:500], answer.text)
        ProblemOut.model_validate_json(answer.content)
        return []
    if not path.startswith("/v1/events"):
        for item in answer.json().get("items", []) if path == "/v1/scores" else []:
            assert item.get("error", {}).get("status", 0) < 500, (body[:500], item)
        return []
    found = answer.json()
    counts = Counter(item["status"] for item in found["items"])
    assert found["accepted"] == counts["accepted"]
    assert all(i.get("error", {}).get("status", 0) < 500 for i in found["items"])
    return [item["id"] for item in found["items"] if item["status"] == "accepted"]
