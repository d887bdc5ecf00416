"""Keys as requests bring them: looked up in the store, remembered for a few seconds."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from cachetools import TTLCache
from fastapi.concurrency import run_in_threadpool

from features.errors import FinelineError, StoreUnavailable
from features.store import keys
from features.store.database import Database
from features.store.keys import Key
from serving.access.tokens import digest, same, token_of

_log = logging.getLogger("fineline.api")
#: Seconds after which a key is looked up again: so long a revoked one may still be taken.
REMEMBERED = 3.0
#: Seconds for which a key that was good goes on being taken while the store does not answer, and
#: how long a request waits for the store to say otherwise.
_WITHOUT_STORE, _PATIENCE = 900.0, 1.0
_MOST = 10_000
#: Microseconds between two notes of when a key was last used.
_NOTED = 300 * 1_000_000

Found = Key | StoreUnavailable | None


class KeyRing:
    """The keys that one server process has seen lately; to be used in its event loop."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._fresh: TTLCache[str, Key | None] = TTLCache(_MOST, REMEMBERED, time.monotonic)
        self._old: TTLCache[str, Key] = TTLCache(_MOST, _WITHOUT_STORE, time.monotonic)
        self._looks: dict[str, asyncio.Task[Found]] = {}
        self._noting = ThreadPoolExecutor(1, thread_name_prefix="keys")

    async def find(self, text: str, now_us: int) -> Key | None:
        """The key whose secret this is, if it is good; raises StoreUnavailable."""
        token = token_of(text)
        if token is None:
            return None
        kept = digest(text)
        key = self._fresh[kept] if kept in self._fresh else await self._look(token.key_id, kept)
        if key is None or not key.good(now_us):
            return None
        self._note(key, kept, now_us)
        return key

    def close(self) -> None:
        """End what is under way."""
        self._noting.shutdown(cancel_futures=True)

    async def _look(self, key_id: str, kept: str) -> Key | None:
        """Look a key up, once for all who ask meanwhile."""
        look = self._looks.get(kept)
        if look is None:
            look = asyncio.ensure_future(run_in_threadpool(self._read, key_id, kept))
            self._looks[kept] = look
            look.add_done_callback(lambda done: self._remember(kept, done))
        old = self._old.get(kept)
        await asyncio.wait([look], timeout=None if old is None else _PATIENCE)
        found: Found = look.result() if look.done() else old
        if isinstance(found, StoreUnavailable):
            # What needs no store goes on being answered without it.
            if old is None:
                raise found
            return old
        return found

    def _read(self, key_id: str, kept: str) -> Found:
        if not self._database.exists:
            return None
        try:
            with self._database.reading() as connection:
                found = keys.find(connection, key_id)
        except StoreUnavailable as error:
            return error
        return found if found is not None and same(found.digest, kept) else None

    def _remember(self, kept: str, look: asyncio.Task[Found]) -> None:
        self._looks.pop(kept, None)
        if look.cancelled() or look.exception() is not None:
            return
        found = look.result()
        if isinstance(found, StoreUnavailable):
            # Who was good before is not asked about again with every request.
            if (old := self._old.get(kept)) is not None:
                self._fresh[kept] = old
            return
        self._fresh[kept] = found
        if found is None:
            self._old.pop(kept, None)
        else:
            self._old[kept] = found

    def _note(self, key: Key, kept: str, now_us: int) -> None:
        """Have it noted in a while that a key was used; nobody waits for it."""
        if key.used_us is not None and now_us - key.used_us < _NOTED:
            return
        noted = dataclasses.replace(key, used_us=now_us)
        for known in (self._fresh, self._old):
            if kept in known:
                known[kept] = noted
        # A pool that is shut down takes no more.
        with suppress(RuntimeError):
            self._noting.submit(self._write, key.key_id, now_us)

    def _write(self, key_id: str, now_us: int) -> None:
        try:
            self._database.write(lambda c: keys.used(c, key_id, now_us))
        except FinelineError as error:
            _log.warning("when key %s was last used could not be noted: %s", key_id, error)
