"""Signing in with a name and a password, and signing out."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse

from features.errors import FinelineError
from features.moments import microseconds
from features.store import audit, users
from features.store.audit import Entry
from features.store.database import Database
from features.store.users import User
from serving.access.access import Access
from serving.access.origin import from_this_site
from serving.access.passwords import hashed, outdated
from serving.clock import Now
from serving.page.acts import form_of
from serving.page.render import page, trouble
from serving.page.visitor import SIGN_IN, next_of
from serving.problems import Problem
from serving.routes.common import database

router = APIRouter()
_WRONG = "This name and this password do not belong together."


@router.get(SIGN_IN)
async def ask(next: Annotated[str, Query(max_length=2000)] = "/") -> Response:
    """The page that asks who somebody is."""
    return shown(next)


@router.post(SIGN_IN)
async def sign_in(request: Request, now: Now) -> Response:
    """Sign somebody in, and go where they wanted to."""
    access: Access = request.app.state.access
    address = request.client.host if request.client else ""
    try:
        form = await form_of(request)
        onward, user_id = form.get("next", "/"), form.get("user", "").strip().lower()[:200]
        await access.guesses.attempt(user_id, address)
        store = database(request)
        user = await run_in_threadpool(_find, store, user_id)
        kept = user.password if user is not None and user.disabled_us is None else None
        password = form.get("password", "")
        if not await access.passwords.fits(password, kept) or user is None or kept is None:
            if user is not None:
                await run_in_threadpool(_note_refusal, store, user, microseconds(now))
            return shown(onward, 401, _WRONG, user_id)
        await access.guesses.right(user_id, address)
        if outdated(kept):
            await run_in_threadpool(_keep_anew, store, user, password)
        secret = await run_in_threadpool(access.sessions.begin, user, now)
    except Problem as problem:
        if problem.status != 429:
            return trouble(problem)
        answer = shown("/", 429, problem.detail)
        answer.headers.update(problem.headers)
        return answer
    except FinelineError as error:
        return trouble(error)
    done = RedirectResponse(next_of(onward), 303)
    access.sessions.hand_over(request, done, secret)
    return done


@router.post("/sign-out")
async def sign_out(request: Request) -> Response:
    """Sign out, here and now."""
    access: Access = request.app.state.access
    if not from_this_site(request):
        return trouble(Problem(403, "This came from a page of another site, so nothing was done."))
    try:
        await run_in_threadpool(access.sessions.end, request)
    except FinelineError as error:
        return trouble(error)
    done = RedirectResponse(SIGN_IN, 303)
    access.sessions.take_back(request, done)
    return done


def shown(onward: str, status: int = 200, wrong: str = "", user_id: str = "") -> Response:
    """The page, and what was wrong."""
    return page("sign_in.html", status, here="sign-in", onward=next_of(onward), wrong=wrong,
                user_id=user_id)  # fmt: skip


def _find(store: Database, user_id: str) -> User | None:
    if not store.exists:
        return None
    with store.reading() as connection:
        return users.find(connection, user_id)


def _note_refusal(store: Database, user: User, now_us: int) -> None:
    who = f"user:{user.user_id}"
    entry = Entry(now_us, user.tenant, who, "sign in", who, "refused")
    store.write(lambda c: audit.add(c, entry))


def _keep_anew(store: Database, user: User, password: str) -> None:
    anew = hashed(password, user.user_id)
    store.write(lambda c: users.set_password(c, user.user_id, anew))
