"""Assistants ask through the Model Context Protocol: the SDK's own client over real HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import httpx2
import pytest
from fastapi import FastAPI, Request
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError

from models.decide import Decider
from models.decision import ModelRef
from serving.app import create_app
from serving.schemas import SCORE_EXAMPLE
from serving.settings import ServiceSettings
from tests.api import asked
from tests.served import served
from tests.stored import touch
from training.train import model_of_base_rates

T = TypeVar("T")


def app_in(home: Path) -> FastAPI:
    decider = Decider(model_of_base_rates(), ModelRef("fineline", "1"))
    return create_app(ServiceSettings(home=home, database_url=""), lambda: decider)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served(app_in(tmp_path_factory.mktemp("home"))) as found:
        yield found


def with_client(
    address: str, work: Callable[[Client], Awaitable[T]], mode: str = "auto", **headers: str
) -> T:
    """What `work` finds out as a client of the SDK."""

    async def run() -> T:
        async with httpx2.AsyncClient(headers=headers, timeout=30) as http:
            transport = streamable_http_client(f"{address}/mcp", http_client=http)
            async with Client(transport, mode=mode) as client:
                return await work(client)

    return asyncio.run(run())


def called(address: str, tool: str, arguments: dict[str, Any], **headers: str) -> Any:
    return with_client(address, lambda c: c.call_tool(tool, arguments), **headers)


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_the_tools_say_what_they_do(address: str, mode: str) -> None:
    found = with_client(address, lambda c: c.list_tools(), mode).tools
    assert [t.name for t in found] == ["score", "worklist", "record_event"]
    for tool in found:
        assert tool.description
        assert tool.input_schema["type"] == "object"
        assert tool.annotations is not None
        assert tool.annotations.open_world_hint is False
        assert tool.annotations.read_only_hint is (tool.name != "record_event")


def test_a_score_is_that_of_the_route(address: str) -> None:
    found = called(address, "score", SCORE_EXAMPLE)
    assert not found.is_error
    plain = httpx2.post(f"{address}/v1/score", json=SCORE_EXAMPLE).json()
    assert found.structured_content == plain
    assert plain["decision_id"] in found.content[0].text


def test_a_refusal_is_that_of_the_route(address: str) -> None:
    wrong = asked(history=[{"kind": "dance", "occurred_at": "x"}])
    found = called(address, "score", wrong)
    assert found.is_error
    plain = httpx2.post(f"{address}/v1/score", json=wrong).json()
    assert found.structured_content == plain
    assert plain["errors"][0]["field"].startswith("history[0]")


def test_what_is_recorded_is_on_the_list_of_work(address: str) -> None:
    event = touch("m1", "ben", occurred_at="2026-06-01T09:00:00Z")
    assert called(address, "record_event", event).structured_content == {
        "id": "m1", "status": "accepted",
    }  # fmt: skip
    assert called(address, "record_event", event).structured_content["status"] == "duplicate"
    refused = called(address, "record_event", {**event, "event_id": "m2", "kind": "dance"})
    assert refused.is_error
    assert refused.structured_content["error"]["errors"][0]["field"] == "events[0].kind"
    found = called(address, "worklist", {"limit": 5, "actor_id": None})
    assert not found.is_error
    listed = httpx2.get(f"{address}/v1/worklist?limit=5").json()
    assert found.structured_content["items"] == listed["items"]
    export = httpx2.get(f"{address}/v1/contacts/ben").json()
    assert [e["event_id"] for e in export["events"]] == ["m1"]


@pytest.mark.parametrize(
    ("arguments", "field"),
    [({"limit": 500}, "limit"), ({"page": 2}, "page"), ({"cursor": "?"}, "cursor")],
)
def test_a_list_that_cannot_be_is_refused(
    address: str, arguments: dict[str, Any], field: str
) -> None:
    found = called(address, "worklist", arguments)
    assert found.is_error
    assert found.structured_content["errors"][0]["field"] == field


def test_a_tool_that_there_is_not(address: str) -> None:
    async def call(client: Client) -> None:
        with pytest.raises(MCPError, match="there is no tool 'send_mail'"):
            await client.call_tool("send_mail", {})

    with_client(address, call)


def test_tools_ask_as_who_asks_them(tmp_path: Path) -> None:
    seen: list[dict[str, str]] = []
    app = app_in(tmp_path)

    @app.middleware("http")
    async def look(request: Request, following: Any) -> Any:
        if request.url.path == "/v1/score":
            seen.append(dict(request.headers))
        return await following(request)

    with served(app) as address:
        called(address, "score", SCORE_EXAMPLE, authorization="Bearer fl_1")
    assert seen[0]["authorization"] == "Bearer fl_1"
    assert seen[0]["content-type"] == "application/json"
    assert not [name for name in seen[0] if name.startswith("mcp-")]


def test_pages_elsewhere_are_refused(address: str) -> None:
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    headers = {"accept": "application/json, text/event-stream"}
    for name, value in (("host", "evil.example"), ("origin", "https://evil.example")):
        answer = httpx2.post(f"{address}/mcp", json=message, headers={**headers, name: value})
        assert answer.status_code in (403, 421)


def test_it_is_counted_by_its_route(address: str) -> None:
    called(address, "score", SCORE_EXAMPLE)
    assert 'route="/mcp"' in httpx2.get(f"{address}/metrics").text
