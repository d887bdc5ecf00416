"""Routes about one stored person."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool

from features.moments import microseconds
from features.store import people
from serving import examples
from serving.access.caller import Eraser, Ingester, Reader
from serving.answers import to_json
from serving.bodies import body_of, load_json
from serving.openapi import STORING, answers, body, body_list, linked
from serving.routes.common import ContactId, Now, as_json, database, settings
from serving.schemas import (
    DescribedIn,
    ErasedOut,
    ExportOut,
    PersonOut,
    ReceiptsOut,
    StoredContactIn,
)
from serving.stored import rights
from serving.stored.described import contact_id_of, person_of
from serving.stored.receipts import contacts_stored

router = APIRouter()
#: Where routes that follow find the person stored.
OF_STORED = {"contact_id": "$response.body#/contact_id"}


@router.post(
    "/v1/contacts",
    tags=["store"],
    summary="Store what describes contacts; one bad contact does not fail the others",
    response_class=Response,
    responses=answers(
        "/v1/contacts", ReceiptsOut, "What became of each contact.", examples.STORED, *STORING
    ),
    openapi_extra=body_list(StoredContactIn, examples.CONTACTS),
)
async def store_contacts(request: Request, caller: Ingester, now: Now) -> Response:
    """Each takes the place of what described this contact before; events are not touched."""
    own = settings(request)
    sent = await body_of(request.scope, request.receive, own.max_batch_body_mb * 1_000_000)
    return as_json(
        await run_in_threadpool(
            contacts_stored, sent, database(request), caller.tenant, now, own.max_events
        )
    )


@router.put(
    "/v1/contacts/{contact_id}",
    tags=["store"],
    summary="Store what describes a contact",
    response_class=Response,
    responses=linked(
        answers(
            "/v1/contacts/{contact_id}", PersonOut, "As it is stored.", examples.PERSON, *STORING
        ),
        export_contact=OF_STORED,
        hint=OF_STORED,
        erase_contact=OF_STORED,
    ),
    openapi_extra=body(DescribedIn, examples.DESCRIBED),
)
async def store_contact(
    request: Request, contact_id: ContactId, caller: Ingester, now: Now
) -> Response:
    """Takes the place of what described this contact before; events are not touched."""
    own = settings(request)
    sent = await body_of(request.scope, request.receive, own.max_body_mb * 1_000_000)

    def stored() -> bytes:
        person = person_of(load_json(sent), contact_id_of(contact_id))
        people.describe(database(request), caller.tenant, [person], microseconds(now))
        return to_json(
            {
                "contact_id": person.contact_id, "timezone": person.timezone,
                "country": person.country, "attributes": person.attributes,
            }
        )  # fmt: skip

    return as_json(await run_in_threadpool(stored))


@router.get(
    "/v1/contacts/{contact_id}",
    tags=["rights"],
    summary="Everything that is stored about a person",
    response_class=Response,
    responses=answers(
        "/v1/contacts/{contact_id}", ExportOut, "All of it.", examples.EXPORT, 404, 422, 500, 503
    ),
)
async def export_contact(
    request: Request, contact_id: ContactId, caller: Reader, now: Now
) -> Response:
    """Description, events, threads, decisions, feedback, and the models that learned from them."""
    contact = contact_id_of(contact_id)
    by = caller.at(now)
    return as_json(await run_in_threadpool(rights.export, database(request), by, contact))


@router.delete(
    "/v1/contacts/{contact_id}",
    tags=["rights"],
    summary="Erase a person",
    response_class=Response,
    responses=answers(
        "/v1/contacts/{contact_id}", ErasedOut, "What was removed.", examples.ERASED,
        404, 422, 500, 503,
    ),
)  # fmt: skip
async def erase_contact(
    request: Request, contact_id: ContactId, caller: Eraser, now: Now
) -> Response:
    """Removes all that is stored about them; an opt-out survives under a keyed digest of the id."""
    contact = contact_id_of(contact_id)
    by = caller.at(now)
    return as_json(await run_in_threadpool(rights.erase, database(request), by, contact))
