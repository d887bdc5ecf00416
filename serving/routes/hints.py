"""Routes that decide from stored history."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.concurrency import run_in_threadpool

from serving import examples
from serving.openapi import answers
from serving.parse import thread_asked
from serving.routes.common import (
    ContactId,
    Now,
    Tenant,
    as_json,
    database,
    decider,
    telemetry,
)
from serving.schemas import DecisionOut, WorklistOut
from serving.stored.described import contact_id_of
from serving.stored.hints import Hints
from serving.stored.worklist import Asked, Place, worklist

router = APIRouter()


@router.get(
    "/v1/contacts/{contact_id:path}/hint",
    tags=["decisions"],
    summary="Decide about one thread from stored history",
    response_class=Response,
    responses=answers(
        "/v1/contacts/{contact_id}/hint", DecisionOut, "The decision.", examples.DECISION,
        404, 422, 500, 503,
    ),
)  # fmt: skip
async def hint(
    request: Request,
    contact_id: ContactId,
    tenant: Tenant,
    now: Now,
    campaign_id: Annotated[
        str | None, Query(description="The thread; the latest if left out.")
    ] = None,
    at: Annotated[
        str | None, Query(description="The moment asked about (RFC 3339); now if left out.")
    ] = None,
) -> Response:
    """An answer that still holds is given again; every answer goes on record."""
    campaign, moment = thread_asked(campaign_id, at, now)
    contact = contact_id_of(contact_id)
    hints = await _hints(request, tenant, now)
    return as_json(await run_in_threadpool(hints.hint, contact, campaign, moment))


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
    tenant: Tenant,
    now: Now,
    actor_id: Annotated[
        str | None, Query(description="Threads last touched by this recruiter only.")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=200, description="Most items in a page.")] = 50,
    cursor: Annotated[str | None, Query(description="next_cursor of the page before.")] = None,
    capacity: Annotated[
        int | None, Query(ge=0, le=1_000_000, description="Touches a day; those made count.")
    ] = None,
    annoyance: Annotated[
        float | None, Query(ge=0, le=1_000_000, description="Most people to annoy, as expected.")
    ] = None,
) -> Response:
    """Open threads whose hint is to nudge now, highest score first; every answer goes on record.

    With `annoyance` a thread is passed over whose risk would bring the sum of `p_annoy` over it.
    """
    asked = Asked(actor_id, limit, capacity, annoyance)
    place = Place.of(cursor)
    hints = await _hints(request, tenant, now)
    return as_json(await run_in_threadpool(worklist, hints, asked, place))


async def _hints(request: Request, tenant: str, now: Now) -> Hints:
    return Hints(database(request), await decider(request), telemetry(request), tenant, now)
