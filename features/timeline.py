"""Events packed one record each and put in order: by whose history they are in, then by time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from features.compiled import jit
from features.histories import Histories, Ints
from features.parallel import cores, over_contacts
from features.prefetch import AHEAD, prefetch

#: What happens at an entry of a timeline: a row is read, the event becomes known, or both.
QUERY, APPLY = 1, 2

ENTRY = np.dtype(
    [
        ("when", "i8"),
        ("occurred", "i8"),
        ("local", "i8"),
        ("event", "i4"),
        ("campaign", "i4"),
        ("actor", "i4"),
        ("slot", "i4"),
        ("relevance", "f4"),
        ("kind", "i1"),
        ("channel", "i1"),
        ("sentiment", "i1"),
        ("personalized", "i1"),
        ("flags", "i1"),
        ("zone_known", "i1"),
        ("pad", "i1", (6,)),
    ]
)


@dataclass(frozen=True, slots=True)
class Timeline:
    """Entries sorted by (contact, when, occurred, event id).

    Contact c owns `entries[starts[c]:starts[c + 1]]`.
    """

    entries: npt.NDArray[Any]
    starts: Ints


@jit
def _in_order(times: Any) -> bool:
    before = times[0] if len(times) else 0
    for now in times:
        if now < before:
            return False
        before = now
    return True


def time_order(times: Ints) -> Ints:
    """A stable order by time; cheap where the times are already in order."""
    if _in_order(times):
        return np.arange(len(times))
    return np.argsort(times, kind="stable")


@jit
def _fill(
    entries: Any, source: Any, when: Any, flags: Any, contact: Any, campaign: Any, actor: Any,
    kind: Any, channel: Any, sentiment: Any, occurred: Any, local: Any,
    relevance: Any, personalized: Any, zone_known: Any, order: Any, starts: Any, first: int,
    last: int,
) -> bool:  # fmt: skip
    """Put each event of contacts `first` to `last` in its place; True if two share a moment."""
    place = starts[first:last].copy()
    ties = False
    for k in range(len(order)):
        if k + AHEAD < len(order):
            c = contact[source[order[k + AHEAD]]]
            if first <= c < last:
                prefetch(entries, place[c - first], 0)
        j = order[k]
        i = source[j]
        c = contact[i]
        if c < first or c >= last:
            continue
        p = place[c - first]
        place[c - first] += 1
        ties |= p > starts[c] and entries[p - 1].when == when[j]
        e = entries[p]
        e.when = when[j]
        e.occurred = occurred[i]
        e.local = local[i]
        e.event = i
        e.campaign = campaign[i]
        e.actor = actor[i]
        e.slot = -1
        e.relevance = relevance[i]
        e.kind = kind[i]
        e.channel = channel[i]
        e.sentiment = sentiment[i]
        e.personalized = np.int8(-1 if np.isnan(personalized[i]) else personalized[i])
        e.flags = flags[j]
        e.zone_known = np.int8(zone_known[i])
    return ties


@jit
def _count(keys: Any, source: Any, n_keys: int) -> Any:
    starts = np.zeros(n_keys + 1, np.int64)
    for i in source:
        starts[keys[i] + 1] += 1
    for k in range(n_keys):
        starts[k + 1] += starts[k]
    return starts


def build(h: Histories, source: Ints, when: Ints, flags: Any) -> Timeline:
    """Pack the events `source` (indices into `h`, repeats allowed) at the moments `when`."""
    starts = _count(h.contact, source, len(h.names["contact_id"]))
    entries = np.empty(len(source), ENTRY)
    order = time_order(when)

    def fill(first: int, last: int) -> object:
        return _fill(
            entries, source, when, flags, h.contact, h.campaign, h.actor, h.kind, h.channel,
            h.sentiment, h.occurred, h.local, h.relevance, h.personalized, h.zone_known, order,
            starts, first, last,
        )  # fmt: skip

    if any(over_contacts(fill, starts, cores())):
        _settle(entries, h)
    return Timeline(entries, starts)


def _settle(entries: npt.NDArray[Any], h: Histories) -> None:
    """Order entries of one contact and moment by when they occurred, then by event id.

    The order of rows in a file means nothing, and ids are only compared where nothing else tells
    two events apart: a nightly synchronisation records a whole day at one moment.
    """
    tied, moment = _shared(h.contact[entries["event"]], entries["when"])
    occurred, event = entries["occurred"][tied], entries["event"][tied]
    by_time = np.lexsort((occurred, moment))
    same, _ = _shared(moment[by_time], occurred[by_time])
    still = by_time[same]
    rank = np.zeros(len(tied), np.int64)
    if len(still):
        ids = h.event_id.take(pa.array(event[still])).combine_chunks()
        rank[still] = pc.rank(ids, tiebreaker="dense").to_numpy()
    entries[tied] = entries[tied[np.lexsort((rank, occurred, moment))]]


def _shared(*keys: npt.NDArray[Any]) -> tuple[Ints, Ints]:
    """Where neighbours agree in every key: their places, and which run each is of."""
    agree = np.logical_and.reduce([k[1:] == k[:-1] for k in keys])
    places = np.flatnonzero(np.append(agree, False) | np.append(False, agree))
    return places, np.cumsum(np.append(True, ~agree))[places]


def as_it_happened(h: Histories) -> Timeline:
    """Every event at the moment it occurred: for outcomes."""
    n = len(h)
    return build(h, np.arange(n), h.occurred, np.full(n, QUERY | APPLY, np.int8))


def is_prompt(h: Histories) -> bool:
    """True if every event was recorded the moment it occurred."""
    return bool(np.array_equal(h.occurred, h.recorded))


def as_it_was_known(h: Histories) -> Timeline:
    """Touches read at the moment they occurred, every event applied when it was recorded."""
    n = len(h)
    late = np.flatnonzero((h.occurred != h.recorded) & (h.kind == 0))
    flags = np.full(n, QUERY | APPLY, np.int8)
    flags[late] = APPLY
    return build(
        h,
        np.concatenate([np.arange(n), late]),
        np.concatenate([h.recorded, h.occurred[late]]),
        np.concatenate([flags, np.full(len(late), QUERY, np.int8)]),
    )
