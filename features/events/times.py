"""Time columns: RFC 3339 texts and zoned timestamps to microseconds in UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.events.problems import Findings, quoted
from features.events.schema import FIRST_YEAR, LAST_YEAR, TIMESTAMP
from features.events.text import NOTHING, as_text, plain, report_missing

#: RFC 3339 date-time; `T` may be a blank (section 5.6) and February has 29 days here.
RFC3339 = (
    r"^\d{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\d|30)"
    r"|02-(?:0[1-9]|[12]\d))[Tt ](?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?"
    r"(?:[Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)$"
)
_SHAPE = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", re.I | re.A)
_LOCAL = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(:\d\d)?(\.\d+)?", re.I | re.A)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.A)
_NUMBER = re.compile(r"-?\d+(\.\d+)?", re.A)

_PER_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
_FIRST = int(datetime(FIRST_YEAR, 1, 1, tzinfo=UTC).timestamp())
_END = int(datetime(LAST_YEAR + 1, 1, 1, tzinfo=UTC).timestamp())
_OUTSIDE = f"is outside the years {FIRST_YEAR} to {LAST_YEAR} (in UTC)"


def time_column(
    raw: pa.ChunkedArray, field: str, findings: Findings, required: bool
) -> pa.ChunkedArray | None:
    """A column of moments as `TIMESTAMP`; absent and refused values are null.

    None when the whole column is refused: times without a zone, dates, numbers.
    """
    if raw.null_count == len(raw):
        report_missing(raw, field, findings, required)
        return pa.chunked_array([pa.nulls(len(raw), TIMESTAMP)])
    if refusal := _column_problem(raw.type):
        findings.column(field, refusal)
        return None
    moments = raw
    if not pa.types.is_timestamp(raw.type):
        text = as_text(raw, field, findings)
        if text is None:
            return None
        moments, text = _parsed(plain(text), field, findings)
        report_missing(text, field, findings, required)
    else:
        report_missing(raw, field, findings, required)
    return _within_years(moments, raw, field, findings)


def time_problem(value: str) -> str:
    """The sentence for a text that is no RFC 3339 time, saying how to write it."""
    if _SHAPE.fullmatch(value):
        return f"is {quoted(value)}, a day or time of day that does not exist"
    if local := _LOCAL.fullmatch(value):
        zulu = f"{local[1]}T{local[2]}{local[3] or ':00'}{local[4] or ''}Z"
        return f"is {quoted(value)} without an offset; write {zulu} if it is UTC, else +hh:mm for Z"
    if _DATE.fullmatch(value):
        return f"is {quoted(value)}, a date only; write the time and offset too, {value}T09:30:00Z"
    if _NUMBER.fullmatch(value):
        return f"is {quoted(value)}, a number; write RFC 3339 such as 2026-01-31T09:30:00+01:00"
    return f"is {quoted(value)}, not a time; write RFC 3339 such as 2026-01-31T09:30:00+01:00"


def _column_problem(kind: pa.DataType) -> str | None:
    if pa.types.is_timestamp(kind) and kind.tz is not None:
        return None
    if pa.types.is_temporal(kind):
        return f"is a column of {kind} without a time zone; write timestamp[us, tz=UTC]"
    if pa.types.is_integer(kind):
        return f"is a column of {kind}; write RFC 3339 text or timestamp[us, tz=UTC]"
    return None


def _parsed(
    text: pa.ChunkedArray, field: str, findings: Findings
) -> tuple[pa.ChunkedArray, pa.ChunkedArray]:
    """The moments, null where absent or refused, and the texts, null where absent."""
    shaped = pc.match_substring_regex(text, RFC3339)
    proper = text
    if not pc.all(shaped).as_py():
        text = pc.if_else(pc.equal(text, ""), NOTHING, text)
        refused = pc.and_(pc.invert(shaped), pc.is_valid(text))
        findings.where(refused, field, lambda row: time_problem(text[row].as_py()))
        proper = pc.if_else(shaped, text, NOTHING)
    try:
        return proper.cast(TIMESTAMP), text
    except pa.ArrowInvalid:
        return _normalised(proper, field, findings).cast(TIMESTAMP), text


def _normalised(text: pa.ChunkedArray, field: str, findings: Findings) -> pa.ChunkedArray:
    """What RFC 3339 allows and Arrow's parser does not: small letters, more than microseconds.

    Digits beyond microseconds are cut off. The 29th of February of a common year is refused.
    """
    text = pc.replace_substring_regex(pc.ascii_upper(text), r"(\.\d{6})\d+", r"\1")
    leap_day = pc.fill_null(pc.equal(pc.utf8_slice_codeunits(text, 4, 10), "-02-29"), False)
    if pc.any(leap_day).as_py():
        year = pc.fill_null(pc.utf8_slice_codeunits(text, 0, 4).cast(pa.int32()), 0).to_numpy()
        common = (year % 4 != 0) | ((year % 100 == 0) & (year % 400 != 0))
        wrong = pc.and_(leap_day, pa.array(common))
        findings.where(wrong, field, lambda row: time_problem(text[row].as_py()))
        text = pc.if_else(wrong, NOTHING, text)
    return text


def _within_years(
    moments: pa.ChunkedArray, raw: pa.ChunkedArray, field: str, findings: Findings
) -> pa.ChunkedArray:
    per_second = _PER_SECOND[moments.type.unit]
    first, last = _FIRST * per_second, min(_END * per_second - 1, np.iinfo(np.int64).max)
    extremes = pc.min_max(moments)
    low, high = extremes["min"].value, extremes["max"].value
    if low is not None and (low < first or high > last):
        # Compared as numbers: a moment far outside would overflow on the way to microseconds.
        ticks = moments.cast(pa.int64())
        outside = pc.or_(pc.less(ticks, first), pc.greater(ticks, last))
        findings.where(outside, field, lambda row: _outside(raw[row]))
        moments = pc.if_else(outside, pa.scalar(None, moments.type), moments)
    return moments if moments.type == TIMESTAMP else moments.cast(TIMESTAMP, safe=False)


def _outside(value: pa.Scalar) -> str:
    # A timestamp this far out may be beyond what Python can show.
    if pa.types.is_timestamp(value.type):
        return _OUTSIDE
    return f"is {quoted(value.as_py())}, which {_OUTSIDE}"
