"""What the store says of secrets, remembered by a server process for a few seconds."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from cachetools import TTLCache
from fastapi.concurrency import run_in_threadpool

from features.errors import StoreUnavailable

T = TypeVar("T")
#: Seconds after which the store is asked again: so long what was revoked may still be taken.
REMEMBERED = 3.0
#: Seconds for which what was good goes on being taken while the store does not answer, and how long
#: a request waits for the store to say otherwise.
_WITHOUT_STORE, _PATIENCE = 900.0, 1.0
_MOST = 10_000


class Remembered(Generic[T]):
    """Answers of `read` to a digest, which gives None for what there is not.

    To be used in one event loop; `read` runs in a thread and may raise StoreUnavailable.
    """

    def __init__(self, read: Callable[[str], T | None]) -> None:
        self._read = read
        self._fresh: TTLCache[str, T | None] = TTLCache(_MOST, REMEMBERED, time.monotonic)
        self._old: TTLCache[str, T] = TTLCache(_MOST, _WITHOUT_STORE, time.monotonic)
        self._looks: dict[str, asyncio.Task[T | StoreUnavailable | None]] = {}

    async def find(self, digest: str) -> T | None:
        """What there is under a digest; looked up once for all who ask meanwhile.

        Raises StoreUnavailable for what was not known before.
        """
        if digest in self._fresh:
            return self._fresh[digest]
        look = self._looks.get(digest)
        if look is None:
            look = asyncio.ensure_future(run_in_threadpool(self._look, digest))
            self._looks[digest] = look
            look.add_done_callback(lambda done: self._looked(digest, done))
        old = self._old.get(digest)
        await asyncio.wait([look], timeout=None if old is None else _PATIENCE)
        found = look.result() if look.done() else old
        if isinstance(found, StoreUnavailable):
            # What needs no store goes on being answered without it.
            if old is None:
                raise found
            return old
        return found

    def replace(self, digest: str, known: T) -> None:
        """Remember something newer than the store has yet, where it is remembered."""
        for kept in (self._fresh, self._old):
            if digest in kept:
                kept[digest] = known

    def forget(self, digest: str) -> None:
        """Ask the store again."""
        self._fresh.pop(digest, None)
        self._old.pop(digest, None)

    def _look(self, digest: str) -> T | StoreUnavailable | None:
        try:
            return self._read(digest)
        except StoreUnavailable as error:
            return error

    def _looked(self, digest: str, look: asyncio.Task[T | StoreUnavailable | None]) -> None:
        self._looks.pop(digest, None)
        if look.cancelled() or look.exception() is not None:
            return
        found = look.result()
        if isinstance(found, StoreUnavailable):
            # Who was good before is not asked about again with every request.
            if (old := self._old.get(digest)) is not None:
                self._fresh[digest] = old
            return
        self._fresh[digest] = found
        if found is None:
            self._old.pop(digest, None)
        else:
            self._old[digest] = found
