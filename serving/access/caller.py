"""Who asks: routes say by a type what a caller must be allowed to do."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import Request, Security
from fastapi.concurrency import run_in_threadpool
from fastapi.openapi.models import HTTPBearer
from fastapi.security.base import SecurityBase

from features.moments import microseconds
from features.store import audit
from features.store.audit import By, Entry
from features.store.database import Database
from features.store.tenants import DEFAULT_TENANT
from serving.access.access import Access
from serving.access.origin import SAFE, from_this_machine, from_this_site
from serving.access.scopes import ADMIN, EVERYTHING
from serving.clock import moment_of
from serving.problems import Problem
from serving.settings import ServiceSettings

#: What the audit log has also when it was refused.
_GRAVE = ("erase", "admin")
_CHALLENGE = 'Bearer realm="fineline"'
NO_KEY = (
    "A key is needed: send it as `Authorization: Bearer fl_...`; `fineline keys create` makes one."
)
_BAD_KEY = "This key is none of ours, or was revoked, or has expired."


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose data a request may see, what it may do, and who made it.

    `who` is `key:` and the id of a key, `user:` and the name somebody signed in with, or `local`
    for whoever sits at the machine itself. `name` is what somebody who signed in is called.
    """

    tenant: str
    scopes: frozenset[str]
    who: str
    name: str = ""

    def may(self, scope: str | None) -> bool:
        """Whether the caller has a scope; None is what every caller may."""
        return scope is None or scope in self.scopes or ADMIN in self.scopes

    def at(self, now: datetime) -> By:
        """The caller, as the audit log names who does something now."""
        return By(self.tenant, self.who, microseconds(now))


LOCAL = Caller(DEFAULT_TENANT, EVERYTHING, "local")
_signed_in: ContextVar[Caller | None] = ContextVar("signed_in", default=None)


def signed_in() -> Caller | None:
    """Who is signed in where the request that is being answered comes from."""
    return _signed_in.get()


async def caller_of(request: Request, now_us: int) -> Caller:
    """Who made a request; raises Problem 401, or 429 for one too many."""
    access: Access = request.app.state.access
    given = request.headers.get("authorization")
    if given is not None:
        scheme, _, text = given.partition(" ")
        key = await access.keys.find(text.strip(), now_us) if scheme.lower() == "bearer" else None
        if key is None:
            raise Problem(401, _BAD_KEY, headers=challenge("invalid_token"))
        found, rate = Caller(key.tenant, _words(key.scopes), f"key:{key.key_id}"), key.rate
    else:
        user = await access.sessions.find(request, now_us)
        if user is None:
            return _keyless(request)
        _require_own_site(request)
        found = Caller(user.tenant, _words(user.scopes), f"user:{user.user_id}", user.name)
        _signed_in.set(found)
        rate = None
    request.state.headers = await access.limiter.count(found.who, rate)
    return found


def _keyless(request: Request) -> Caller:
    settings: ServiceSettings = request.app.state.settings
    if settings.keys_required or not from_this_machine(request):
        raise Problem(401, NO_KEY, headers=challenge())
    _require_own_site(request)
    return LOCAL


def _require_own_site(request: Request) -> None:
    """Whoever sends no secret of their own accord may be made to by another site's page."""
    if request.method not in SAFE and not from_this_site(request):
        raise Problem(403, "This came from a page of another site, so nothing was done.")


def _words(scopes: str) -> frozenset[str]:
    return frozenset(scopes.split())


def challenge(error: str = "", scope: str = "") -> dict[str, str]:
    """What a refused caller is told of how to ask (RFC 6750)."""
    parts = [_CHALLENGE]
    parts += [f'error="{error}"'] if error else []
    parts += [f'scope="{scope}"'] if scope else []
    return {"www-authenticate": ", ".join(parts)}


class Allowed(SecurityBase):
    """A dependency that gives the caller who has a scope; raises Problem 401 or 403."""

    def __init__(self, scope: str | None = None) -> None:
        self.scope, self.scheme_name = scope, "key"
        self.model = HTTPBearer(
            bearerFormat="fl_...", description="An API key; see docs/access.md for the scopes."
        )

    async def __call__(self, request: Request) -> Caller:
        """The caller."""
        now = moment_of(request)
        found = await caller_of(request, microseconds(now))
        if not found.may(self.scope):
            if self.scope in _GRAVE:
                await run_in_threadpool(_note_refusal, request, found.at(now), self.scope)
            header = challenge("insufficient_scope", self.scope or "")
            raise Problem(403, f"This needs the scope {self.scope}.", headers=header)
        return found


def _note_refusal(request: Request, by: By, scope: str) -> None:
    route = f"{request.method} {request.scope['route'].path}"
    entry = Entry(by.at_us, by.tenant, by.who, scope, route, "refused")
    database: Database = request.app.state.database
    database.write(lambda c: audit.add(c, entry))


class AllowedOrSigned(Allowed):
    """The same of a route that itself refuses what HubSpot has not signed, if a secret is set."""

    async def __call__(self, request: Request) -> Caller:
        """The caller; HubSpot, signing with the deployment's secret, needs no key."""
        settings: ServiceSettings = request.app.state.settings
        if settings.hubspot_secret.get_secret_value() and "authorization" not in request.headers:
            return Caller(DEFAULT_TENANT, frozenset({"ingest"}), "hubspot")
        return await super().__call__(request)


#: For routes that need not know who asks.
ANYBODY = Security(Allowed())
READER = Security(Allowed("read"), scopes=["read"])
Scorer = Annotated[Caller, Security(Allowed("score"), scopes=["score"])]
Ingester = Annotated[Caller, Security(Allowed("ingest"), scopes=["ingest"])]
HubSpot = Annotated[Caller, Security(AllowedOrSigned("ingest"), scopes=["ingest"])]
Reader = Annotated[Caller, Security(Allowed("read"), scopes=["read"])]
Reporter = Annotated[Caller, Security(Allowed("feedback"), scopes=["feedback"])]
Eraser = Annotated[Caller, Security(Allowed("erase"), scopes=["erase"])]
Admin = Annotated[Caller, Security(Allowed("admin"), scopes=["admin"])]
