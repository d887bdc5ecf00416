"""All that decides who may ask, made once for an app."""

from __future__ import annotations

from features.store.database import Database
from serving.access.guesses import Guesses
from serving.access.keys import KeyRing
from serving.access.limits import Limiter
from serving.access.passwords import Passwords
from serving.access.sessions import Sessions
from serving.settings import ServiceSettings


class Access:
    """Keys, people who are signed in, and how often either may ask."""

    def __init__(self, database: Database, settings: ServiceSettings) -> None:
        self.keys, self.sessions = KeyRing(database), Sessions(database, settings)
        self.limiter = Limiter(settings.rate_limit)
        self.passwords, self.guesses = Passwords(), Guesses()

    def close(self) -> None:
        """End what is under way."""
        self.keys.close()
        self.passwords.close()
