"""Errors as the outside sees them: RFC 9457 problem details, never a stack trace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.routing import Match

from features.errors import BadInput, FinelineError

MEDIA_TYPE = "application/problem+json"
_MOST_ERRORS = 100
_METHODS = ("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT")
FAILED = "Something went wrong here; it has been logged."


@dataclass(frozen=True, slots=True)
class FieldError:
    """One field that was refused, such as `history[3].occurred_at`, and why."""

    field: str
    message: str


class Problem(Exception):
    """A refusal: HTTP status, one sentence, the fields it is about, and headers of the answer."""

    def __init__(
        self,
        status: int,
        detail: str,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status, self.detail, self.errors = status, detail, tuple(errors)
        self.headers = dict(headers or {})

    def body(self, instance: str | None = None) -> dict[str, Any]:
        """The members of the problem document."""
        found: dict[str, Any] = {
            "type": "about:blank",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
        }
        if instance is not None:
            found["instance"] = instance
        if self.errors:
            listed = self.errors[:_MOST_ERRORS]
            found["errors"] = [{"field": e.field, "message": e.message} for e in listed]
        return found


def invalid(errors: Sequence[FieldError], status: int = 422) -> Problem:
    """A refusal naming the first field, and how many more there are."""
    first, more = errors[0], len(errors) - 1
    detail = f"{first.field}: {first.message}" if first.field else first.message
    if more:
        detail += f" (and {more} more)"
    return Problem(status, detail, errors)


def within(place: str, problem: Problem) -> Problem:
    """The problem of a part as a problem of the whole, such as of `items[17]`."""
    if not problem.errors:
        return Problem(
            problem.status, f"{place}: {problem.detail}", [FieldError(place, problem.detail)]
        )
    return invalid(
        [FieldError(f"{place}.{e.field}" if e.field else place, e.message) for e in problem.errors],
        problem.status,
    )


def of_error(error: FinelineError) -> Problem:
    """An expected error; what is wrong with a setting, the registry or a model is not the caller's
    fault."""
    return Problem(422 if isinstance(error, BadInput) else 503, str(error))


def respond(problem: Problem, request: Request) -> Response:
    """The problem as an HTTP answer."""
    body = orjson.dumps(problem.body(request.url.path))
    headers = {"retry-after": "5"} if problem.status == 503 else {}
    return Response(body, problem.status, headers | problem.headers, media_type=MEDIA_TYPE)


def _methods(request: Request) -> list[str]:
    """The methods possible at the path asked; a router knows only those of the route it met."""
    return [
        method
        for method in _METHODS
        if any(
            route.matches({**request.scope, "method": method})[0] is Match.FULL
            for route in request.app.routes
        )
    ]


def install(app: FastAPI) -> None:
    """Answer every expected error of the app as a problem; see Surroundings for others."""

    async def refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, Problem)
        return respond(error, request)

    async def http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        detail = {
            404: f"There is no {request.url.path} here; see /docs.",
            405: f"{request.method} is not possible on {request.url.path}; see /docs.",
        }.get(error.status_code, str(error.detail))
        answer = respond(Problem(error.status_code, detail), request)
        answer.headers.update(error.headers or {})
        if error.status_code == 405:
            answer.headers["allow"] = ", ".join(_methods(request))
        return answer

    async def known(request: Request, error: Exception) -> Response:
        assert isinstance(error, FinelineError)
        return respond(of_error(error), request)

    async def parameters(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        found = [FieldError(str(e["loc"][-1]), e["msg"]) for e in error.errors()]
        return respond(invalid(found), request)

    app.add_exception_handler(Problem, refused)
    app.add_exception_handler(RequestValidationError, parameters)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(FinelineError, known)
