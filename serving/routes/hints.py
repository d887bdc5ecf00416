"""Routes that decide from stored history."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.concurrency import run_in_threadpool

from serving import examples
from serving.access.caller import Reader, Reporter
from serving.bodies import body_of, load_json
from serving.openapi import STORING, answers, body, linked
from serving.parse import actor_asked, thread_asked, timezone_asked
from serving.routes.common import (
    CampaignAsked,
    ContactId,
    MomentAsked,
    Now,
    as_json,
    database,
    decider,
    in_turn,
    settings,
    telemetry,
)
from serving.schemas import (
    CURSOR,
    LINE,
    TIME_ZONE,
    DecisionOut,
    FeedbackIn,
    FeedbackOut,
    WorklistOut,
)
from serving.stored import feedback
from serving.stored.described import contact_id_of
from serving.stored.hints import Hints
from serving.stored.worklist import Asked, Place, worklist

router = APIRouter()


@router.get(
    "/v1/contacts/{contact_id}/hint",
    tags=["decisions"],
    summary="Decide about one thread from stored history",
    response_class=Response,
    responses=linked(
        answers(
            "/v1/contacts/{contact_id}/hint", DecisionOut, "The decision.", examples.DECISION,
            404, 422, 500, 503,
        ),
        give_feedback={"decision_id": "$response.body#/decision_id"},
    ),
)  # fmt: skip
async def hint(
    request: Request,
    contact_id: ContactId,
    caller: Reader,
    now: Now,
    campaign_id: CampaignAsked = None,
    at: MomentAsked = None,
) -> Response:
    """An answer that still holds is given again; every answer goes on record."""
    campaign, moment = thread_asked(campaign_id, at, now)
    contact = contact_id_of(contact_id)
    hints = await _hints(request, caller.tenant, now)
    return as_json(await in_turn(request, hints.hint, contact, campaign, moment))


@router.get(
    "/v1/worklist",
    tags=["decisions"],
    summary="Whom to nudge first",
    response_class=Response,
    responses=answers(
        "/v1/worklist", WorklistOut, "Decisions, best first.", examples.WORKLIST, 422, 500, 503
    ),
)
async def work_list(
    request: Request,
    caller: Reader,
    now: Now,
    actor_id: Annotated[
        str | None,
        Query(description="Threads last touched by this recruiter only.", json_schema_extra=LINE),
    ] = None,
    limit: Annotated[int, Query(ge=1, le=200, description="Most items in a page.")] = 50,
    cursor: Annotated[
        str | None,
        Query(description="next_cursor of the page before.", json_schema_extra=CURSOR),
    ] = None,
    capacity: Annotated[
        int | None, Query(ge=0, le=1_000_000, description="Touches a day; those made count.")
    ] = None,
    timezone: Annotated[
        str | None,
        Query(
            description="Where the day of the capacity begins; UTC if none.",
            json_schema_extra=TIME_ZONE,
        ),
    ] = None,
    annoyance: Annotated[
        float | None, Query(ge=0, le=1_000_000, description="Most people to annoy, as expected.")
    ] = None,
) -> Response:
    """Open threads whose hint is to nudge now, highest score first; every answer goes on record.

    With `annoyance` a thread is passed over whose risk would bring the sum of `p_annoy` over it.
    """
    asked = Asked(actor_asked(actor_id), limit, capacity, annoyance, timezone_asked(timezone))
    place = Place.of(cursor)
    hints = await _hints(request, caller.tenant, now)
    return as_json(await run_in_threadpool(worklist, hints, asked, place))


@router.post(
    "/v1/decisions/{decision_id}/feedback",
    tags=["decisions"],
    summary="What was done with a decision",
    response_class=Response,
    responses=answers(
        "/v1/decisions/{decision_id}/feedback", FeedbackOut, "As it is kept.", examples.FEEDBACK,
        404, *STORING,
    ),
    openapi_extra=body(FeedbackIn, examples.FEEDBACK_SENT),
)  # fmt: skip
async def give_feedback(
    request: Request,
    decision_id: Annotated[str, Path(description="As it was answered.", examples=["365297c7d0"])],
    caller: Reporter,
    now: Now,
) -> Response:
    """Followed or overridden, and why; kept beside the decision, as often as it is sent."""
    sent = await body_of(request.scope, request.receive, settings(request).max_body_mb * 1_000_000)

    def kept() -> bytes:
        return feedback.keep(database(request), caller.tenant, decision_id, load_json(sent), now)

    return as_json(await run_in_threadpool(kept))


async def _hints(request: Request, tenant: str, now: Now) -> Hints:
    return Hints(database(request), await decider(request), telemetry(request), tenant, now)
