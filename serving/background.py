"""What works beside the answers for as long as the service runs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Protocol

from fastapi.concurrency import run_in_threadpool


class Worker(Protocol):
    """Something that begins and ends; both may wait, but not for long."""

    def start(self) -> None:
        """Begin; what was started is stopped, even if this fails."""

    def stop(self) -> None:
        """End; harmless where nothing was begun."""


@asynccontextmanager
async def working(workers: Sequence[Worker]) -> AsyncIterator[None]:
    """Start the workers in their order; in the end, or where one fails, stop the last one first."""
    async with AsyncExitStack() as ends:
        for worker in workers:
            ends.push_async_callback(run_in_threadpool, worker.stop)
            await run_in_threadpool(worker.start)
        yield
