"""The API, built by a function."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from importlib.metadata import version

from anyio import CapacityLimiter
from fastapi import FastAPI
from fastapi.concurrency import run_in_threadpool
from starlette.routing import Route

from features.store.opening import open_store
from models.decide import Decider
from models.registry import CHALLENGER
from models.rules import Rulebook
from models.settings import load_settings
from models.tenant_rules import read_tenant_rules
from serving import problems
from serving.access.access import Access
from serving.access.audit import note_rules
from serving.access.headers import let_sites_read
from serving.background import working
from serving.batching import Batching
from serving.champion import Champion
from serving.clock import system_time
from serving.flight.metrics import FlightMetrics, ShadowMetrics
from serving.flight.shadow import Shadow
from serving.flight.source import Fixed, Nobody, Registry
from serving.flight.watch import Watch
from serving.logs import configure
from serving.mcp.endpoint import METHODS as MCP_METHODS
from serving.mcp.endpoint import PATH as MCP_PATH
from serving.mcp.endpoint import Assistants
from serving.memory import settle
from serving.middleware import Surroundings
from serving.openapi import document
from serving.page import PAGES, visitor
from serving.routes import API
from serving.routes.common import TURNS
from serving.settings import ServiceSettings
from serving.stored.ledgers import Ledgers
from serving.stored.refresher import Refresher
from serving.telemetry import Telemetry
from serving.tracing import tracing_to
from serving.webhooks.dispatcher import Dispatcher

TITLE = "fineline"
ABOUT = "Tells a recruiter whether one more follow-up will land or annoy."


def create_app(
    settings: ServiceSettings,
    load: Callable[[], Decider] | None = None,
    started: Callable[[], None] = lambda: None,
) -> FastAPI:
    """The app; `load` makes the decider that answers, by default the registry's champion.

    `started` is called before the first request.
    """
    if settings.rules is not None:
        # What a tenant's rules get wrong is said at the start, not by the first answer.
        read_tenant_rules(settings.rules, Rulebook.load(None))
    telemetry, tracing = Telemetry(), tracing_to(settings.otlp_endpoint)
    database = open_store(settings)
    database.tell(telemetry.store_up.set)
    access, champion = Access(database, settings), Champion(telemetry.loaded)
    rival = Registry(settings, CHALLENGER) if load is None else Nobody()
    shadow = Shadow(database, rival, ShadowMetrics(telemetry.registry), settings.shadow_seconds)
    source = Registry(settings) if load is None else Fixed(load)
    workers = (
        Watch(source, champion, FlightMetrics(telemetry.registry), settings.watch_seconds),
        Refresher(database, champion, settings, telemetry),
        Ledgers(database, settings.ledger_seconds, telemetry),
        Dispatcher(database, champion, settings, telemetry),
        shadow,
    )
    assistants = Assistants(settings)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:  # noqa: ARG001
        async with AsyncExitStack() as ends:
            ends.callback(database.close)
            if tracing is not None:
                ends.push_async_callback(run_in_threadpool, tracing.stop)
            ends.push_async_callback(run_in_threadpool, access.close)
            await run_in_threadpool(note_rules, database, settings.rules, datetime.now(UTC))
            await ends.enter_async_context(working(workers))
            await run_in_threadpool(started)
            await ends.enter_async_context(assistants.running())
            yield

    app = FastAPI(
        title=TITLE, description=ABOUT, version=version("fineline"), lifespan=lifespan,
        docs_url=None, redoc_url=None,
        # Tracing and metrics are ours (serving.tracing, serving.telemetry).
        telemetry={"tracing": False, "metrics": False, "logs": False},
        generate_unique_id_function=lambda route: route.name,
    )  # fmt: skip
    app.state.settings, app.state.champion, app.state.clock = settings, champion, system_time
    app.state.challenger, app.state.batching = shadow.challenger, Batching()
    app.state.turns = CapacityLimiter(TURNS[database.url.get_backend_name()])
    app.state.telemetry, app.state.database, app.state.access = telemetry, database, access
    _furnish(app, assistants)
    let_sites_read(app, settings)
    app.add_middleware(Surroundings, telemetry=telemetry, tracing=tracing)
    return app


def _furnish(app: FastAPI, assistants: Assistants) -> None:
    """Routes, what is answered when something is wrong, and the reference."""
    for router in API:
        app.include_router(router)
    for router in PAGES:
        app.include_router(router, include_in_schema=False)
    app.router.routes.append(Route(MCP_PATH, assistants, methods=MCP_METHODS))
    problems.install(app)
    visitor.install(app)
    app.openapi = lambda: document(app)  # type: ignore[method-assign]


def from_environment() -> FastAPI:
    """The app as server processes build it."""
    settings = load_settings(ServiceSettings)
    configure(settings.log_format, settings.log_requests)
    return create_app(settings, started=settle)
