"""The one validator of events, for files and for HTTP.

Every rule is a handful of column operations, so twelve rows take less than half a millisecond
and ten million a few seconds; a sentence is only written for a row that is refused.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from features.events import duplicates
from features.events.numbers import flag_column, fraction_column
from features.events.problems import LIMIT, Findings, Notices, Problem, refuse
from features.events.schema import (
    AGREED_AHEAD,
    DICTIONARY,
    ENCODED,
    EVENTS,
    FIELDS,
    REQUIRED,
    TIMES,
)
from features.events.text import plain, report_missing, text_column
from features.events.times import time_column

Rows = npt.NDArray[np.int64]
Columns = dict[str, pa.ChunkedArray]

_AHEAD = pa.array(AGREED_AHEAD)
_END_OF_1970 = 365 * 24 * 3600 * 1_000_000


@dataclass(frozen=True, slots=True)
class Checked:
    """The outcome of a check.

    `table` holds the accepted events in their order, in the canonical columns; `rows` the number
    (from 0) each had in the input, or None when every row was accepted. `total` counts the
    problems, of which `problems` are the first by row.
    """

    table: pa.Table
    rows: Rows | None
    problems: list[Problem]
    total: int
    notices: Notices


def find_problems(table: pa.Table) -> list[Problem]:
    """What is wrong with a table of events, ordered by row: the first 1,000 problems."""
    return check_events(table).problems


def validate_events(table: pa.Table, source: str) -> pa.Table:
    """The canonical table of `EVENTS`; logs notices.

    Dictionary-encoded columns stay so. Exact repeats are dropped, order is kept.

    Raises `BadInput` with the first problem, saying how many more there are.
    """
    checked = check_events(table)
    if checked.problems:
        refuse(checked.problems, checked.total, source)
    checked.notices.log(source)
    return checked.table


def check_events(
    table: pa.Table,
    findings: Findings | None = None,
    groups: Rows | None = None,
    limit: int = LIMIT,
) -> Checked:
    """Check a table in one go.

    `findings` may already hold problems of the rows. `groups` numbers the set each row belongs
    to, ascending: an `event_id` has to be unique within its set only.
    """
    findings = findings or Findings(len(table), limit)
    columns = _columns(table, findings)
    if columns is None:
        nothing = EVENTS.empty_table()
        return Checked(nothing, _none(), findings.problems(), findings.total, Notices())
    _check_across(columns, findings)
    columns["recorded_at"] = pc.coalesce(columns["recorded_at"], columns["occurred_at"])
    canonical = pa.Table.from_arrays(list(columns.values()), schema=_schema(columns))
    found = duplicates.repeats(columns["event_id"], groups)
    repeat = None if found is None else duplicates.resolve(canonical, found, groups, findings)
    notices = Notices(
        0 if repeat is None else int(repeat.sum()),
        tuple(name for name in table.column_names if name not in FIELDS),
        _epoch_rows(columns["occurred_at"]),
    )
    canonical, rows = _accepted(canonical, findings.bad, repeat)
    return Checked(canonical, rows, findings.problems(), findings.total, notices)


def encode(table: pa.Table) -> pa.Table:
    """Canonical events with `ENCODED` columns as `DICTIONARY`, and everything in one chunk."""
    for name in ENCODED:
        column = table.column(name)
        encoded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
        index = table.schema.get_field_index(name)
        field = EVENTS.field(name).with_type(DICTIONARY)
        table = table.set_column(index, field, encoded.unify_dictionaries())
    return table.combine_chunks()


def _columns(table: pa.Table, findings: Findings) -> Columns | None:
    """The canonical columns, refused values null; None when a whole column is refused."""
    if not findings.columns(table.column_names, REQUIRED, FIELDS):
        return None
    columns: dict[str, pa.ChunkedArray | None] = {}
    for name in FIELDS:
        if name not in table.column_names:
            columns[name] = pa.chunked_array([pa.nulls(len(table), EVENTS.field(name).type)])
        else:
            columns[name] = _column(name, table.column(name), findings)
    usable = {name: column for name, column in columns.items() if column is not None}
    if len(usable) < len(columns):
        return None
    return usable | {"event_id": plain(usable["event_id"])}


def _column(name: str, raw: pa.ChunkedArray, findings: Findings) -> pa.ChunkedArray | None:
    if raw.null_count == len(raw):
        report_missing(raw, name, findings, name in REQUIRED)
        return pa.chunked_array([pa.nulls(len(raw), EVENTS.field(name).type)])
    if name in TIMES:
        return time_column(raw, name, findings, name in REQUIRED)
    if name == "relevance":
        return fraction_column(raw, name, findings)
    if name == "personalized":
        return flag_column(raw, name, findings)
    return text_column(raw, name, findings, name in REQUIRED)


def _schema(columns: Columns) -> pa.Schema:
    return pa.schema([EVENTS.field(name).with_type(columns[name].type) for name in FIELDS])


def _check_across(columns: Columns, findings: Findings) -> None:
    """The rules that look at two fields of an event."""
    kind, channel, sentiment = columns["kind"], columns["channel"], columns["sentiment"]
    nowhere = pc.and_(pc.is_null(channel), pc.equal(kind, "touch"))
    findings.where(nowhere, "channel", lambda _: "is missing: a touch needs the channel it used")
    if sentiment.null_count < len(sentiment):
        misplaced = pc.and_(pc.is_valid(sentiment), pc.not_equal(kind, "reply"))
        findings.where(
            misplaced,
            "sentiment",
            lambda row: f"is only for a reply, but this event is a {kind[row].as_py()}",
        )
    _check_agreed(columns, findings)
    recorded_at = columns["recorded_at"]
    if recorded_at.null_count == len(recorded_at):
        return
    early = pc.less(recorded_at, columns["occurred_at"])
    early = pc.and_not(early, pc.is_in(kind, value_set=_AHEAD))
    findings.where(
        early,
        "recorded_at",
        lambda row: (
            f"is earlier than occurred_at, which only {' and '.join(AGREED_AHEAD)} may be; "
            f"a {kind[row].as_py()} is known once it has happened"
        ),
    )


def _check_agreed(columns: Columns, findings: Findings) -> None:
    """The date that a reply asks to be contacted from."""
    agreed, kind = columns["come_back_at"], columns["kind"]
    if agreed.null_count == len(agreed):
        return
    findings.where(
        pc.and_(pc.is_valid(agreed), pc.not_equal(kind, "reply")),
        "come_back_at",
        lambda row: f"is only for a reply, but this event is a {kind[row].as_py()}",
    )
    findings.where(
        pc.less_equal(agreed, columns["occurred_at"]),
        "come_back_at",
        lambda _: "is not later than occurred_at, when it was agreed",
    )


def _accepted(
    table: pa.Table,
    bad: npt.NDArray[np.bool_] | None,
    repeat: npt.NDArray[np.bool_] | None,
) -> tuple[pa.Table, Rows | None]:
    left_out = [mask for mask in (bad, repeat) if mask is not None]
    if not left_out:
        return table, None
    keep = ~np.logical_or.reduce(left_out)
    return table.filter(pa.array(keep)), np.flatnonzero(keep)


def _epoch_rows(occurred_at: pa.ChunkedArray) -> int:
    earliest = pc.min(occurred_at).value
    if earliest is None or earliest >= _END_OF_1970:
        return 0
    return int(pc.sum(pc.less(occurred_at.cast(pa.int64()), _END_OF_1970)).as_py())


def _none() -> Rows:
    return np.zeros(0, dtype=np.int64)
