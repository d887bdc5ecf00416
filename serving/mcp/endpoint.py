"""The endpoint `/mcp`: streamable HTTP without sessions, so that any worker answers any request.

A tool asks our own API, in this process, on behalf of whoever asks the tool: keys, tenants, limits
and validation are those of the routes.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from importlib.metadata import version
from ipaddress import ip_address
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import httpx2
import orjson
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from mcp.shared.exceptions import MCPError
from mcp_types import (
    INVALID_PARAMS,
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
)
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from serving.mcp.tools import BASE, TOOLS, Body
from serving.problems import Problem, respond
from serving.settings import ServiceSettings

PATH = "/mcp"
METHODS = ["GET", "POST", "DELETE"]
_INSTRUCTIONS = (
    "fineline tells whether one more follow-up to a person will land or annoy. Ask `score`, or "
    "take `worklist`, before you write to or call anybody: if the hint is wait, do nothing before "
    "nudge_at; if it is stop, nothing at all. Record what then happened with `record_event`. "
    "fineline itself never sends anything to anybody."
)
#: Of the request itself or its body; the others are handed on, for they say who asks.
_OWN = {
    "accept", "accept-encoding", "connection", "content-length", "content-type", "host",
    "keep-alive", "origin", "te", "transfer-encoding", "upgrade",
}  # fmt: skip
_STARTING = "The service has not started yet; ask again in a moment."
Context = ServerRequestContext[Any, Request]


class Assistants:
    """An ASGI app that answers assistants while it is `running`."""

    def __init__(self, settings: ServiceSettings) -> None:
        self._settings = settings
        self._manager: StreamableHTTPSessionManager | None = None
        self._server = Server(
            "fineline", version=version("fineline"), title="fineline", instructions=_INSTRUCTIONS,
            on_list_tools=_list_tools, on_call_tool=_call_tool,
        )  # fmt: skip

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Answer while the block runs."""
        manager = StreamableHTTPSessionManager(
            self._server, json_response=True, stateless=True,
            security_settings=_who_may_ask(self._settings),
            max_request_body_size=self._settings.max_body_mb * 1_000_000,
        )  # fmt: skip
        async with manager.run():
            self._manager = manager
            try:
                yield
            finally:
                self._manager = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        # By its pattern a request is counted.
        scope["route"] = SimpleNamespace(path=PATH)
        if self._manager is None:
            await respond(Problem(503, _STARTING), Request(scope))(scope, receive, send)
            return
        await self._manager.handle_request(scope, receive, send)


async def _list_tools(_: Context, __: PaginatedRequestParams | None) -> ListToolsResult:
    return ListToolsResult(tools=[one.tool for one in TOOLS.values()])


async def _call_tool(context: Context, params: CallToolRequestParams) -> CallToolResult:
    if params.name not in TOOLS:
        known = ", ".join(TOOLS)
        raise MCPError(INVALID_PARAMS, f"there is no tool {params.name[:100]!r}; there are {known}")
    one = TOOLS[params.name]
    assert context.request is not None
    try:
        answer = await _asked(context.request, one.request(params.arguments or {}))
    except Problem as problem:
        return _result(problem.body(PATH), failed=True)
    found: Body = orjson.loads(answer.content)
    if answer.status_code != 200:
        return _result(found, failed=True)
    shown, failed = one.answer(found)
    return _result(shown, failed=failed)


async def _asked(outer: Request, inner: httpx2.Request) -> httpx2.Response:
    """Our own answer to a request, made in this process by who made the outer one."""
    for name, value in outer.headers.items():
        if name not in _OWN and not name.startswith("mcp-"):
            inner.headers[name] = value
    client = tuple(outer.client) if outer.client else ("127.0.0.1", 0)
    transport = httpx2.ASGITransport(outer.app, client=client)  # type: ignore[arg-type]
    async with httpx2.AsyncClient(transport=transport, base_url=BASE) as own:
        return await own.send(inner)


def _result(shown: Mapping[str, Any], *, failed: bool) -> CallToolResult:
    text = orjson.dumps(shown).decode()
    return CallToolResult(
        content=[TextContent(text=text)], structured_content=dict(shown), is_error=failed
    )


def _who_may_ask(settings: ServiceSettings) -> TransportSecuritySettings:
    """On loopback only who knows it by such a name: a web page could rename it to one of its own.

    Elsewhere keys say who may ask.
    """
    try:
        loopback = ip_address(settings.host).is_loopback
    except ValueError:
        loopback = settings.host == "localhost"
    names = ["127.0.0.1", "localhost", "[::1]"]
    public = urlsplit(settings.public_url).netloc
    hosts = [*names, *(f"{name}:*" for name in names), *([public] if public else [])]
    return TransportSecuritySettings(
        enable_dns_rebinding_protection=loopback,
        allowed_hosts=hosts,
        allowed_origins=[f"{scheme}://{host}" for scheme in ("http", "https") for host in hosts],
    )
