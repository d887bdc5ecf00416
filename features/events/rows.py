"""Events from JSON objects: bodies of requests and lines of JSON Lines files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from features.events.problems import LIMIT, Findings, Problem, quoted
from features.events.schema import FIELDS, TIMES
from features.events.sound import sound_rows, table_of
from features.events.text import NOTHING
from features.events.validate import Checked, check_events

Row = Mapping[str, object]
Groups = npt.NDArray[np.int64]

#: Rows up to which reading one by one is quicker than reading by columns.
FEW = 100
_FAILURES = (pa.ArrowException, TypeError, ValueError, OverflowError)
_RAW_TYPES = {"relevance": pa.float64(), "personalized": pa.bool_()}


def events_from_rows(
    rows: Sequence[Row],
    *,
    contact_id: str | Sequence[str | None] | None = None,
    fill_event_ids: bool = False,
) -> tuple[pa.Table, list[Problem]]:
    """The accepted events of a list of JSON objects, and what is wrong with the others.

    `contact_id` (one for all, or one per row) stands in where an event leaves it out; an event
    that names another contact is a problem. With `fill_event_ids` an event without `event_id`
    gets one that is unique in this list. Whatever is in the rows, nothing is raised.
    """
    checked = check_rows(rows, contact_id=contact_id, fill_event_ids=fill_event_ids)
    return checked.table, checked.problems


def check_rows(
    rows: Sequence[Row],
    *,
    contact_id: str | Sequence[str | None] | None = None,
    fill_event_ids: bool = False,
    groups: Groups | None = None,
    limit: int = LIMIT,
) -> Checked:
    """`events_from_rows` with notices and row numbers; `groups` as in `check_events`."""
    findings = Findings(len(rows), limit)
    table = table_from_rows(rows, findings)
    if contact_id is not None:
        table = _with_contact(table, contact_id, findings)
    if fill_event_ids:
        table = _with_event_ids(table, groups)
    checked = check_events(table, findings, groups)
    notices = replace(checked.notices, unknown_columns=unknown_fields(rows))
    return replace(checked, notices=notices)


def events_from_items(
    items: Sequence[Sequence[Row]],
    contact_ids: Sequence[str | None],
    *,
    fill_event_ids: bool = False,
) -> list[tuple[pa.Table, list[Problem]]]:
    """`events_from_rows` for many lists at once.

    Rows are counted, and an `event_id` has to be unique, within each list.
    """
    read = [
        sound_rows(rows, contact) if fill_event_ids and len(rows) <= FEW else None
        for rows, contact in zip(items, contact_ids, strict=True)
    ]
    sound = iter(_sliced(table_of([v for r in read if r for v in r]), [len(r or ()) for r in read]))
    others = [i for i, values in enumerate(read) if values is None]
    checked = iter(
        _checked_items(
            [items[i] for i in others], [contact_ids[i] for i in others], fill_event_ids
        )
    ) if others else iter(())  # fmt: skip
    tables = [next(sound) for _ in read]
    return [
        next(checked) if values is None else (table, [])
        for values, table in zip(read, tables, strict=True)
    ]


def _sliced(table: pa.Table, lengths: Sequence[int]) -> list[pa.Table]:
    ends = np.cumsum(lengths).tolist()
    return [table.slice(end - n, n) for end, n in zip(ends, lengths, strict=True)]


def _checked_items(
    items: Sequence[Sequence[Row]], contact_ids: Sequence[str | None], fill_event_ids: bool
) -> list[tuple[pa.Table, list[Problem]]]:
    """Lists of rows, checked as one table."""
    lengths = np.array([len(rows) for rows in items], dtype=np.int64)
    starts = np.concatenate([[0], np.cumsum(lengths)])
    groups = np.repeat(np.arange(len(items)), lengths)
    rows = [row for item in items for row in item]
    checked = check_rows(
        rows,
        contact_id=[contact_ids[item] for item in groups.tolist()],
        fill_event_ids=fill_event_ids,
        groups=groups,
        limit=max(LIMIT, len(FIELDS) * len(rows)),
    )
    problems: list[list[Problem]] = [[] for _ in items]
    for problem in checked.problems:
        item = int(groups[problem.row - 1])
        problems[item].append(replace(problem, row=problem.row - int(starts[item])))
    kept = groups if checked.rows is None else groups[checked.rows]
    counts = np.bincount(kept, minlength=len(items)).tolist()
    return list(zip(_sliced(checked.table, counts), problems, strict=True))


def table_from_rows(rows: Sequence[Row], findings: Findings) -> pa.Table:
    """All fields as columns of text, number and bool; values of another kind are null."""
    objects = list(rows)
    for at, row in enumerate(cast(Sequence[object], rows)):
        if not isinstance(row, Mapping):
            findings.one(at, None, f"is {_kind(row)}, but an event is an object with fields")
            objects[at] = {}
    return pa.table({name: _column(name, objects, findings) for name in FIELDS})


def unknown_fields(rows: Iterable[Row]) -> tuple[str, ...]:
    """Names that events do not have, sorted."""
    names = set().union(*(row for row in rows if isinstance(row, Mapping)))
    return tuple(sorted(str(name) for name in names.difference(FIELDS)))


def _column(name: str, objects: Sequence[Row], findings: Findings) -> pa.Array:
    values = [row.get(name) for row in objects]
    raw_type = _RAW_TYPES.get(name, pa.string())
    # Arrow would read true as 1.0 and bytes as text.
    strange = bytes if name == "personalized" else (bool, bytes)
    try:
        if not any(isinstance(value, strange) for value in values):
            return pa.array(values, raw_type)
    except _FAILURES:
        pass
    for at, value in enumerate(values):
        usable, problem = _value(name, value)
        values[at] = usable
        if problem:
            findings.one(at, name, problem)
    return pa.array(values, raw_type)


def _value(name: str, value: object) -> tuple[object, str | None]:
    """One value as its column wants it, or None and what is wrong with it."""
    if value is None:
        return None, None
    if name == "relevance":
        return _fraction(value)
    if name == "personalized":
        wrong = f"is {_kind(value)}, but must be true or false"
        return (value, None) if isinstance(value, bool) else (None, wrong)
    if name in TIMES and isinstance(value, datetime):
        return value.isoformat(), None
    if not isinstance(value, str):
        return None, f"is {_kind(value)}, but must be text"
    if any("\ud800" <= letter <= "\udfff" for letter in value):
        return None, "has half a surrogate pair in it, which is not a character"
    return value, None


def _fraction(value: object) -> tuple[float | None, str | None]:
    wrong = "must be a number from 0 to 1"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None, f"is {_kind(value)}, but {wrong}"
    if not 0 <= value <= 1:
        # Python refuses to write out an integer of thousands of digits.
        huge = isinstance(value, int) and abs(value) >= 10**18
        shown = "a huge number" if huge else quoted(float(value))
        return None, f"is {shown}, but {wrong}"
    return float(value), None


def _kind(value: object) -> str:
    """What a JSON value is called."""
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, str):
        return "text"
    if isinstance(value, Mapping):
        return "an object"
    return "a list" if isinstance(value, list | tuple) else "null" if value is None else "no text"


def _with_contact(
    table: pa.Table, contact_id: str | Sequence[str | None], findings: Findings
) -> pa.Table:
    default = contact_id if isinstance(contact_id, str) else pa.array(contact_id, pa.string())
    given = table.column("contact_id")
    if given.null_count < len(given):
        given = pc.if_else(pc.equal(given, ""), NOTHING, given)
        findings.where(
            pc.not_equal(given, default),
            "contact_id",
            lambda row: f"is {quoted(given[row].as_py())}, not the contact the request is about",
        )
    return table.set_column(FIELDS.index("contact_id"), "contact_id", pc.coalesce(given, default))


def _with_event_ids(table: pa.Table, groups: Groups | None) -> pa.Table:
    given = table.column("event_id")
    absent, prefix = pc.is_null(given), "row-"
    if given.null_count < len(given):
        absent = pc.fill_null(pc.equal(given, ""), True)
        while pc.any(pc.starts_with(given, prefix)).as_py():
            prefix = f"_{prefix}"
    numbers = np.arange(1, len(table) + 1)
    if groups is not None:
        numbers -= np.searchsorted(groups, groups)
    made = pa.array([f"{prefix}{number}" for number in numbers.tolist()], pa.string())
    filled = pc.if_else(absent, made, given)
    return table.set_column(FIELDS.index("event_id"), "event_id", filled)
