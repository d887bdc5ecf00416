"""The hint inside another product: the script, a page for frames, and a record to try it on."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.concurrency import run_in_threadpool

from features.errors import FinelineError
from features.store import listing
from features.store.listing import Filter
from serving.page.assets import FILES
from serving.page.render import POLICY, page, trouble
from serving.page.visitor import PageReader
from serving.routes.common import database, settings

router = APIRouter()
_Text = Annotated[str, Query(max_length=1000)]


@router.get("/widget.js")
async def script() -> Response:
    """One script for one tag; any site may load it, which says nothing of anybody."""
    headers = {
        "content-type": "text/javascript; charset=utf-8", "cache-control": "public, max-age=3600",
        "cross-origin-resource-policy": "cross-origin",
    }  # fmt: skip
    return Response(FILES["widget.js"], headers=headers)


@router.get("/embed/hint")
async def embedded(request: Request, contact: _Text = "", campaign: _Text = "") -> Response:
    """The widget as a page of its own; who may frame it is FINELINE_EMBED_ORIGINS."""
    answer = page("embed.html", contact=contact, campaign=campaign)
    framing = " ".join(["'self'", *settings(request).embedding])
    own = POLICY.replace("frame-ancestors 'none'", f"frame-ancestors {framing}")
    answer.headers["content-security-policy"] = own
    answer.headers["x-frame-options"] = "SAMEORIGIN"
    return answer


@router.get("/demo")
async def demo(request: Request, caller: PageReader, contact: _Text = "") -> Response:
    """A record of a made-up CRM with the widget in it, both ways."""

    def first() -> str:
        with database(request).reading() as connection:
            for hint in ("nudge", "wait", "stop"):
                found = listing.listed(connection, caller.tenant, hint, Filter(), 0, 1)
                if found:
                    return found[0].contact_id
        return ""

    try:
        shown = contact or await run_in_threadpool(first)
    except FinelineError as error:
        return trouble(error)
    answer = page("demo.html", here="demo", contact=shown)
    answer.headers["content-security-policy"] = f"{POLICY}; frame-src 'self'"
    return answer
