"""A FastAPI route that only parses its body: what any service on FastAPI costs at least."""

from __future__ import annotations

import orjson
from fastapi import FastAPI, Request, Response

app = FastAPI()


@app.post("/v1/score")
async def parse(request: Request) -> Response:
    """Parse, and say so."""
    orjson.loads(await request.body())
    return Response(b'{"hint":"none"}', media_type="application/json")


@app.get("/readyz")
async def ready() -> Response:
    """It is."""
    return Response(b"{}", media_type="application/json")
