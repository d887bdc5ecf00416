"""The two columns that are not text or time: `relevance` and `personalized`."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from features.events.problems import Findings, quoted
from features.events.text import NOTHING, as_text, plain

NUMBER = r"^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?$"
_YES, _NO = ("true", "1", "yes"), ("false", "0", "no")
_YES_OR_NO = "must be true or false (a text file may also say 1, 0, yes or no)"


def fraction_column(raw: pa.ChunkedArray, field: str, findings: Findings) -> pa.ChunkedArray | None:
    """A column of numbers in 0..1 as float64; None when the whole column is refused."""
    kind = raw.type
    if pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_decimal(kind):
        numbers = raw.cast(pa.float64(), safe=False)
    elif pa.types.is_boolean(kind):
        findings.column(field, "is a column of bool, but must hold numbers from 0 to 1")
        return None
    elif (text := as_text(raw, field, findings)) is not None:
        numbers = _parsed(plain(text), field, findings)
    else:
        return None
    # NaN compares false with everything, so the accepted range is what is asked for.
    accepted = pc.and_(pc.greater_equal(numbers, 0.0), pc.less_equal(numbers, 1.0))
    if findings.where(pc.invert(accepted), field, lambda row: _range_problem(raw[row].as_py())):
        return pc.if_else(accepted, numbers, pa.scalar(None, pa.float64()))
    return numbers


def flag_column(raw: pa.ChunkedArray, field: str, findings: Findings) -> pa.ChunkedArray | None:
    """A column of true and false as bool; None when the whole column is refused."""
    if pa.types.is_boolean(raw.type):
        return raw
    text = as_text(raw, field, findings)
    if text is None:
        return None
    text = plain(text)
    small = pc.utf8_lower(text)
    yes, no = (pc.is_in(small, value_set=pa.array(words)) for words in (_YES, _NO))
    absent = pc.fill_null(pc.equal(small, ""), True)
    refused = pc.invert(pc.or_(pc.or_(yes, no), absent))
    findings.where(refused, field, lambda row: f"is {quoted(text[row].as_py())}, but {_YES_OR_NO}")
    return pc.if_else(pc.or_(yes, no), yes, pa.scalar(None, pa.bool_()))


def _parsed(text: pa.ChunkedArray, field: str, findings: Findings) -> pa.ChunkedArray:
    shaped = pc.match_substring_regex(text, NUMBER)
    refused = pc.and_not(pc.invert(shaped), pc.equal(text, ""))
    findings.where(refused, field, lambda row: _range_problem(text[row].as_py()))
    return pc.if_else(shaped, text, NOTHING).cast(pa.float64())


def _range_problem(value: object) -> str:
    return f"is {quoted(value)}, but must be a number from 0 to 1"
