"""Somebody who is told: a real server on loopback that keeps what it got."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI, Request, Response
from standardwebhooks.webhooks import Webhook

from tests.served import served


@dataclass
class Receiver:
    """What came, and with which statuses the next requests are answered (200 after those)."""

    address: str = ""
    statuses: list[int] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    def ids(self) -> list[str]:
        """The ids of what came, in order."""
        return [headers["webhook-id"] for headers, _ in self.got]

    def verified(self, secret: str) -> list[dict[str, Any]]:
        """What came, as a receiver's library reads it; raises if a signature is wrong."""
        return [Webhook(secret).verify(body, headers) for headers, body in self.got]


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver while the block runs."""
    found, app = Receiver(), FastAPI()

    @app.post("/hooks")
    async def hooks(request: Request) -> Response:
        found.got.append((dict(request.headers), await request.body()))
        status = found.statuses.pop(0) if found.statuses else 200
        return Response(status_code=status, headers=found.headers if status >= 300 else None)

    with served(app) as address:
        found.address = f"{address}/hooks"
        yield found
