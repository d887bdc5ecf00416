"""What a recruiter does on a contact's page, as events and feedback: through the API's own code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

import orjson
from fastapi import Request

from features.events.schema import CHANNELS
from features.store.database import Database
from serving.access.origin import from_this_site
from serving.problems import FieldError, Problem, invalid
from serving.stored import feedback
from serving.stored.receipts import events_stored

ACTS = ("did", "not_now", "call_anyway", "leave_alone")
#: Reasons that take one tap, by what is done.
REASONS: Mapping[str, tuple[str, ...]] = {
    "not_now": ("They are away", "I spoke to them", "The role is on hold", "Bad moment for them"),
    "call_anyway": ("They asked for a call", "I know them well", "The role is urgent"),
    "leave_alone": ("They asked me to", "They complained"),
}
_MOST_BYTES = 20_000


@dataclass(frozen=True, slots=True)
class Act:
    """What was done: about which answer, on which channel, why, and by whom."""

    act: str
    contact_id: str
    decision_id: str
    form_id: str
    hint: str
    channel: str
    reason: str
    campaign_id: str
    actor_id: str
    account_id: str


async def form_of(request: Request) -> dict[str, str]:
    """The fields of a posted form; raises Problem if it came from another site."""
    if not from_this_site(request):
        raise Problem(403, "This form came from another site, so nothing was done.")
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise Problem(415, "The body must be a form.")
    sent = bytearray()
    async for part in request.stream():
        sent += part
        if len(sent) > _MOST_BYTES:
            raise Problem(413, "The form is too long.")
    try:
        return dict(parse_qsl(sent.decode(), max_num_fields=50))
    except ValueError:
        raise Problem(400, "The body is not a form in UTF-8.") from None


def act_of(contact_id: str, form: Mapping[str, str]) -> Act:
    """The act that a form says; raises Problem naming the field at fault."""
    names = [n for n in Act.__dataclass_fields__ if n != "contact_id"]
    found = Act(contact_id=contact_id, **{n: form.get(n, "") for n in names})
    if found.act not in ACTS:
        raise invalid([FieldError("act", f"must be one of {', '.join(ACTS)}")])
    if found.act == "did" and found.channel not in CHANNELS:
        raise invalid([FieldError("channel", f"must be one of {', '.join(CHANNELS)}")])
    if not found.form_id.isalnum() or len(found.form_id) > 64:
        raise invalid([FieldError("form_id", "is not one of ours; open the page again")])
    return found


def done(database: Database, tenant: str, act: Act, now: datetime, most: int) -> None:
    """Store the event if there is one, then the feedback; sent twice, it is done once."""
    event = _event(act, now)
    if event is not None:
        body = orjson.dumps([event])
        (receipt,) = orjson.loads(events_stored(body, database, tenant, now, most))["items"]
        error = receipt.get("error")
        if receipt["status"] == "duplicate" or (error and "stored already" in error["detail"]):
            return
        if error is not None:
            raise Problem(error["status"], error["detail"])
    if act.decision_id:
        touched = act.act in ("did", "call_anyway")
        followed = touched == (act.hint == "nudge") and act.act != "call_anyway"
        given = {
            "action": "followed" if followed else "overridden",
            "reason": act.reason or None,
            "actor_id": act.actor_id or None,
        }
        feedback.keep(database, tenant, act.decision_id, given, now)


def _event(act: Act, now: datetime) -> dict[str, Any] | None:
    kinds: dict[str, dict[str, Any]] = {
        "did": {"kind": "touch", "channel": act.channel},
        "call_anyway": {"kind": "touch", "channel": "phone"},
        "leave_alone": {
            "kind": "complaint" if act.reason == REASONS["leave_alone"][1] else "opt_out"
        },
    }
    if act.act not in kinds:
        return None
    named = {n: v for n in ("campaign_id", "actor_id", "account_id") if (v := getattr(act, n))}
    return {
        "event_id": f"page-{act.form_id}", "contact_id": act.contact_id,
        "occurred_at": now.isoformat(), **kinds[act.act], **named,
    }  # fmt: skip
