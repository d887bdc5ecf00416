"""Routes for those who run the service: model, health, metrics, reference."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response

from serving import examples
from serving.access.caller import ANYBODY, READER
from serving.answers import to_json
from serving.champion import Champion
from serving.openapi import answers
from serving.reference import page
from serving.routes.common import as_json, champion, database, decider, state, telemetry
from serving.schemas import ModelOut, ReadyOut, StatusOut
from serving.telemetry import CONTENT_TYPE

router = APIRouter()


@router.get(
    "/v1/model",
    dependencies=[ANYBODY],
    tags=["model"],
    summary="The model that answers",
    response_class=Response,
    responses=answers(
        "/v1/model", ModelOut, "Name, version, when and on what it was trained, metrics.",
        examples.MODEL, 503,
    ),
)  # fmt: skip
async def model(request: Request) -> Response:
    """Name, version, alias, trained when and on what, how it did on later touches, and whether it
    is the version the registry names."""
    card = (await decider(request)).card
    service = {"service": champion(request).status(), "challenger": _challenger(request)}
    return as_json(to_json({"alias": "champion", **card, **service}))


def _challenger(request: Request) -> dict[str, Any] | None:
    """Who is in shadow, or should be; None where nobody is named."""
    rival: Champion = state(request).challenger
    if rival.named is None:
        return None
    current = None if rival.current is None else rival.current.ref.version
    return {
        "version": rival.named, "asked": current == rival.named, "since": rival.since,
        "trouble": None if rival.trouble is None else str(rival.trouble),
    }  # fmt: skip


@router.get(
    "/healthz", tags=["operations"], summary="The process lives", response_class=Response,
    responses=answers("/healthz", StatusOut, "It does.", {"status": "alive"}),
)  # fmt: skip
async def healthz() -> Response:
    """Always 200 while the process answers."""
    return as_json(to_json({"status": "alive"}))


@router.get(
    "/readyz", tags=["operations"], summary="A model is loaded", response_class=Response,
    responses=answers("/readyz", ReadyOut, "It is.", examples.READY, 503),
)  # fmt: skip
async def readyz(request: Request) -> Response:
    """503 with the reason while no model can answer; what is wrong while the last one does."""
    version = (await decider(request)).ref.version
    answer = {"status": "ready", "version": version, "store_up": database(request).up,
              **champion(request).status()}  # fmt: skip
    return as_json(to_json(answer))


@router.get(
    "/metrics", tags=["operations"], summary="Prometheus metrics", response_class=Response,
    dependencies=[READER],
    responses={200: {"description": "The exposition format.", "content": {
        "text/plain": {"schema": {"type": "string"}, "example": examples.METRICS}}}},
)  # fmt: skip
async def metrics(request: Request) -> Response:
    """Rates, latencies, hints, rules that bit, and the version that answers."""
    return Response(telemetry(request).page(), headers={"content-type": CONTENT_TYPE})


@router.get("/docs", include_in_schema=False)
async def docs(request: Request) -> Response:
    """The reference, rendered here: nothing is fetched from elsewhere."""
    return Response(page(request.app.openapi()), media_type="text/html; charset=utf-8")
