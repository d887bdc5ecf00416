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
from features.parallel import cores, over_contacts, together, worth
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
    entries: Any, place: Any, order: Any, source: Any, when: Any, flags: Any, contact: Any,
    campaign: Any, actor: Any, kind: Any, channel: Any, sentiment: Any, occurred: Any, local: Any,
    relevance: Any, personalized: Any, zone_known: Any,
) -> None:  # fmt: skip
    """Put each event of `order` in the next place of its contact."""
    for k in range(len(order)):
        if k + 2 * AHEAD < len(order):
            prefetch(place, contact[source[order[k + 2 * AHEAD]]], 0)
            prefetch(entries, place[contact[source[order[k + AHEAD]]]], 0)
        j = order[k]
        i = source[j]
        c = contact[i]
        e = entries[place[c]]
        place[c] += 1
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


@jit
def _count(order: Any, source: Any, contact: Any, counts: Any) -> None:
    for j in order:
        counts[contact[source[j]]] += 1


@jit
def _places(counts: Any) -> Any:
    """Turn the `counts` of a contact in each stretch of time into its first place there.

    Gives the first place of each contact and, at the end, the number of entries.
    """
    starts = np.empty(counts.shape[1] + 1, np.int64)
    place = 0
    for c in range(counts.shape[1]):
        starts[c] = place
        for k in range(len(counts)):
            n = counts[k, c]
            counts[k, c] = place
            place += n
    starts[-1] = place
    return starts


def build(h: Histories, source: Ints, when: Ints, flags: Any) -> Timeline:
    """Pack the events `source` (indices into `h`, repeats allowed) at the moments `when`.

    A counting sort by contact that keeps the order of time: each core places a stretch of time.
    """
    parts, order = worth(len(when), cores()), time_order(when)
    stretches = [order] if parts == 1 else np.array_split(order, parts)
    place = np.zeros((len(stretches), len(h.names["contact_id"])), np.int32)
    together(lambda k: _count(stretches[k], source, h.contact, place[k]), range(len(stretches)))
    starts = _places(place)
    entries = np.empty(len(source), ENTRY)

    def fill(k: int) -> object:
        return _fill(
            entries, place[k], stretches[k], source, when, flags, h.contact, h.campaign, h.actor,
            h.kind, h.channel, h.sentiment, h.occurred, h.local, h.relevance, h.personalized,
            h.zone_known,
        )  # fmt: skip

    together(fill, range(len(stretches)))
    _settle(entries, starts, h)
    return Timeline(entries, starts)


@jit
def _tied(entries: Any, starts: Any) -> Any:
    """Places of the entries that share their moment with another of the same contact."""
    found = np.empty(starts[-1] - starts[0], np.int64)
    n = 0
    for c in range(len(starts) - 1):
        before = False
        for p in range(starts[c], starts[c + 1]):
            after = p + 1 < starts[c + 1] and entries[p].when == entries[p + 1].when
            if before or after:
                found[n] = p
                n += 1
            before = after
    return found[:n].copy()


def _settle(entries: npt.NDArray[Any], starts: Ints, h: Histories) -> None:
    """Order entries of one contact and moment by when they occurred, then by event id.

    The order of rows in a file means nothing, and ids are only compared where nothing else tells
    two events apart: a nightly synchronisation records a whole day at one moment.
    """
    tied = np.concatenate(
        over_contacts(lambda f, end: _tied(entries, starts[f : end + 1]), starts, cores())
    )
    if not len(tied):
        return
    _, moment = _shared(h.contact[entries["event"][tied]], entries["when"][tied])
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
