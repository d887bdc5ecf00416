"""Passwords, kept as Argon2id hashes (RFC 9106): two are checked at a time, of 64 MB each."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from features.errors import BadInput

#: Length takes more guessing than signs of every kind do (NIST SP 800-63B).
SHORTEST, LONGEST = 12, 1000
_HASHER = PasswordHasher()


def hashed(password: str, user_id: str) -> str:
    """What is kept of a password; raises BadInput for one that is easily guessed."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise BadInput(
            f"a password has at least {SHORTEST} characters and at most {LONGEST:,}; a few words "
            "that do not belong together are good"
        )
    if len(set(password)) < 5 or password.lower() in (user_id, user_id.split("@")[0] * 2):
        raise BadInput("this password is easily guessed; a few unrelated words are good")
    return _HASHER.hash(password)


class Passwords:
    """Checks passwords beside the event loop."""

    def __init__(self) -> None:
        self._working = ThreadPoolExecutor(2, thread_name_prefix="passwords")

    async def fits(self, password: str, kept: str | None) -> bool:
        """Whether a password is that of a hash; for None as slow as for any, and never."""
        loop = asyncio.get_running_loop()
        fitting = await loop.run_in_executor(self._working, _fits, password, kept or _nobody())
        return fitting and kept is not None

    def close(self) -> None:
        """End what is under way."""
        self._working.shutdown(cancel_futures=True)


def outdated(kept: str) -> bool:
    """Whether a hash was made with weaker settings than today's."""
    return _HASHER.check_needs_rehash(kept)


def _fits(password: str, kept: str) -> bool:
    try:
        return _HASHER.verify(kept, password)
    except (VerificationError, InvalidHashError):
        return False


@lru_cache(1)
def _nobody() -> str:
    return _HASHER.hash("a password that nobody has")
