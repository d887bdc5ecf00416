"""From bodies to answers: one decision, or many decided together, none failing the others."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from features.errors import FinelineError
from models.decide import Decider
from models.decision import Decision, Request, Utility
from serving import parse
from serving.answers import to_json
from serving.bodies import load_json
from serving.problems import FAILED, FieldError, Problem, invalid, of_error, within
from serving.settings import ServiceSettings
from serving.telemetry import Telemetry

_log = logging.getLogger("fineline.api")


@dataclass(frozen=True, slots=True)
class Scoring:
    """What answering a body takes; a route makes one for each request."""

    decider: Decider
    telemetry: Telemetry
    settings: ServiceSettings
    now: datetime
    request_id: str

    @property
    def _worth(self) -> Utility:
        return self.decider.dials.utility

    def one(self, body: bytes) -> bytes:
        """The decision a `POST /v1/score` asks for, as JSON; raises Problem."""
        answer = each([self], [body])[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def many(self, body: bytes) -> bytes:
        """The answers of a `POST /v1/scores` as JSON, items in order.

        Raises Problem where none can be answered.
        """
        items = _items(load_json(body), self.settings.max_items)
        longest, worth = self.settings.max_history, self._worth
        answers = self._answers([parse.envelope(i, self.now, longest, worth) for i in items])
        self.telemetry.refused.inc(sum(isinstance(a, Problem) for a in answers))
        return to_json({"items": [_shown(i, a) for i, a in enumerate(answers)]})

    def _answers(self, asked: Sequence[parse.Envelope | Problem]) -> Sequence[Decision | Problem]:
        """What is asked, checked and decided together."""
        found = parse.requests_of(asked)
        decided = iter(self._decide([r for r in found if isinstance(r, Request)]))
        answers = [next(decided) if isinstance(r, Request) else r for r in found]
        self.telemetry.count(a for a in answers if isinstance(a, Decision))
        return answers

    def _decide(self, requests: Sequence[Request]) -> Sequence[Decision | Problem]:
        """All together; one by one if that fails, so that only what fails has failed."""
        try:
            return self.decider.decide(requests)
        except Exception as error:
            _log.error("a batch with request %s failed", self.request_id, exc_info=error)
            return [self._alone(r) for r in requests]

    def _alone(self, request: Request) -> Decision | Problem:
        try:
            return self.decider.decide([request])[0]
        except FinelineError as error:
            return of_error(error)
        except Exception:
            self.telemetry.failed.inc()
            return Problem(500, FAILED)

    def _envelope(self, body: bytes) -> parse.Envelope | Problem:
        try:
            item = load_json(body)
        except Problem as problem:
            return problem
        return parse.envelope(item, self.now, self.settings.max_history, self._worth)


def each(asked: Sequence[Scoring], bodies: Sequence[bytes]) -> list[bytes | Problem]:
    """The answer to each `POST /v1/score` of several that one decider answers, decided together.

    Each is what it would be alone.
    """
    answers = asked[0]._answers(
        [scoring._envelope(body) for scoring, body in zip(asked, bodies, strict=True)]
    )
    return [a if isinstance(a, Problem) else to_json(a) for a in answers]


def _items(body: Any, most: int) -> list[object]:
    if not isinstance(body, dict) or not isinstance(body.get("items"), list):
        raise invalid([FieldError("items", "must be a list; send an object with items")])
    unknown = [name for name in body if name != "items"]
    if unknown:
        raise invalid([FieldError(str(unknown[0])[:100], "is not a field; there is items")])
    items: list[object] = body["items"]
    if len(items) > most:
        raise Problem(413, f"There are {len(items):,} items; at most {most:,} are taken at once.")
    return items


def _shown(i: int, answer: Decision | Problem) -> Decision | dict[str, Any]:
    if isinstance(answer, Decision):
        return answer
    return {"error": within(f"items[{i}]", answer).body("/v1/scores")}
