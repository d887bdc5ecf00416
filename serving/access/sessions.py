"""Who is signed in: a secret in a cookie, whose digest the store has."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from fastapi import Request, Response

from features.moments import microseconds
from features.store import users
from features.store.database import Database
from features.store.users import User
from serving.access.headers import is_https
from serving.access.remembered import Remembered
from serving.access.tokens import digest
from serving.settings import ServiceSettings


class Sessions:
    """The sessions that one server process has seen lately."""

    def __init__(self, database: Database, settings: ServiceSettings) -> None:
        self._database, self._settings = database, settings
        self._known: Remembered[tuple[User, int]] = Remembered(self._read)

    async def find(self, request: Request, now_us: int) -> User | None:
        """Who is signed in where a request comes from; raises StoreUnavailable."""
        secret = request.cookies.get(self._cookie(request))
        if not secret:
            return None
        found = await self._known.find(digest(secret))
        return found[0] if found is not None and now_us < found[1] else None

    def begin(self, user: User, now: datetime) -> str:
        """Sign somebody in, and note it; the secret of the session."""
        secret = secrets.token_urlsafe(32)
        now_us, until = microseconds(now), now + timedelta(hours=self._settings.session_hours)
        kept, until_us = digest(secret), microseconds(until)
        self._database.write(lambda c: users.sign_in(c, user, kept, now_us, until_us))
        return secret

    def end(self, request: Request) -> None:
        """Sign out whoever is signed in where a request comes from."""
        if secret := request.cookies.get(self._cookie(request)):
            self._database.write(lambda c: users.sign_out(c, digest(secret)))

    def hand_over(self, request: Request, answer: Response, secret: str) -> None:
        """Put a session's secret into the browser, for pages of ours alone and out of scripts."""
        answer.set_cookie(
            self._cookie(request), secret, max_age=self._settings.session_hours * 3600, path="/",
            secure=is_https(request.scope, self._settings), httponly=True, samesite="lax",
        )  # fmt: skip

    def take_back(self, request: Request, answer: Response) -> None:
        """Take the secret out of the browser."""
        if secret := request.cookies.get(self._cookie(request)):
            self._known.forget(digest(secret))
        answer.delete_cookie(
            self._cookie(request), path="/", httponly=True, samesite="lax",
            secure=is_https(request.scope, self._settings),
        )  # fmt: skip

    def _cookie(self, request: Request) -> str:
        # With this beginning browsers let nobody but this very host set it, by https.
        return "__Host-fineline" if is_https(request.scope, self._settings) else "fineline"

    def _read(self, kept: str) -> tuple[User, int] | None:
        if not self._database.exists:
            return None
        with self._database.reading() as connection:
            return users.signed_in(connection, kept)
