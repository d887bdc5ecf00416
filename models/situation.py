"""From requests to states: what is known of each thread and person at the moment asked about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from features.clocks import local_times
from features.compiled import jit
from features.events.schema import EVENTS
from features.fold import final_states, fold_contacts
from features.histories import Histories, Ints, from_events
from features.histories import microseconds as in_microseconds
from features.localtime import representative_zone, utc_offset_table
from features.moments import microseconds
from features.outcomes import outcomes
from features.state import DAY, PERSON, THREAD, TOUCH
from features.timeline import APPLY, QUERY, Timeline, as_it_happened, build
from models.carried import RECALLED
from models.decision import Request

#: What is picked from a thread's touches; the codes index the names of the histories. `recent`: the
#: entries of the latest, each where its number falls.
PICK = np.dtype(
    [
        ("slot", "i8"),
        ("campaign", "i8"),
        ("actor", "i8"),
        ("account", "i8"),
        ("first_channel", "i8"),
        ("touches", "i8"),
        ("recent", "i8", (RECALLED,)),
        ("relevance", "f8"),
        ("personalized", "f8"),
    ]
)


class Made(NamedTuple):
    """The latest touches of the threads asked about (`RECALLED` of each), request by request.

    `request`: whose they are; `rows`: their features when they were made; `lag`: days since then;
    `channel`: codes; an entry per touch, in order of time within a request.
    """

    request: Ints
    rows: npt.NDArray[np.float32]
    lag: npt.NDArray[np.float64]
    channel: Ints


@dataclass(frozen=True, slots=True)
class Situations:
    """One entry per request: its states, its thread's particulars, and the touches made in it.

    `at`: microseconds since 1970 UTC; `local`: the same on the contact's clock.
    """

    at: Ints
    local: Ints
    zone_known: npt.NDArray[np.float64]
    persons: npt.NDArray[Any]
    threads: npt.NDArray[Any]
    picks: npt.NDArray[Any]
    made: Made
    names: dict[str, list[str | None]]

    def name(self, field: str, column: str, i: int) -> str | None:
        """The name behind a picked code, such as `("actor", "actor_id", 0)`."""
        code = int(self.picks[field][i])
        return None if code < 0 else self.names[column][code]


def joined(histories: Sequence[pa.Table]) -> tuple[pa.Table, list[int]]:
    """All as one table, and where the events of each begin and, at last, end."""
    ends = list(accumulate((len(t) for t in histories), initial=0))
    try:
        events = pa.concat_tables(histories)
    except pa.ArrowInvalid:
        # Read in different ways, such as with and without dictionaries.
        events = pa.concat_tables([t.cast(EVENTS) for t in histories])
    return events.combine_chunks(), ends


def situations(
    requests: Sequence[Request], events: pa.Table, ends: Sequence[int], width: int
) -> Situations:
    """Fold every request's history up to its moment; rows have `width` catalog columns.

    `events`, `ends`: the histories of the requests, `joined`.
    """
    at = np.array([microseconds(r.at) for r in requests], np.int64)
    h, local, known = _histories(requests, events, ends, at)
    happened = as_it_happened(h)
    outcomes(h, happened, int(at.max(initial=0)))
    wanted = _wanted(requests, h)
    picks = np.zeros(len(requests), PICK)
    columns = (h.campaign, h.actor, h.account, h.channel, h.relevance, h.personalized)
    _pick(happened.entries, happened.starts, wanted, columns, picks)
    names = {name: values.to_pylist() for name, values in h.names.items() if name != "contact_id"}
    _consider(requests, picks, names)
    request, event = _recent(picks, happened.entries)
    timeline = _as_known(h, happened, event)
    persons, threads = np.zeros(len(requests), PERSON), np.zeros(len(requests), THREAD)
    final_states(timeline.entries, timeline.starts, picks["slot"].copy(), persons, threads)
    row = np.full(max(len(h), 1), -1, np.int32)
    row[event] = np.arange(len(event))
    rows = np.full((len(event), width), np.nan, np.float32)
    fold_contacts(timeline.entries, timeline.starts, row, rows)
    made = Made(
        request, rows, np.maximum(at[request] - h.occurred[event], 0) / DAY,
        h.channel[event].astype(np.int64),
    )  # fmt: skip
    return Situations(at, local, known, persons, threads, picks, made, names)


@jit
def _recent(picks: Any, entries: Any) -> tuple[Ints, Ints]:
    """Request and event of each touch picked, in order of time within a request."""
    count = np.minimum(picks["touches"], RECALLED).sum()
    request, event = np.empty(count, np.int64), np.empty(count, np.int64)
    k = 0
    for r in range(len(picks)):
        p = picks[r]
        for number in range(max(p.touches - RECALLED, 0), p.touches):
            request[k], event[k] = r, entries[p.recent[number % RECALLED]].event
            k += 1
    return request, event


def _histories(
    requests: Sequence[Request], events: pa.Table, ends: Sequence[int], at: Ints
) -> tuple[Histories, Ints, Any]:
    """All histories as one, each request standing for a contact of its own."""
    request = np.repeat(np.arange(len(requests), dtype=np.int32), np.diff(ends))
    recorded = in_microseconds(events["recorded_at"])
    if (recorded > at[request]).any():
        keep = recorded <= at[request]
        events, request = events.filter(pa.array(keep)), request[keep]
    zones = [representative_zone(r.timezone, r.country) for r in requests]
    used = sorted({z for z in zones if z})
    table = utc_offset_table(tuple(used))
    code = {z: i for i, z in enumerate(used)}
    zone = np.array([code.get(z or "", -1) for z in zones], np.int32)
    own = (request, pa.nulls(len(requests), pa.string()))
    known = (zone >= 0).astype(np.float64)

    def clock(contact: Any, _: Any, occurred: Ints) -> tuple[Ints, Any]:
        return local_times(occurred, zone[contact], table) if used else occurred, known[contact]

    h = from_events(events, clock, contact=own)
    return h, local_times(at, zone, table) if used else at, known


def _wanted(requests: Sequence[Request], h: Histories) -> npt.NDArray[np.int64]:
    """The campaign code asked for: -1 the thread without one, -2 unseen, -3 whichever is latest."""
    code = {name: i for i, name in enumerate(h.names["campaign_id"].to_pylist())}
    code |= {None: -3, "": -1}
    return np.array([code.get(r.campaign_id, -2) for r in requests])


@jit
def _pick(entries: Any, starts: Any, wanted: Any, columns: Any, picks: Any) -> None:
    campaigns, actors, accounts, channels, relevance, personalized = columns
    for c in range(len(starts) - 1):
        p = picks[c]
        campaign = wanted[c]
        if campaign == -3:
            campaign = -1
            for i in range(starts[c], starts[c + 1]):
                k = entries[i].event
                if entries[i].kind == TOUCH and campaigns[k] >= 0:
                    campaign = campaigns[k]
        p.slot, p.actor, p.account, p.first_channel, p.touches = -1, -1, -1, -1, 0
        p.campaign = campaign
        p.relevance, p.personalized = np.nan, np.nan
        for i in range(starts[c], starts[c + 1]):
            k = entries[i].event
            if entries[i].kind != TOUCH or campaigns[k] != campaign:
                continue
            p.slot = entries[i].slot
            p.recent[p.touches % RECALLED] = i
            p.touches += 1
            if p.first_channel < 0:
                p.first_channel = channels[k]
            if actors[k] >= 0:
                p.actor = actors[k]
            if accounts[k] >= 0:
                p.account = accounts[k]
            if not np.isnan(relevance[k]):
                p.relevance = relevance[k]
            if not np.isnan(personalized[k]):
                p.personalized = personalized[k]


def _consider(requests: Sequence[Request], picks: Any, names: dict[str, list[str | None]]) -> None:
    """Put in what requests say of the touch they consider; names not seen before get a code."""
    for i, r in enumerate(requests):
        if r.next_touch.relevance is not None:
            picks["relevance"][i] = r.next_touch.relevance
        if r.next_touch.personalized is not None:
            picks["personalized"][i] = r.next_touch.personalized
        for field, column, who in (
            ("actor", "actor_id", r.next_touch.actor_id),
            ("account", "account_id", r.next_touch.account_id),
        ):
            if who is not None:
                if who not in names[column]:
                    names[column].append(who)
                picks[field][i] = names[column].index(who)


def _as_known(h: Histories, happened: Timeline, read: Ints) -> Timeline:
    """Every event applied when recorded; the rows of the touches `read` are read."""
    n = len(h)
    flags = np.full(n, APPLY, np.int8)
    flags[read] = QUERY | APPLY
    known = build(h, np.arange(n), h.recorded, flags)
    slot = np.full(n, -1, np.int32)
    slot[happened.entries["event"]] = happened.entries["slot"]
    known.entries["slot"] = slot[known.entries["event"]]
    return known
