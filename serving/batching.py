"""Questions that come at the same time, decided together: most of the cost is per batch."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from anyio import CapacityLimiter, to_thread

from serving.problems import FAILED, Problem
from serving.scores import Scoring, each

_log = logging.getLogger("fineline.api")
#: Questions decided at once. More would make the first wait for the last.
MOST = 16
#: Seconds that the first of a batch waits where the batch before was of a `CROWD`.
MOMENT = 0.002
#: Fewer come one after another as quickly as they are answered: to wait would only cost them.
CROWD = 4

_Asked = tuple[Scoring, bytes, asyncio.Future[bytes]]


class Batching:
    """Collects what is asked in one turn of the event loop, and answers it in the next.

    A question that comes alone is decided alone. While some are being decided others arrive, so
    that batches grow with the load; then the first of a batch waits a moment for those whose
    clients have just been answered.
    """

    def __init__(self) -> None:
        self._waiting: list[_Asked] = []
        self._busy = False
        self._thread = CapacityLimiter(1)

    async def long(self, answer: Callable[[bytes], bytes], body: bytes) -> bytes:
        """What takes long, on a thread; one at a time: two would get in each other's way."""
        return await to_thread.run_sync(answer, body, limiter=self._thread)

    async def one(self, scoring: Scoring, body: bytes) -> bytes:
        """The decision a `POST /v1/score` asks for, as JSON; raises Problem."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[bytes] = loop.create_future()
        self._waiting.append((scoring, body, answer))
        if len(self._waiting) == 1:
            loop.call_later(MOMENT if self._busy else 0, self._answer)
        return await answer

    def _answer(self) -> None:
        """Answer the first that wait for the same decider; others come next."""
        decider = self._waiting[0][0].decider
        mine: list[_Asked] = []
        others: list[_Asked] = []
        for asked in self._waiting:
            together = asked[0].decider is decider and len(mine) < MOST
            (mine if together else others).append(asked)
        self._waiting, self._busy = others, len(mine) >= CROWD
        if others:
            asyncio.get_running_loop().call_soon(self._answer)
        # Whoever has hung up does not need an answer.
        mine = [asked for asked in mine if not asked[2].done()]
        if not mine:
            return
        try:
            found = each([scoring for scoring, _, _ in mine], [body for _, body, _ in mine])
        except Exception as error:
            _log.error("a batch with request %s failed", mine[0][0].request_id, exc_info=error)
            found = [Problem(500, FAILED) for _ in mine]
        for (_, _, answer), one in zip(mine, found, strict=True):
            if isinstance(one, Problem):
                answer.set_exception(one)
            else:
                answer.set_result(one)
