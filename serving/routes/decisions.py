"""Routes that decide from the history in the request."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool

from serving import examples
from serving.access.caller import Scorer
from serving.batching import Batching
from serving.bodies import body_of
from serving.clock import moment_of
from serving.openapi import DECIDING, answers, body
from serving.routes.common import as_json, database, decider, settings, telemetry
from serving.routes.direct import Direct
from serving.schemas import (
    SCORE_EXAMPLE,
    SCORES_EXAMPLE,
    DecisionOut,
    ScoreIn,
    ScoresIn,
    ScoresOut,
)
from serving.scores import Scoring
from serving.stored import dials

router = APIRouter(route_class=Direct)
#: Bytes of a body from which on a thread answers, so that others need not wait for it.
_LONG = 50_000


@router.post(
    "/v1/score",
    tags=["decisions"],
    summary="Decide about one thread from the history in the request",
    response_class=Response,
    responses=answers("/v1/score", DecisionOut, "The decision.", examples.DECISION, *DECIDING),
    openapi_extra=body(ScoreIn, SCORE_EXAMPLE),
)
async def score(request: Request, caller: Scorer) -> Response:
    """Answers from the request alone; stores nothing about the person."""
    sent = await body_of(request.scope, request.receive, settings(request).max_body_mb * 1_000_000)
    scoring = await _scoring(request, caller.tenant)
    batching: Batching = request.app.state.batching
    if len(sent) > _LONG:
        return as_json(await batching.long(scoring.one, sent))
    return as_json(await batching.one(scoring, sent))


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
async def scores(request: Request, caller: Scorer) -> Response:
    """Each answer is a decision or `{"error": problem}`, in the order of the items."""
    sent = await body_of(
        request.scope, request.receive, settings(request).max_batch_body_mb * 1_000_000
    )
    scoring = await _scoring(request, caller.tenant)
    batching: Batching = request.app.state.batching
    return as_json(await batching.long(scoring.many, sent))


async def _scoring(request: Request, tenant: str) -> Scoring:
    now = moment_of(request)
    answers, store = await decider(request), database(request)
    setting = dials.seen(store, tenant, now)
    if setting is None:
        setting = await run_in_threadpool(dials.look, store, tenant, now)
    return Scoring(
        dials.answering(store, answers, tenant, setting), telemetry(request),
        settings(request), now, request.state.request_id,
    )  # fmt: skip
