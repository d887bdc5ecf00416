"""How often a password may be tried: by name and address, by name, by address."""

from __future__ import annotations

import math
import time

from limits import RateLimitItem, RateLimitItemPerHour, RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter

from serving.problems import Problem

#: From one address at one name; at one name from anywhere; from one address, where many may sit.
_BOTH = RateLimitItemPerMinute(5, 5)
_NAME = RateLimitItemPerHour(50)
_ADDRESS = RateLimitItemPerMinute(100, 5)


class Guesses:
    """Attempts to sign in, counted by one server process."""

    def __init__(self) -> None:
        self._counts = SlidingWindowCounterRateLimiter(MemoryStorage())

    async def attempt(self, user_id: str, address: str) -> None:
        """Count an attempt before it is looked at; raises Problem 429 for one too many."""
        for limit, names in self._limits(user_id, address):
            if not await self._counts.hit(limit, *names):
                window = await self._counts.get_window_stats(limit, *names)
                wait = max(1, math.ceil(window.reset_time - time.time()))
                raise Problem(
                    429,
                    "There were too many attempts to sign in; wait some minutes.",
                    headers={"retry-after": str(wait)},
                )

    async def right(self, user_id: str, address: str) -> None:
        """Forget the attempts of somebody who knew the password."""
        for limit, names in self._limits(user_id, address)[:2]:
            await self._counts.clear(limit, *names)

    @staticmethod
    def _limits(user_id: str, address: str) -> list[tuple[RateLimitItem, tuple[str, ...]]]:
        return [
            (_BOTH, ("both", user_id, address)),
            (_NAME, ("name", user_id)),
            (_ADDRESS, ("address", address)),
        ]
