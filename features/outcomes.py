"""What became of every touch: it landed, annoyed, was followed up, or is still open.

Two things compete after a touch, landing and annoying; a follow-up in the same thread, the end of
the thread by another cause, or the end of the data censors it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from features.compiled import inline, jit
from features.histories import Histories, Ints
from features.parallel import cores, over_contacts
from features.prefetch import AHEAD, prefetch
from features.state import ANNOY, COMPLAINT, LAND, NOT_NOW, NOTHING, OPT_OUT, TOUCH, meaning
from features.timeline import APPLY, Timeline

# Why a touch stopped being watched.
OPEN_END, LANDED, ANNOYED, FOLLOWED_UP, STOPPED = range(5)


@dataclass(frozen=True, slots=True)
class Outcomes:
    """One entry per event, in table order; those about touches are 0 or -1 for other events.

    `exit`: microseconds since 1970 when the touch stopped being watched; `why`: OPEN_END, LANDED,
    ANNOYED, FOLLOWED_UP or STOPPED; `number`: the touch's number in its thread, from 1; `closed`:
    True if the thread had ended, or the contact had opted out, before the touch; `credited`: for
    an event that ended a thread, the touch it is credited to; `ends`: LAND or ANNOY for such an
    event.
    """

    exit: Ints
    why: npt.NDArray[np.int8]
    number: npt.NDArray[np.int32]
    closed: npt.NDArray[np.bool_]
    credited: npt.NDArray[np.int64]
    ends: npt.NDArray[np.int8]


@inline
def find_thread(campaigns: Any, n: int, campaign: int) -> int:
    """Position of `campaign` among the first `n`, -1 if it is not there."""
    for k in range(n):
        if campaigns[k] == campaign:
            return k
    return -1


@inline
def slot_of(entry: Any, campaigns: Any, n: int, last_touched: int) -> Any:
    """The thread an event belongs to.

    An answer without a campaign, from a person who has no thread without one, belongs to the
    thread touched last.
    """
    slot = find_thread(campaigns, n, entry.campaign)
    if slot < 0 and entry.campaign < 0 and entry.kind != TOUCH and last_touched >= 0:
        return last_touched
    return slot


@inline
def _ask_for(out: Any, touch: int) -> None:
    prefetch(out[0], touch, 0)
    prefetch(out[1], touch, 0)
    prefetch(out[2], touch, 0)
    prefetch(out[3], touch, 0)


@inline
def _leave(out: Any, touch: int, time: int, why: int) -> None:
    if touch >= 0 and out[1][touch] == OPEN_END and out[0][touch] == 0:
        out[0][touch] = max(time, 1)
        out[1][touch] = why


@inline
def _leave_all(out: Any, touches: Any, time: int, why: int) -> None:
    for touch in touches:
        _leave(out, touch, time, why)


@inline
def _end_thread(out: Any, entry: Any, touch: int, what: int) -> None:
    _leave(out, touch, entry.occurred, LANDED if what == LAND else ANNOYED)
    out[4][entry.event] = touch
    out[5][entry.event] = what


@jit
def _walk(entries: Any, starts: Any, until: int, out: Any, widest: int) -> None:
    campaigns = np.empty(widest, np.int64)
    last = np.empty(widest, np.int64)
    count = np.empty(widest, np.int64)
    ended = np.empty(widest, np.bool_)
    for c in range(len(starts) - 1):
        n = 0
        recent = -1
        stopped = False
        for i in range(starts[c], starts[c + 1]):
            _ask_for(out, entries[min(i + AHEAD, len(entries) - 1)].event)
            e = entries[i]
            if not e.flags & APPLY:
                e.slot = find_thread(campaigns, n, e.campaign)
                continue
            slot = slot_of(e, campaigns, n, recent)
            if slot < 0:
                slot = n
                campaigns[n] = e.campaign
                last[n] = -1
                count[n] = 0
                ended[n] = False
                n += 1
            e.slot = slot
            if e.kind == TOUCH:
                _leave(out, last[slot], e.occurred, FOLLOWED_UP)
                count[slot] += 1
                out[2][e.event] = count[slot]
                out[3][e.event] = ended[slot] or stopped
                last[slot] = e.event
                recent = slot
                continue
            what = meaning(e.kind, e.sentiment)
            if what in (NOTHING, NOT_NOW):
                continue
            if e.kind in (OPT_OUT, COMPLAINT):
                if last[slot] < 0 and recent >= 0:
                    slot = recent
                if not stopped and not ended[slot]:
                    _end_thread(out, e, last[slot], ANNOY)
                _leave_all(out, last[:n], e.occurred, STOPPED)
                stopped = True
            elif not ended[slot] and not stopped:
                _end_thread(out, e, last[slot], what)
            ended[slot] = True
        _leave_all(out, last[:n], until, OPEN_END)


def outcomes(h: Histories, timeline: Timeline, until: int) -> Outcomes:
    """Follow every touch to its end; `until` is the last moment the data speak of.

    Gives each entry of the timeline its `slot`, the thread it belongs to; -1 for a touch that is
    read before anything of its thread is known.
    """
    n = len(h)
    out = (
        np.zeros(n, np.int64),
        np.zeros(n, np.int8),
        np.zeros(n, np.int32),
        np.zeros(n, np.bool_),
        np.full(n, -1, np.int64),
        np.zeros(n, np.int8),
    )
    widest = int(np.diff(timeline.starts).max(initial=0)) + 1

    def walk(first: int, last: int) -> None:
        _walk(timeline.entries, timeline.starts[first : last + 1], until, out, widest)

    over_contacts(walk, timeline.starts, cores())
    return Outcomes(*out)
