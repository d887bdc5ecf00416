"""What a team's touches have earned and cost: by touch number, channel and recruiter, over time."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from features.moments import MICROSECOND, microseconds
from features.store import history, people
from features.store.database import Database
from models.lags import HORIZON
from serving.stored.fates import Fates, fates
from serving.stored.tally import Tally

#: Months of the year shown, the last ending where touches have had their time.
MONTHS, MONTH = 12, timedelta(days=30, hours=10)
#: Events gone through, at most; of larger teams some people, drawn at random.
EVENTS = 200_000
#: Touch numbers shown one by one; the last stands for all beyond.
NUMBERS = 6
_MOST = 12
Codes = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Group:
    """Touches that have something in common, month by month, oldest first."""

    name: str
    months: tuple[Tally, ...]

    @property
    def total(self) -> Tally:
        """All of them."""
        return Tally.sum(self.months)

    @property
    def quarters(self) -> list[Tally]:
        """Three months together, oldest first."""
        return [Tally.sum(self.months[k : k + 3]) for k in range(0, MONTHS, 3)]


@dataclass(frozen=True, slots=True)
class Team:
    """A team's last year of touches of which all is known, `until` a month ago.

    `groups`: by `number`, `channel` and `recruiter`; `people` of `everybody` were looked at.
    """

    until: datetime
    whole: Group
    groups: Mapping[str, Sequence[Group]]
    people: int
    everybody: int


def team(database: Database, tenant: str, now: datetime) -> Team:
    """Go through the stored events. Takes about a second for 100,000 of them."""
    with database.reading() as connection:
        counts = people.counts(connection, tenant)
        some = _drawn(counts)
        if len(some) == len(counts):
            events = history.all_events(connection, tenant)
        else:
            found = history.histories(connection, tenant, some)
            events = pa.concat_tables(found.values())
    until = now - timedelta(days=HORIZON)
    f = fates(events, microseconds(now))
    ago = (microseconds(until) - f.made) // (MONTH // MICROSECOND)
    f, month = _chosen(f, MONTHS - 1 - ago, f.mature & (ago < MONTHS))
    touches = events.select(["channel", "actor_id"]).take(pa.array(f.row))
    groups = {
        "number": _groups(f, month, *_numbers(f.number)),
        "channel": _groups(f, month, *_names(touches["channel"])),
        "recruiter": _groups(f, month, *_names(touches["actor_id"])),
    }
    (whole,) = _groups(f, month, np.zeros(len(f), np.int64), ["all"]) or [_NONE]
    return Team(until, whole, groups, len(some), len(counts))


_NONE = Group("all", (Tally(),) * MONTHS)


def _drawn(counts: Mapping[str, int]) -> list[str]:
    """People to go through: all, or as many as have no more events than is wanted."""
    if sum(counts.values()) <= EVENTS:
        return list(counts)
    shuffled = random.Random(0).sample(list(counts), len(counts))
    last = int(np.searchsorted(np.cumsum([counts[c] for c in shuffled]), EVENTS))
    return shuffled[:last]


def _chosen(f: Fates, month: Codes, rows: npt.NDArray[np.bool_]) -> tuple[Fates, Codes]:
    fields = {name: getattr(f, name)[rows] for name in Fates.__dataclass_fields__}
    return Fates(**fields), month[rows]


def _numbers(number: Codes) -> tuple[Codes, list[str]]:
    names = [*map(str, range(1, NUMBERS)), f"{NUMBERS} and more"]
    return np.minimum(number, NUMBERS) - 1, names


def _names(column: pa.ChunkedArray) -> tuple[Codes, list[str]]:
    """Codes of the names that occur most, -1 for others and for none."""
    coded = column.combine_chunks().dictionary_encode()
    codes = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    names = coded.dictionary.to_pylist()
    counts = np.bincount(codes[codes >= 0], minlength=len(names))
    top = np.argsort(-counts, kind="stable")[:_MOST]
    place = np.full(len(names) + 1, -1, np.int64)
    place[top] = np.arange(len(top))
    return place[codes], [str(names[k]) for k in top]


def _groups(f: Fates, month: Codes, code: Codes, names: Sequence[str]) -> list[Group]:
    """A group for each name that has a touch, in order."""
    shape, known = (len(names), MONTHS), code >= 0
    place = code[known] * MONTHS + month[known]

    def counted(rows: Any) -> list[list[int]]:
        found = np.bincount(place, weights=rows[known], minlength=shape[0] * shape[1])
        return [[int(n) for n in row] for row in found.reshape(shape)]

    cells = zip(counted(np.ones(len(f))), counted(f.landed), counted(f.annoyed), strict=True)
    groups = []
    for name, cell in zip(names, cells, strict=True):
        group = Group(name, tuple(Tally(*counts) for counts in zip(*cell, strict=True)))
        if group.total.touches:
            groups.append(group)
    return groups
