"""The team: what persistence has earned and cost, and whether hints are followed and hold."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool

from features.errors import FinelineError
from features.store.database import Database
from models.decision import Utility
from models.dials import Dials
from serving.page import charts
from serving.page.render import CHANNEL_WORDS, page, plain, trouble
from serving.page.visitor import PageReader
from serving.routes.common import Now, database
from serving.stored.calibration import LEAST, Bin, Calibration, calibration
from serving.stored.dials import in_force
from serving.stored.following import Following, following
from serving.stored.tally import Tally, share_interval
from serving.stored.team import Team, team

router = APIRouter()
BY = {"number": "By touch", "channel": "By channel", "recruiter": "By recruiter"}
#: What was hinted and done, as it is called.
DONE = {
    "nudged": "Nudged, as hinted", "touched_anyway": "Touched, against the hint",
    "left_alone": "Left alone, as hinted", "not_nudged": "Not nudged, against the hint",
}  # fmt: skip
#: Fewer than this say too little to be compared.
_FEW = 20
#: So long a count is good enough: it looks back on a year.
_KEPT = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Counted:
    """Everything that the page shows, as of a moment."""

    at: datetime
    team: Team
    following: Following
    calibration: Calibration


_counted: WeakKeyDictionary[Database, dict[str, Counted]] = WeakKeyDictionary()
_lock = threading.Lock()


@router.get("/team")
async def team_page(request: Request, caller: PageReader, now: Now, by: str = "number") -> Response:
    """A year of touches of which all is known; needs no model."""
    kind = by if by in BY else "number"
    store = database(request)
    try:
        counted, worth = await run_in_threadpool(_found, store, caller.tenant, now)
    except FinelineError as error:
        return trouble(error)
    return page("team.html", here="team", by=kind, kinds=BY, chart=charts,
                **_outcomes(counted.team, kind), **_hints(counted, worth))  # fmt: skip


def _outcomes(found: Team, kind: str) -> dict[str, Any]:
    """What touches have led to."""
    whole = found.whole.total
    rows = charts.rows(found.groups[kind], whole)
    return {
        "team": found, "whole": whole, "ratio": charts.per_100(whole.ratio),
        "between": [charts.per_100(bound) for bound in whole.ratio_interval],
        "line": charts.over_time(found.whole.months, found.until),
        "rows": rows, "outlying": _outlying(rows, kind), "name": partial(named, kind),
    }  # fmt: skip


def _hints(counted: Counted, worth: Utility) -> dict[str, Any]:
    """What was done with hints, and how true they were."""
    found = counted.calibration
    bins = {"land": found.land, "annoy": found.annoy} if found.land else {}
    return {
        "following": counted.following, "since": _since(counted.following, worth), "few": _FEW,
        "calibration": found, "least": LEAST,
        "verdicts": {name: _verdict(own) for name, own in bins.items()},
        "drawings": {
            name: charts.reliability(own) if len(own) > 2 else None for name, own in bins.items()
        },
    }  # fmt: skip


def _found(store: Database, tenant: str, now: datetime) -> tuple[Counted, Utility]:
    worth = Dials.read(in_force(store, tenant).dials).utility
    # One thread counts, others wait for it: they want the same.
    with _lock:
        own = _counted.setdefault(store, {})
        if tenant not in own or not timedelta() <= now - own[tenant].at < _KEPT:
            own[tenant] = Counted(
                now, team(store, tenant, now), following(store, tenant, now),
                calibration(store, tenant, now),
            )  # fmt: skip
        return own[tenant], worth


def named(kind: str, name: str) -> str:
    """A group as it is called.

    >>> named("number", "6 and more"), named("channel", "sms"), named("recruiter", "recruiter-2")
    ('Touch 6 and later', 'Text', 'Recruiter 2')
    """
    if kind == "number":
        return f"Touch {name.replace('more', 'later')}"
    return CHANNEL_WORDS.get(name, name) if kind == "channel" else plain(name)


def _outlying(rows: list[charts.Row], kind: str) -> str:
    """What stands out, in a sentence."""
    above = [r for r in rows if r.stands_out]
    if not above:
        return "Nothing stands out: the differences are within what chance explains."
    names = [
        f"{named(kind, r.group.name)} ({'nobody landed' if r.dot is None else r.rate})"
        for r in above
    ]
    listed = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    return f"More than the rest, by more than chance: {listed}."


def _since(found: Following, worth: Utility) -> list[dict[str, Any]]:
    """What came of following and of overriding, a row each."""
    listed = []
    for kind, word in DONE.items():
        tally = found.since.get(kind, Tally())
        cost = worth.touch if kind in ("nudged", "touched_anyway") else 0.0
        earned = worth.land * tally.landed - worth.annoy * tally.annoyed - cost * tally.touches
        listed.append(
            {
                "name": word, "tally": tally, "enough": tally.touches >= _FEW,
                "land": share_interval(tally.landed, tally.touches),
                "annoy": share_interval(tally.annoyed, tally.touches),
                "worth": 100 * earned / max(tally.touches, 1),
            }
        )  # fmt: skip
    return listed


def _verdict(bins: Sequence[Bin]) -> str:
    """Whether what was said holds, in a sentence."""
    off = sum(not b.holds for b in bins)
    if not off:
        return "It holds: the difference is within what chance leaves open."
    if off == 1 and len(bins) > 3:
        return f"It holds: one of {len(bins)} outside its interval is what chance brings."
    said = "It is" if len(bins) == 1 else f"{off} of {len(bins)} are"
    return f"{said} off by more than chance; training anew may mend that."
