"""Routes that are asked so often that FastAPI's search for what they depend on is felt."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute


class Direct(APIRoute):
    """A route whose function takes the request and who asks, and gives a Response.

    Documented like any other. What FastAPI does for every dependency takes as long as a fifth of
    everything else around a decision.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Ask for the caller, then for the answer."""
        (asked,) = self.dependant.dependencies
        allowed: Any = asked.call
        endpoint: Any = self.endpoint

        async def answer(request: Request) -> Response:
            found: Response = await endpoint(request, await allowed(request))
            return found

        return answer
