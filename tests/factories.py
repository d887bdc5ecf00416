"""Random contact histories, as awkward as real ones: validated tables of events.

`agency(seed)` is a whole organisation from a seed; `histories()` is a hypothesis strategy of small
ones that shrinks. Several threads, channels, senders and clients; late, batched and agreed-ahead
recordings; exact ties; answers without a campaign; opt-outs, "not now", bounces; contacts that
are senders themselves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
from hypothesis import strategies as st

from features.events.rows import events_from_rows
from features.events.schema import AGREED_AHEAD, CHANNELS, KINDS, SENTIMENTS

Row = dict[str, Any]

START = datetime(2024, 3, 1, 8, 30, tzinfo=UTC)
HOUR, DAY = 3600, 86_400
_WEIGHTS = (0.5, 0.12, 0.05, 0.14, 0.05, 0.04, 0.02, 0.025, 0.015, 0.04)
_GAPS = (0, 60, 600, 2 * HOUR, 9 * HOUR, DAY, 3 * DAY, 10 * DAY, 45 * DAY)
_ZONES = (None, "Europe/Amsterdam", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe")


@dataclass(frozen=True, slots=True)
class Shape:
    """What histories look like: how many, how long, and which awkward things occur in them.

    `late`: share of events recorded later than they occurred; `tied`: share that occur at the
    moment of the one before; `campaigns`: what threads are called (None: the nameless one).
    """

    contacts: int = 40
    longest: int = 14
    late: float = 0.25
    tied: float = 0.15
    campaigns: tuple[str | None, ...] = (None, "role-a", "role-b", "role-c")
    actors: tuple[str | None, ...] = (None, "actor-1", "actor-2", "actor-3", "contact-1")
    accounts: tuple[str | None, ...] = (None, "client-1", "client-2")
    prefix: str = ""


PROMPT = Shape(late=0.0)
#: Every answer says which thread it is about.
NAMED = Shape(campaigns=("role-a", "role-b", "role-c"))
NAMELESS = Shape(campaigns=(None,))


def table(rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Validated events from dictionaries; `event_id` is filled in where it is left out."""
    events, problems = events_from_rows(rows, fill_event_ids=True)
    assert not problems, problems[0]
    return events


def agency(seed: int, shape: Shape | None = None) -> pa.Table:
    """Events of a random organisation, in random order."""
    shape = shape or Shape()
    rng = np.random.default_rng(seed)
    rows = [row for c in range(shape.contacts) for row in _contact(rng, shape, c)]
    ids = rng.permutation(len(rows))
    for row, i in zip(rows, ids, strict=True):
        row["event_id"] = f"{shape.prefix}e{i}"
    return table([rows[i] for i in rng.permutation(len(rows))])


def contacts_of(events: pa.Table, seed: int = 0) -> pa.Table:
    """A contacts table for most contacts of `events`, half of them with a time zone."""
    rng = np.random.default_rng(seed)
    ids = [i for i in sorted(set(events["contact_id"].to_pylist())) if rng.random() < 0.8]
    zones = [_ZONES[rng.integers(len(_ZONES))] for _ in ids]
    countries = [None if rng.random() < 0.5 else "NL" for _ in ids]
    return pa.table(
        {"contact_id": ids, "timezone": zones, "country": countries},
        schema=pa.schema([(n, pa.string()) for n in ("contact_id", "timezone", "country")]),
    )


def _contact(rng: np.random.Generator, shape: Shape, number: int) -> list[Row]:
    clock = START + timedelta(seconds=int(rng.integers(120 * DAY)))
    rows = []
    for _ in range(rng.integers(1, shape.longest + 1)):
        if rng.random() >= shape.tied:
            gap = _GAPS[rng.integers(len(_GAPS))]
            clock += timedelta(seconds=int(gap * rng.uniform(0.5, 1.5)))
        rows.append(_event(rng, shape, f"{shape.prefix}contact-{number}", clock))
    return rows


def _event(rng: np.random.Generator, shape: Shape, contact: str, at: datetime) -> Row:
    kind = str(rng.choice(KINDS, p=_WEIGHTS))
    row: Row = {
        "contact_id": contact,
        "occurred_at": at,
        "recorded_at": _recorded(rng, shape, kind, at),
        "kind": kind,
        "campaign_id": _any(rng, shape.campaigns),
        "actor_id": _any(rng, shape.actors),
        "account_id": _any(rng, shape.accounts),
    }
    if kind == "touch":
        row["channel"] = _any(rng, CHANNELS)
        row["relevance"] = None if rng.random() < 0.4 else round(rng.random(), 3)
        row["personalized"] = _any(rng, (None, True, False))
    if kind == "reply":
        row["sentiment"] = _any(rng, (None, *SENTIMENTS, "neutral", "neutral"))
    return {k: _text(v) for k, v in row.items() if v is not None}


def _recorded(rng: np.random.Generator, shape: Shape, kind: str, at: datetime) -> datetime:
    if rng.random() >= shape.late:
        return at
    if kind in AGREED_AHEAD and rng.random() < 0.5:
        return at - timedelta(days=float(rng.uniform(0, 10)))
    if rng.random() < 0.5:  # the nightly synchronisation
        return datetime(at.year, at.month, at.day, tzinfo=UTC) + timedelta(days=1)
    return at + timedelta(seconds=int(rng.choice(_GAPS)))


def _any(rng: np.random.Generator, values: Sequence[Any]) -> Any:
    return values[int(rng.integers(len(values)))]


def _text(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


@st.composite
def histories(draw: st.DrawFn, shape: Shape | None = None) -> pa.Table:
    """Small tables of up to three contacts; shrink to few events, close together and prompt."""
    shape = shape or replace(Shape(), contacts=3)
    number = st.integers(0, shape.contacts - 1)
    moment = st.integers(0, 400).map(lambda hours: START + timedelta(hours=hours))
    delay = st.sampled_from([0, 0, 1, 24, 240]) if shape.late else st.just(0)
    rows = []
    for contact, at, late in draw(st.lists(st.tuples(number, moment, delay), min_size=1)):
        kind = draw(st.sampled_from(KINDS))
        row: Row = {
            "contact_id": f"contact-{contact}",
            "occurred_at": at,
            "recorded_at": at + timedelta(hours=late),
            "kind": kind,
            "campaign_id": draw(st.sampled_from(shape.campaigns)),
            "actor_id": draw(st.sampled_from(shape.actors)),
            "account_id": draw(st.sampled_from(shape.accounts)),
            "channel": draw(st.sampled_from(CHANNELS)) if kind == "touch" else None,
            "sentiment": draw(st.sampled_from((None, *SENTIMENTS))) if kind == "reply" else None,
        }
        rows.append({k: _text(v) for k, v in row.items() if v is not None})
    return table(rows)
