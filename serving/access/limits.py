"""How often one caller may ask: counted in each server process, over a window that slides."""

from __future__ import annotations

import math
import time
from functools import lru_cache

from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter

from features.errors import BadInput
from serving.problems import Problem


class Limiter:
    """Counts requests by caller; `usual` is the limit of those who have none of their own."""

    def __init__(self, usual: str) -> None:
        self._usual = usual
        self._counts = SlidingWindowCounterRateLimiter(MemoryStorage())

    async def count(self, who: str, own: str | None) -> dict[str, str]:
        """Count one request of a caller; the headers that say how many are left.

        Raises Problem 429 once there are none.
        """
        rate = own or self._usual
        if not rate:
            return {}
        limit = _parsed(rate)
        allowed = await self._counts.hit(limit, who)
        window = await self._counts.get_window_stats(limit, who)
        wait = max(1, math.ceil(window.reset_time - time.time()))
        headers = {
            "ratelimit-policy": f'"key";q={limit.amount};w={limit.get_expiry()}',
            "ratelimit": f'"key";r={window.remaining if allowed else 0};t={wait}',
        }
        if not allowed:
            message = f"More than {limit.amount:,} requests in {limit.get_expiry():,} seconds."
            raise Problem(429, message, headers=headers | {"retry-after": str(wait)})
        return headers


def checked_rate(text: str, field: str) -> str:
    """A limit such as `100/minute`, as it was given; raises BadInput for anything else.

    >>> checked_rate("100/minute", "--rate")
    '100/minute'
    """
    try:
        if _parsed(text).amount > 0:
            return text
    except ValueError:
        pass
    raise BadInput(f"{text!r} is no limit such as 100/minute or 5000/hour", field=field)


@lru_cache(1000)
def _parsed(rate: str) -> RateLimitItem:
    return parse(rate)
