"""Keys as requests bring them, and the note of when each was last used."""

from __future__ import annotations

import dataclasses
import logging
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from features.errors import FinelineError
from features.store import keys
from features.store.database import Database
from features.store.keys import Key
from serving.access.remembered import Remembered
from serving.access.tokens import digest, same, token_of

_log = logging.getLogger("fineline.api")
#: Microseconds between two notes of when a key was last used.
_NOTED = 300 * 1_000_000


class KeyRing:
    """The keys that one server process has seen lately."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: Remembered[Key] = Remembered(self._read)
        self._noting = ThreadPoolExecutor(1, thread_name_prefix="keys")

    async def find(self, text: str, now_us: int) -> Key | None:
        """The key whose secret this is, if it is good; raises StoreUnavailable."""
        token = token_of(text)
        if token is None:
            return None
        kept = f"{token.key_id} {digest(text)}"
        key = await self._known.find(kept)
        if key is None or not key.good(now_us):
            return None
        if key.used_us is None or now_us - key.used_us >= _NOTED:
            self._known.replace(kept, dataclasses.replace(key, used_us=now_us))
            # Nobody waits for the note; a pool that is shut down takes no more.
            with suppress(RuntimeError):
                self._noting.submit(self._note, key.key_id, now_us)
        return key

    def close(self) -> None:
        """End what is under way."""
        self._noting.shutdown(cancel_futures=True)

    def _read(self, kept: str) -> Key | None:
        if not self._database.exists:
            return None
        key_id, given = kept.split()
        with self._database.reading() as connection:
            found = keys.find(connection, key_id)
        return found if found is not None and same(found.digest, given) else None

    def _note(self, key_id: str, now_us: int) -> None:
        try:
            self._database.write(lambda c: keys.used(c, key_id, now_us))
        except FinelineError as error:
            _log.warning("when key %s was last used could not be noted: %s", key_id, error)
