"""The routes of the API."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.concurrency import run_in_threadpool

from models.decide import Decider
from serving import examples
from serving.answers import to_json
from serving.bodies import body_of
from serving.champion import Champion
from serving.openapi import DECIDING, answers, body
from serving.reference import page
from serving.schemas import (
    SCORE_EXAMPLE,
    SCORES_EXAMPLE,
    DecisionOut,
    ModelOut,
    ScoreIn,
    ScoresIn,
    ScoresOut,
    StatusOut,
)
from serving.scores import Scoring
from serving.settings import ServiceSettings
from serving.telemetry import CONTENT_TYPE, Telemetry

router = APIRouter()
#: Bytes of a body from which on a thread answers, so that others need not wait for it.
_LONG = 50_000


def _state(request: Request) -> Any:
    return request.app.state


async def _decider(request: Request) -> Decider:
    """The decider in service; looking for one is left to a thread."""
    champion: Champion = _state(request).champion
    if champion.current is not None:
        return champion.current
    return await run_in_threadpool(champion.decider)


async def _now() -> datetime:
    """The only clock of the API."""
    return datetime.now(UTC)


Now = Annotated[datetime, Depends(_now)]


def _as_json(written: bytes) -> Response:
    return Response(written, media_type="application/json")


@router.post(
    "/v1/score",
    tags=["decisions"],
    summary="Decide about one thread from the history in the request",
    response_class=Response,
    responses=answers("/v1/score", DecisionOut, "The decision.", examples.DECISION, *DECIDING),
    openapi_extra=body(ScoreIn, SCORE_EXAMPLE),
)
async def score(request: Request, now: Now) -> Response:
    """Answers from the request alone; stores nothing about the person."""
    settings: ServiceSettings = _state(request).settings
    sent = await body_of(request.scope, request.receive, settings.max_body_mb * 1_000_000)
    scoring = await _scoring(request, now)
    if len(sent) > _LONG:
        return _as_json(await run_in_threadpool(scoring.one, sent))
    return _as_json(scoring.one(sent))


@router.post(
    "/v1/scores",
    tags=["decisions"],
    summary="Decide about many threads; one bad item does not fail the others",
    response_class=Response,
    responses=answers(
        "/v1/scores", ScoresOut, "In the order of the items.", examples.SCORES, *DECIDING
    ),
    openapi_extra=body(ScoresIn, SCORES_EXAMPLE),
)
async def scores(request: Request, now: Now) -> Response:
    """Each answer is a decision or `{"error": problem}`, in the order of the items."""
    settings: ServiceSettings = _state(request).settings
    sent = await body_of(request.scope, request.receive, settings.max_batch_body_mb * 1_000_000)
    scoring = await _scoring(request, now)
    return _as_json(await run_in_threadpool(scoring.many, sent))


async def _scoring(request: Request, now: datetime) -> Scoring:
    return Scoring(
        await _decider(request), _telemetry(request), _state(request).settings, now,
        request.state.request_id,
    )  # fmt: skip


def _telemetry(request: Request) -> Telemetry:
    telemetry: Telemetry = _state(request).telemetry
    return telemetry


@router.get(
    "/v1/model",
    tags=["model"],
    summary="The model that answers",
    response_class=Response,
    responses=answers(
        "/v1/model", ModelOut, "Name, version, when and on what it was trained, metrics.",
        examples.MODEL, 503,
    ),
)  # fmt: skip
async def model(request: Request) -> Response:
    """Name, version, alias, trained when and on what, and how it did on later touches."""
    card = (await _decider(request)).card
    return _as_json(to_json({"alias": "champion", **card}))


@router.get(
    "/healthz", tags=["operations"], summary="The process lives", response_class=Response,
    responses=answers("/healthz", StatusOut, "It does.", {"status": "alive"}),
)  # fmt: skip
async def healthz() -> Response:
    """Always 200 while the process answers."""
    return _as_json(to_json({"status": "alive"}))


@router.get(
    "/readyz", tags=["operations"], summary="A model is loaded", response_class=Response,
    responses=answers("/readyz", StatusOut, "It is.", {"status": "ready"}, 503),
)  # fmt: skip
async def readyz(request: Request) -> Response:
    """503 with the reason while no model can answer."""
    await _decider(request)
    return _as_json(to_json({"status": "ready"}))


@router.get(
    "/metrics", tags=["operations"], summary="Prometheus metrics", response_class=Response,
    responses={200: {"description": "The exposition format.", "content": {
        "text/plain": {"schema": {"type": "string"}, "example": examples.METRICS}}}},
)  # fmt: skip
async def metrics(request: Request) -> Response:
    """Rates, latencies, hints, rules that bit, and the version that answers."""
    return Response(_telemetry(request).page(), headers={"content-type": CONTENT_TYPE})


@router.get("/docs", include_in_schema=False)
async def docs(request: Request) -> Response:
    """The reference, rendered here: nothing is fetched from elsewhere."""
    return Response(page(request.app.openapi()), media_type="text/html; charset=utf-8")


@router.get("/", include_in_schema=False)
async def home() -> Response:
    """Sends a visitor to the reference."""
    return Response(status_code=307, headers={"location": "/docs"})
