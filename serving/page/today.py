"""Today: whom to nudge now, who waits until when, and whom to leave alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response
from fastapi.concurrency import run_in_threadpool

from features.errors import FinelineError
from features.moments import microseconds
from features.store import listing, threads
from features.store.campaigns import closes_by, closings
from features.store.database import Connection, Database
from features.store.listing import Filter
from features.store.threads import Thread
from serving.page.render import page, trouble
from serving.page.visitor import PageReader
from serving.routes.common import Now, database, decider

router = APIRouter()
HINTS = ("nudge", "wait", "stop")
#: Threads on one page: a day's work, and little enough to be there at once.
PAGE = 50
_Text = Annotated[str, Query(max_length=200)]


@router.get("/")
async def today(
    request: Request, caller: PageReader, now: Now, show: str = "nudge", actor: _Text = "",
    account: _Text = "", campaign: _Text = "", q: _Text = "",
    number: Annotated[int, Query(alias="page", ge=1, le=100_000)] = 1,
) -> Response:  # fmt: skip
    """A page of the work list; answered from what the refresher keeps, never decided here."""
    hint = show if show in HINTS else "nudge"
    asked = Filter(actor, account, campaign, q.strip())
    try:
        await decider(request)
        found = await run_in_threadpool(
            _found, database(request), caller.tenant, hint, asked, number, microseconds(now)
        )
    except FinelineError as error:
        return trouble(error)
    return page("today.html", here="today", hint=hint, asked=asked, now_us=microseconds(now),
                number=number, address=_Address(hint, asked), **found)  # fmt: skip


def _found(
    store: Database, tenant: str, hint: str, asked: Filter, number: int, now_us: int
) -> dict[str, Any]:
    with store.reading() as connection:
        counts = listing.counted(connection, tenant, asked)
        listed = listing.listed(connection, tenant, hint, asked, (number - 1) * PAGE, PAGE)
        return {
            "threads": listed,
            "closes": _closings(connection, tenant, listed, now_us),
            "counts": {h: counts.get(h, 0) for h in HINTS},
            "options": {n: listing.options(connection, tenant, n) for n in listing.NAMED},
            "pending": threads.waiting(connection, tenant, now_us),
            "pages": max(1, -(-counts.get(hint, 0) // PAGE)),
        }


def _closings(
    connection: Connection, tenant: str, listed: Sequence[Thread], now_us: int
) -> dict[str, int]:
    """When the roles of these threads close that are known to, and have not yet; microseconds."""
    told = closings(connection, tenant, {t.campaign_id for t in listed})
    closes = {campaign: closes_by(said, now_us) for campaign, said in told.items()}
    return {campaign: us for campaign, us in closes.items() if us is not None and us > now_us}


class _Address:
    """Addresses of the list with one thing changed."""

    def __init__(self, hint: str, asked: Filter) -> None:
        self._hint, self._asked = hint, asked

    def showing(self, hint: str) -> str:
        """The same filter with another hint."""
        return self._of(hint, self._asked, 1)

    def at(self, number: int) -> str:
        """Another page."""
        return self._of(self._hint, self._asked, number)

    def without(self, name: str) -> str:
        """One filter less."""
        return self._of(self._hint, replace(self._asked, **{name: ""}), 1)

    @staticmethod
    def _of(hint: str, asked: Filter, number: int) -> str:
        names = {"actor_id": "actor", "account_id": "account", "campaign_id": "campaign",
                 "text": "q"}  # fmt: skip
        given = {names[k]: v for k, v in asdict(asked).items() if v}
        more = {"page": number} if number > 1 else {}
        return "/?" + urlencode({"show": hint, **given, **more})
