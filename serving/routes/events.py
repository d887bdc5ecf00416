"""Routes that take events into the store."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool

from serving import examples
from serving.access.caller import HubSpot, Ingester
from serving.bodies import body_of
from serving.incoming import (
    BATCH,
    STRUCTURED,
    check_hubspot,
    from_cloud_events,
    from_webhook,
    is_cloud_event,
)
from serving.openapi import STORING, answers, body_list, body_one_or_list
from serving.routes.common import Now, as_json, database, settings
from serving.schemas import ReceiptsOut, StoredEventIn, WebhookRowIn
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
async def store_events(request: Request, caller: Ingester, now: Now) -> Response:
    """Idempotent by `event_id`; late and out-of-order events are fine.

    CloudEvents 1.0 are taken too, one, a batch, or one in binary mode; see docs/integrations.md.
    An event is acknowledged once it is stored for good. One that was stored before with the same
    content is a duplicate; with other content it is refused.
    """
    own = settings(request)
    sent = await body_of(
        request.scope, request.receive, own.max_batch_body_mb * 1_000_000, (STRUCTURED, BATCH)
    )
    if is_cloud_event(request.headers):
        sent = await run_in_threadpool(from_cloud_events, request.headers, sent)
    return as_json(
        await run_in_threadpool(
            events_stored, sent, database(request), caller.tenant, now, own.max_events
        )
    )


@router.post(
    "/v1/events/hubspot",
    tags=["store"],
    summary="Store what HubSpot tells",
    response_class=Response,
    responses=answers(
        "/v1/events/hubspot", ReceiptsOut, "What became of each event.", examples.STORED_HUBSPOT,
        401, *STORING,
    ),
    openapi_extra=body_one_or_list(WebhookRowIn, examples.HUBSPOT),
)  # fmt: skip
async def store_hubspot(request: Request, caller: HubSpot, now: Now) -> Response:
    """Activities as objects of HubSpot's CRM, by the map `hubspot`.

    If a secret is set they have to be signed, and then need no key.
    """
    own = settings(request)
    sent = await body_of(request.scope, request.receive, own.max_batch_body_mb * 1_000_000)
    if secret := own.hubspot_secret.get_secret_value():
        path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        url = own.public_url.rstrip("/") + path if own.public_url else str(request.url)
        check_hubspot(secret, request.method, url, sent, request.headers, now)
    return await _store_webhook(request, "hubspot", sent, caller.tenant, now)


@router.post(
    "/v1/events/salesforce",
    tags=["store"],
    summary="Store what Salesforce tells",
    response_class=Response,
    responses=answers(
        "/v1/events/salesforce", ReceiptsOut, "What became of each event.",
        examples.STORED_SALESFORCE, *STORING,
    ),
    openapi_extra=body_one_or_list(WebhookRowIn, examples.SALESFORCE),
)  # fmt: skip
async def store_salesforce(request: Request, caller: Ingester, now: Now) -> Response:
    """Tasks with their API field names, by the map `salesforce`."""
    own = settings(request)
    sent = await body_of(request.scope, request.receive, own.max_batch_body_mb * 1_000_000)
    return await _store_webhook(request, "salesforce", sent, caller.tenant, now)


async def _store_webhook(
    request: Request, system: str, sent: bytes, tenant: str, now: datetime
) -> Response:
    def stored() -> bytes:
        most = settings(request).max_events
        rows = from_webhook(system, sent, most)
        return events_stored(rows, database(request), tenant, now, most)

    return as_json(await run_in_threadpool(stored))
