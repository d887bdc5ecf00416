"""The dials: what things are worth, and limits; tried on the own history before they are saved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool

from features.errors import FinelineError
from features.moments import moment_of
from features.store import dials as settings
from features.store.database import Database
from features.store.dials import NONE, Setting
from models.decide import Decider
from models.dials import Dials
from serving.page import verdict
from serving.page.acts import form_of
from serving.page.dials_form import LABELS, Limits, differences, read, values
from serving.page.render import page, trouble
from serving.page.visitor import PageAdmin
from serving.problems import Problem
from serving.routes.common import Now, database, decider
from serving.stored.dials import answering, save
from serving.stored.dryrun import DryRun, dry_run

router = APIRouter()
#: Changes shown; older ones stay in the store.
_SHOWN, _LONGEST_NOTE = 50, 300


@dataclass(frozen=True, slots=True)
class Desk:
    """What the dials of a tenant are about: the store, who answers, and since when."""

    store: Database
    tenant: str
    answers: Decider
    now: datetime

    @property
    def limits(self) -> Limits:
        """How loose the tenant's rulebook is."""
        return Limits.of(self.answers.for_tenant(self.tenant).rulebook.settings)

    def past(self) -> list[Setting]:
        """What was set, newest first, and what it began with."""
        with self.store.reading() as connection:
            return [*settings.history(connection, self.tenant, _SHOWN), NONE]

    def tried(self, before: Setting, dials: Dials) -> DryRun:
        """A dry run of these dials beside those in force."""
        other = Setting(before.number + 1, 0, "", "", dials.written())
        now, tried = (
            answering(self.store, self.answers, self.tenant, setting) for setting in (before, other)
        )
        return dry_run(self.store, self.tenant, now, tried, self.now)

    def shown(self, form: Mapping[str, str]) -> dict[str, Any]:
        """What the page says of the dials in force, and of those that the form tries if any."""
        limits, past = self.limits, self.past()
        in_force = Dials.read(past[0].dials)
        asked = values(in_force, limits) | dict(form)
        dials, errors = read(asked, limits)
        changed = differences(in_force, dials, limits)
        trying = bool(form) and not errors and bool(changed)
        return {
            "fields": asked, "errors": errors, "limits": limits, "labels": LABELS,
            "number_in_force": past[0].number, "changed": changed, "asked": bool(form),
            "worths": None if errors else verdict.worths(dials), "history": _history(past, limits),
            "found": verdict.of(self.tried(past[0], dials)) if trying else None,
        }  # fmt: skip


@router.get("/dials")
async def dials(request: Request, caller: PageAdmin, now: Now, saved: int = 0) -> Response:
    """The dials in force; with fields of the form, a dry run of those."""
    names = _fields()
    form = {n: v[:50] for n, v in request.query_params.items() if n in names}
    try:
        desk = Desk(database(request), caller.tenant, await decider(request), now)
        found = await run_in_threadpool(desk.shown, form)
    except (FinelineError, Problem) as error:
        return trouble(error)
    return page("dials.html", here="dials", saved=saved, problem=None, **found)


@router.post("/dials")
async def set_dials(request: Request, caller: PageAdmin, now: Now) -> Response:
    """Save what the form says, unless other dials have been saved meanwhile."""
    try:
        form = await form_of(request)
        desk = Desk(database(request), caller.tenant, await decider(request), now)
        problem = await run_in_threadpool(_saved, desk, form, caller.who)
        if problem is None:
            return Response(status_code=303, headers={"location": "/dials?saved=1"})
        found = await run_in_threadpool(desk.shown, {})
    except (FinelineError, Problem) as error:
        return trouble(error)
    return page("dials.html", 409, here="dials", saved=0, problem=problem, **found)


def _saved(desk: Desk, form: Mapping[str, str], who: str) -> str | None:
    """Save; what stands in the way as a sentence. Raises Problem for a wrong form."""
    limits, in_force = desk.limits, desk.past()[0]
    dials, errors = read(form, limits)
    note = " ".join(form.get("note", "").split())
    if len(note) > _LONGEST_NOTE or not note.isprintable():
        errors["note"] = f"must be plain text of at most {_LONGEST_NOTE} characters"
    if not form.get("number", "").isdecimal():
        errors["number"] = "is missing; open the page again"
    if errors:
        name, message = next(iter(errors.items()))
        raise Problem(422, f"{LABELS.get(name, name)}: {message}")
    if dials == Dials.read(in_force.dials):
        return None
    if save(desk.store, desk.tenant, int(form["number"]), dials, who, note, desk.now):
        return None
    return "Somebody else has saved other dials meanwhile. These are in force now; try yours again."


def _history(past: list[Setting], limits: Limits) -> list[dict[str, Any]]:
    """Who changed what when, newest first."""
    return [
        {
            "at": moment_of(one.set_us), "who": one.who, "note": one.note,
            "changed": differences(Dials.read(before.dials), Dials.read(one.dials), limits),
            "again": "/dials?" + urlencode(values(Dials.read(one.dials), limits)),
        }
        for one, before in pairwise(past)
    ]  # fmt: skip


def _fields() -> set[str]:
    hours = {f"{n}_{end}" for n in LABELS if n.endswith("_hours") and n != "gap_hours"
             for end in ("from", "to")}  # fmt: skip
    return {*LABELS, *hours}
