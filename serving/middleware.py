"""Around every request: an id, a time, a span, security headers, and a limit on the body."""

from __future__ import annotations

import logging
import re
import time
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from opentelemetry.trace import Span
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving import logs
from serving.access.headers import Header, security_headers
from serving.problems import FAILED, Problem, respond
from serving.telemetry import Telemetry, asked_of
from serving.tracing import Tracing, answered

_log = logging.getLogger("fineline.api")
_ID = re.compile(r"[A-Za-z0-9._-]{1,100}")
_WITH_IDS = (b"/v1/contacts/", b"/v1/campaigns/")


class Surroundings:
    """ASGI middleware; the last resort that turns anything unexpected into a problem."""

    def __init__(self, app: ASGIApp, telemetry: Telemetry, tracing: Tracing | None = None) -> None:
        self.app, self.telemetry, self.tracing = app, telemetry, tracing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        _keep_slashes(scope)
        if self.tracing is None:
            await self._answer(scope, receive, send, None)
            return
        with self.tracing.request(scope) as span:
            await self._answer(scope, receive, send, span)

    async def _answer(self, scope: Scope, receive: Receive, send: Send, span: Span | None) -> None:
        started, status, started_answering = time.perf_counter(), 500, False
        request_id = _request_id(scope)
        scope.setdefault("state", {})["request_id"] = request_id
        logs.REQUEST_ID.set(request_id)

        async def answer(message: Message) -> None:
            nonlocal status, started_answering
            if message["type"] == "http.response.start":
                status, started_answering = message["status"], True
                own = [(b"x-request-id", request_id.encode()), *security_headers(scope)]
                message["headers"] = _with_own(message.get("headers", []), own, scope["state"])
            await send(message)

        try:
            await self.app(scope, receive, answer)
        except Exception as error:
            # A path may name a person; the route's pattern does not.
            _log.error("request %s to %s %s failed", request_id, *asked_of(scope), exc_info=error)
            if started_answering:
                raise
            await respond(Problem(500, FAILED), Request(scope))(scope, receive, answer)
        finally:
            self._ended(scope, status, time.perf_counter() - started, span)

    def _ended(self, scope: Scope, status: int, seconds: float, span: Span | None) -> None:
        self.telemetry.answered(scope, status, seconds)
        method, route = asked_of(scope)
        logs.requests.info("%s %s %d in %.1f ms", method, route, status, seconds * 1000)
        if span is not None:
            answered(span, method, route, status, scope["state"]["request_id"])


def _keep_slashes(scope: Scope) -> None:
    """Leave ids in paths percent-encoded: decoded, `a/hint` and the hint of `a` are the same."""
    raw = scope.get("raw_path")
    if raw and raw.startswith(_WITH_IDS):
        scope["path"] = raw.decode("latin-1")


def _with_own(given: Iterable[Header], own: list[Header], state: Mapping[str, Any]) -> list[Header]:
    """The headers of an answer and ours; where it has one of its own (a page's policy), that.

    The same for those that dependencies of the route left in `request.state.headers`.
    """
    found = list(given)
    names = {name.lower() for name, _ in found}
    left = [(name.encode(), value.encode()) for name, value in state.get("headers", {}).items()]
    return [*found, *((name, value) for name, value in [*own, *left] if name not in names)]


def _request_id(scope: Scope) -> str:
    given = dict(scope["headers"]).get(b"x-request-id", b"").decode("latin-1")
    return given if _ID.fullmatch(given) else uuid.uuid4().hex
