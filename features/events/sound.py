"""Few events that are plainly in order, read one by one: for one request quicker than columns.

What is in any way unusual is left to the validator of columns, which alone refuses and repairs;
whatever is read here, it would read the same.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from features.events.schema import (
    AGREED_AHEAD,
    CHANNELS,
    EVENTS,
    FIRST_YEAR,
    KINDS,
    LAST_YEAR,
    MAX_ID_LENGTH,
    SENTIMENTS,
)
from features.moments import microseconds

#: What both Python and Arrow read alike, down to microseconds.
_TIME = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)",
    re.ASCII,
)
_FIRST, _END = (
    microseconds(datetime(year, 1, 1, tzinfo=UTC)) for year in (FIRST_YEAR, LAST_YEAR + 1)
)
_KINDS, _CHANNELS, _SENTIMENTS = frozenset(KINDS), frozenset(CHANNELS), frozenset(SENTIMENTS)
_NOTHING = (None, "")
_TYPES = [pa.int64() if pa.types.is_timestamp(f.type) else f.type for f in EVENTS]


class _Unusual(Exception):
    """Something for the validator of columns."""


def sound_rows(rows: Sequence[object], contact_id: str | None) -> list[tuple[Any, ...]] | None:
    """The values of each row in the order of `EVENTS`, times in microseconds.

    None if anything is unusual. `contact_id` and numbers stand in for ids that are left out.
    """
    try:
        values = [_row(row, i, contact_id) for i, row in enumerate(rows, start=1)]
    except (_Unusual, ValueError):
        return None
    return values if len({v[0] for v in values}) == len(values) else None


def table_of(rows: Sequence[tuple[Any, ...]]) -> pa.Table:
    """Rows of `sound_rows` as a table of `EVENTS`."""
    if not rows:
        return EVENTS.empty_table()
    columns = zip(*rows, strict=True)
    arrays = [
        pa.array(values, kind).view(field.type) if kind != field.type else pa.array(values, kind)
        for values, kind, field in zip(columns, _TYPES, EVENTS, strict=True)
    ]
    return pa.Table.from_arrays(arrays, schema=EVENTS)


def _row(row: object, number: int, contact_id: str | None) -> tuple[Any, ...]:
    if not isinstance(row, dict):
        raise _Unusual
    get = row.get
    kind = _one_of(_KINDS, get("kind"))
    channel = _one_of(_CHANNELS, get("channel"))
    sentiment = _one_of(_SENTIMENTS, get("sentiment"))
    if (
        kind is None
        or (channel is None and kind == "touch")
        or (sentiment is not None and kind != "reply")
        or get("come_back_at") not in _NOTHING
    ):
        raise _Unusual
    happened, recorded = get("occurred_at"), get("recorded_at")
    occurred = _moment(happened)
    prompt = recorded in _NOTHING or recorded == happened
    recorded = occurred if prompt else _moment(recorded)
    if recorded < occurred and kind not in AGREED_AHEAD:
        raise _Unusual
    return (
        _event_id(get("event_id"), number), _contact(get("contact_id"), contact_id),
        occurred, recorded, kind, channel, sentiment, _id(get("actor_id")), _id(get("account_id")),
        _id(get("campaign_id")), _fraction(get("relevance")), _flag(get("personalized")), None,
    )  # fmt: skip


def _one_of(values: frozenset[str], value: object) -> str | None:
    if value is None or value == "":
        return None
    if isinstance(value, str) and value in values:
        return value
    raise _Unusual


def _moment(value: object) -> int:
    if not isinstance(value, str) or not _TIME.fullmatch(value):
        raise _Unusual
    moment = microseconds(datetime.fromisoformat(value))
    if not _FIRST <= moment < _END:
        raise _Unusual
    return moment


def _event_id(value: object, number: int) -> str:
    given = _id(value)
    if given is None:
        return f"row-{number}"
    if given.startswith("row-"):
        raise _Unusual
    return given


def _contact(value: object, contact_id: str | None) -> str:
    if value in _NOTHING:
        value = contact_id
    elif contact_id is not None and value != contact_id:
        raise _Unusual
    found = _id(value)
    if found is None:
        raise _Unusual
    return found


def _id(value: object) -> str | None:
    """An id without anything that is not printable; of blanks only the plain one is."""
    if value is None or value == "":
        return None
    if not isinstance(value, str) or len(value) > MAX_ID_LENGTH:
        raise _Unusual
    if not value.isprintable() or value.isspace():
        raise _Unusual
    return value


def _fraction(value: object) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise _Unusual
    return float(value)


def _flag(value: object) -> bool | None:
    if value is None or isinstance(value, bool):
        return value
    raise _Unusual
