"""The only clock of the service."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Request


def system_time() -> datetime:
    """The time of this machine: what `app.state.clock` is unless somebody sets another."""
    return datetime.now(UTC)


def moment_of(request: Request) -> datetime:
    """The moment of a request: when it was first asked for, and the same ever after."""
    state = request.state
    if not hasattr(state, "moment"):
        state.moment = request.app.state.clock()
    found: datetime = state.moment
    return found


async def _now(request: Request) -> datetime:
    return moment_of(request)


Now = Annotated[datetime, Depends(_now)]
