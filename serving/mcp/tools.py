"""The tools an assistant has, each of them one of our routes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx2
from mcp_types import Tool, ToolAnnotations
from pydantic import BaseModel, Field

from serving.problems import FieldError, invalid
from serving.schemas import (
    CURSOR,
    DecisionOut,
    Line,
    ReceiptOut,
    ScoreIn,
    StoredEventIn,
    Strict,
    TimeZone,
    WorklistOut,
)

Arguments = Mapping[str, Any]
Body = dict[str, Any]
#: Stands for this very service: no request leaves the process.
BASE = "http://localhost"


class WorklistIn(Strict):
    """Whose list, and how much of it."""

    actor_id: Line | None = Field(None, description="Threads last touched by this recruiter only.")
    limit: int | None = Field(None, ge=1, le=200, description="Most items in a page; 50 if none.")
    cursor: str | None = Field(
        None, description="next_cursor of the page before.", json_schema_extra=CURSOR
    )
    capacity: int | None = Field(
        None, ge=0, le=1_000_000, description="Touches a day; those made count."
    )
    timezone: TimeZone | None = Field(
        None, description="Where the day of the capacity begins; UTC if none."
    )
    annoyance: float | None = Field(
        None, ge=0, le=1_000_000, description="Most people to annoy, as expected."
    )


@dataclass(frozen=True, slots=True)
class Routed:
    """A tool, the request it makes of our API, and what of the answer it hands on."""

    tool: Tool
    request: Callable[[Arguments], httpx2.Request]
    answer: Callable[[Body], tuple[Body, bool]]


def _post(path: str, content: object) -> httpx2.Request:
    return httpx2.Request("POST", f"{BASE}{path}", json=content)


def _score(arguments: Arguments) -> httpx2.Request:
    return _post("/v1/score", dict(arguments))


def _worklist(arguments: Arguments) -> httpx2.Request:
    unknown = [name for name in arguments if name not in WorklistIn.model_fields]
    if unknown:
        known = ", ".join(WorklistIn.model_fields)
        raise invalid([FieldError(str(unknown[0])[:100], f"is not a field; there are {known}")])
    asked = {name: value for name, value in arguments.items() if value is not None}
    return httpx2.Request("GET", f"{BASE}/v1/worklist", params=asked)


def _record_event(arguments: Arguments) -> httpx2.Request:
    return _post("/v1/events", [dict(arguments)])


def _whole(answer: Body) -> tuple[Body, bool]:
    return answer, False


def _only_receipt(answer: Body) -> tuple[Body, bool]:
    """The receipt of the one event; a refused one is an error."""
    (item,) = answer["items"]
    return item, item["status"] == "refused"


def _tool(
    name: str, title: str, description: str, given: type[BaseModel], found: type[BaseModel],
    *, reads: bool,
) -> Tool:  # fmt: skip
    return Tool(
        name=name,
        title=title,
        description=description,
        input_schema=given.model_json_schema(),
        output_schema=found.model_json_schema(mode="serialization"),
        annotations=ToolAnnotations(
            title=title, read_only_hint=reads, destructive_hint=False, idempotent_hint=True,
            open_world_hint=False,
        ),
    )  # fmt: skip


TOOLS: Mapping[str, Routed] = {
    "score": Routed(
        _tool(
            "score", "Ask whether to follow up",
            "Ask before you write or call: whether one more touch of this person will land or "
            "annoy, from the history you give. Answers nudge now (on which channel), wait (until "
            "when) or stop, with reasons and the rules that bit. Stores and sends nothing.",
            ScoreIn, DecisionOut, reads=True,
        ),
        _score, _whole,
    ),
    "worklist": Routed(
        _tool(
            "worklist", "Whom to nudge first",
            "The open threads of stored histories that are best nudged now, best first. Sends "
            "nothing; every answer goes on record.",
            WorklistIn, WorklistOut, reads=True,
        ),
        _worklist, _whole,
    ),
    "record_event": Routed(
        _tool(
            "record_event", "Record what happened",
            "Record one thing that happened with a person: a touch that was made, a reply, an "
            "opt-out. event_id is the id it has elsewhere, such as that of the message: the same "
            "event again is stored once. Sends nothing: it says what has happened already.",
            StoredEventIn, ReceiptOut, reads=False,
        ),
        _record_event, _only_receipt,
    ),
}  # fmt: skip
