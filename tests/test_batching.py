"""Questions that come at the same time: decided together, answered as if each came alone."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from features.errors import FinelineError
from models.decide import Decider
from models.decision import Decision, Request
from serving import batching
from serving.batching import CROWD, Batching
from serving.problems import Problem
from serving.scores import Scoring
from serving.settings import ServiceSettings
from serving.telemetry import Telemetry
from tests.api import asked

NOW = datetime(2026, 11, 28, 9, tzinfo=UTC)


@pytest.fixture
def sizes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many questions each batch was of."""
    found: list[int] = []
    each = batching.each

    def counted(of: Sequence[Scoring], bodies: Sequence[bytes]) -> Any:
        found.append(len(of))
        return each(of, bodies)

    monkeypatch.setattr(batching, "each", counted)
    return found


def scoring(decider: Decider) -> Scoring:
    return Scoring(decider, Telemetry(), ServiceSettings(), NOW, "a request")


def body(i: int, **other: Any) -> bytes:
    return json.dumps(asked(contact={"contact_id": f"c{i}"}, **other)).encode()


def together(questions: Sequence[tuple[Scoring, bytes]]) -> list[Any]:
    """Ask all at once; what each got, answer or error."""

    async def ask() -> list[Any]:
        found = Batching()
        return await asyncio.gather(
            *(found.one(how, what) for how, what in questions), return_exceptions=True
        )

    return asyncio.run(ask())


def test_what_comes_together_is_decided_together_as_if_alone(
    decider: Decider, sizes: list[int]
) -> None:
    how, bodies = scoring(decider), [body(i) for i in range(5)]
    assert together([(how, b) for b in bodies]) == [how.one(b) for b in bodies]
    assert sizes == [5]


def test_a_bad_question_fails_alone(decider: Decider) -> None:
    how = scoring(decider)
    bodies = [body(0), b"{", body(1, campaign_id=7), b'{"a": 1, "a": 2}', body(2)]
    first, cut, wrong, twice, last = together([(how, b) for b in bodies])
    assert [json.loads(a)["contact_id"] for a in (first, last)] == ["c0", "c2"]
    assert (cut.status, twice.status) == (400, 400)
    assert (wrong.status, wrong.errors[0].field) == (422, "campaign_id")


def test_tenants_are_decided_about_by_their_own_rules(decider: Decider, sizes: list[int]) -> None:
    one, other = scoring(decider), scoring(decider.for_tenant("other"))
    found = together([(one, body(0)), (other, body(1)), (one, body(2))])
    assert [json.loads(a)["contact_id"] for a in found] == ["c0", "c1", "c2"]
    assert sizes == [2, 1]


def test_a_long_queue_is_answered_in_turns(decider: Decider, sizes: list[int]) -> None:
    how = scoring(decider)
    found = together([(how, body(i)) for i in range(batching.MOST + 3)])
    assert [json.loads(a)["contact_id"] for a in found] == [f"c{i}" for i in range(len(found))]
    assert sizes == [batching.MOST, 3]


class _Fails(Decider):
    """Cannot decide about some people."""

    def __init__(self, like: Decider, error: Exception) -> None:
        super().__init__(like.model, like.ref)
        self._error = error

    def decide(self, requests: Sequence[Request]) -> list[Decision]:
        if any(r.contact_id == "c1" for r in requests):
            raise self._error
        return super().decide(requests)


@pytest.mark.parametrize(
    ("error", "status"), [(RuntimeError("boom"), 500), (FinelineError("no such model"), 503)]
)
def test_one_that_cannot_be_decided_takes_no_other_down(
    decider: Decider, error: Exception, status: int
) -> None:
    how = scoring(_Fails(decider, error))
    first, failed, last = together([(how, body(i)) for i in range(3)])
    assert isinstance(failed, Problem)
    assert failed.status == status
    assert "boom" not in str(failed)
    assert [json.loads(a)["contact_id"] for a in (first, last)] == ["c0", "c2"]


def test_who_hung_up_is_not_answered(decider: Decider, sizes: list[int]) -> None:
    how = scoring(decider)

    async def ask() -> list[Any]:
        found = Batching()
        tasks = [asyncio.ensure_future(found.one(how, body(i))) for i in range(3)]
        await asyncio.sleep(0)
        tasks[1].cancel()
        return await asyncio.gather(*tasks, return_exceptions=True)

    first, gone, last = asyncio.run(ask())
    assert isinstance(gone, asyncio.CancelledError)
    assert [json.loads(a)["contact_id"] for a in (first, last)] == ["c0", "c2"]
    assert sizes == [2]


@pytest.mark.parametrize(("together", "after"), [(CROWD, [2, 1]), (CROWD - 1, [1, 1, 1])])
def test_after_a_crowd_the_next_waits_for_company(
    decider: Decider, sizes: list[int], together: int, after: list[int]
) -> None:
    how = scoring(decider)

    async def ask() -> None:
        found = Batching()
        await asyncio.gather(*(found.one(how, body(i)) for i in range(together)))
        one = asyncio.ensure_future(found.one(how, body(2)))
        for _ in range(3):
            await asyncio.sleep(0)
        await asyncio.gather(one, found.one(how, body(3)))
        await found.one(how, body(4))

    asyncio.run(ask())
    assert sizes == [together, *after]
