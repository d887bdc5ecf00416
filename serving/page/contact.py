"""A contact: the hint, the fine line, what happened so far, and what a recruiter can do."""

from __future__ import annotations

import secrets
from typing import Annotated, Any
from urllib.parse import quote, urlencode

import orjson
from fastapi import APIRouter, Query, Request, Response
from fastapi.concurrency import run_in_threadpool

from features.errors import FinelineError
from models.decide import Decider
from serving.page.acts import REASONS, act_of, done, form_of
from serving.page.drawing import drawn
from serving.page.render import page, trouble
from serving.page.visitor import PageReader, PageReporter
from serving.problems import Problem
from serving.routes.common import ContactId, Now, database, decider, settings, telemetry
from serving.stored.described import contact_id_of
from serving.stored.hints import Hints
from serving.stored.looking import look_at
from serving.stored.situation import known

router = APIRouter()
_SAID = {
    "did": "Noted: the touch is on the timeline, and the hint below counts it.",
    "not_now": "Noted. Nothing was sent; the hint stays as it is.",
    "call_anyway": "Noted: the call is on the timeline, and that the hint was overridden.",
    "leave_alone": "Done. Nobody here will be told to write to this person again.",
}


@router.get("/contacts/{contact_id:path}")
async def contact(
    request: Request, contact_id: ContactId, caller: PageReader, now: Now,
    campaign_id: Annotated[str | None, Query(max_length=1000)] = None, did: str = "",
) -> Response:  # fmt: skip
    """The page of one person, about one of their threads."""
    try:
        person = contact_id_of(contact_id)
        hints = Hints(
            database(request), await decider(request), telemetry(request), caller.tenant, now
        )
        shown = await run_in_threadpool(_shown, hints, person, campaign_id)
    except (FinelineError, Problem) as error:
        return trouble(error)
    return page("contact.html", here="", said=_SAID.get(did), reasons_for=REASONS,
                form_id=secrets.token_hex(16), **shown)  # fmt: skip


@router.post("/contacts/{contact_id:path}")
async def act(request: Request, contact_id: ContactId, caller: PageReporter, now: Now) -> Response:
    """Do what the form says, and show the person again."""
    try:
        found = act_of(contact_id_of(contact_id), await form_of(request))
        answers = await decider(request)

        def work() -> None:
            done(database(request), caller.tenant, found, now, settings(request).max_events)
            _look(answers)

        def _look(by: Decider) -> None:
            look_at(database(request), by, caller.tenant, [found.contact_id], now)

        await run_in_threadpool(work)
    except (FinelineError, Problem) as error:
        return trouble(error)
    asked = urlencode({"campaign_id": found.campaign_id, "did": found.act})
    place = f"/contacts/{quote(found.contact_id, safe='')}?{asked}"
    return Response(status_code=303, headers={"location": place})


def _shown(hints: Hints, contact_id: str, campaign_id: str | None) -> dict[str, Any]:
    answer = orjson.loads(hints.hint(contact_id, campaign_id, None))
    found = known(hints.database, hints.tenant, [contact_id], hints.now, answer["campaign_id"]).get(
        contact_id
    )
    events = [] if found is None else found.history.sort_by("occurred_at").to_pylist()
    own = [e for e in events if e["campaign_id"] == answer["campaign_id"] and e["kind"] == "touch"]
    last = own[-1] if own else {}
    closes_at = None if found is None else found.closes_at(answer["campaign_id"], hints.now)
    threads = sorted({e["campaign_id"] or "" for e in events if e["kind"] == "touch"})
    return {
        "answer": answer, "line": drawn(answer, closes_at), "events": list(reversed(events)),
        "threads": threads, "person": None if found is None else found.person,
        "actor_id": last.get("actor_id") or "", "account_id": last.get("account_id") or "",
        "closes_at": closes_at, "closed": closes_at is not None and closes_at <= hints.now,
    }  # fmt: skip
