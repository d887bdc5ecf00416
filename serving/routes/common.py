"""What routes need of their surroundings: the clock, the model in service, the store."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any, TypeVar
from urllib.parse import unquote

from anyio import to_thread
from fastapi import Path, Query, Request, Response
from pydantic import AfterValidator

from features.store.database import Database
from models.decide import Decider
from serving.champion import Champion
from serving.clock import Now as Now
from serving.schemas import ID, LINE, MOMENT
from serving.settings import ServiceSettings
from serving.telemetry import Telemetry


def state(request: Request) -> Any:
    """What the app holds."""
    return request.app.state


def settings(request: Request) -> ServiceSettings:
    """The settings in force."""
    found: ServiceSettings = state(request).settings
    return found


def telemetry(request: Request) -> Telemetry:
    """The metrics of this app."""
    found: Telemetry = state(request).telemetry
    return found


def champion(request: Request) -> Champion:
    """What holds the model in service."""
    found: Champion = state(request).champion
    return found


def database(request: Request) -> Database:
    """The event store's database."""
    found: Database = state(request).database
    return found


async def decider(request: Request) -> Decider:
    """The decider in service; one request asks once, so that its answer is of one model."""
    return champion(request).decider()


#: An id as it stands in the path; the surroundings leave it percent-encoded (see middleware).
ContactId = Annotated[
    str,
    Path(description="The person.", examples=["anna"], json_schema_extra=ID),
    AfterValidator(partial(unquote, errors="strict")),
]
CampaignId = Annotated[
    str,
    Path(description="The role.", examples=["data-engineer"], json_schema_extra=ID),
    AfterValidator(partial(unquote, errors="strict")),
]
#: What addresses say of threads and recruiters.
CampaignAsked = Annotated[
    str | None, Query(description="The thread; the latest if left out.", json_schema_extra=LINE)
]
MomentAsked = Annotated[
    str | None,
    Query(
        description="The moment asked about (RFC 3339); now if left out.", json_schema_extra=MOMENT
    ),
]


#: Hints decided at the same time, by the kind of database. Threads that share a processor wait for
#: each other longer than they work, but while one waits for a server another may go on.
TURNS = {"sqlite": 2, "postgresql": 6}
T = TypeVar("T")


async def in_turn(request: Request, work: Callable[..., T], *given: Any) -> T:
    """What `work` gives in a thread; so many at a time as `TURNS` has."""
    return await to_thread.run_sync(work, *given, limiter=state(request).turns)


def as_json(written: bytes) -> Response:
    """JSON that is written already, as an answer."""
    return Response(written, media_type="application/json")
