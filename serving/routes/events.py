"""Routes that take events into the store."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool

from serving import examples
from serving.bodies import body_of
from serving.openapi import STORING, answers, body_list
from serving.routes.common import Now, Tenant, as_json, database, settings
from serving.schemas import ReceiptsOut, StoredEventIn
from serving.stored.receipts import events_stored

router = APIRouter()


@router.post(
    "/v1/events",
    tags=["store"],
    summary="Store events; one bad event does not fail the others",
    response_class=Response,
    responses=answers(
        "/v1/events", ReceiptsOut, "What became of each event.", examples.RECEIPTS, *STORING
    ),
    openapi_extra=body_list(StoredEventIn, examples.EVENTS),
)
async def store_events(request: Request, tenant: Tenant, now: Now) -> Response:
    """Idempotent by `event_id`; late and out-of-order events are fine.

    An event is acknowledged once it is stored for good. One that was stored before with the same
    content is a duplicate; with other content it is refused.
    """
    own = settings(request)
    sent = await body_of(request.scope, request.receive, own.max_batch_body_mb * 1_000_000)
    return as_json(
        await run_in_threadpool(events_stored, sent, database(request), tenant, now, own.max_events)
    )
