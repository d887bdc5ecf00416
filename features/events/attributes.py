"""What else is known of a contact: any column becomes a number or a category, or is refused."""

from __future__ import annotations

import math

import pyarrow as pa
import pyarrow.compute as pc

from features.events.numbers import NUMBER
from features.events.problems import Findings, quoted
from features.events.text import NOTHING, as_text, plain

#: Columns with this prefix are for the fairness report and never features.
AUDIT = "audit_"

Attribute = float | str | None


def attribute_column(
    raw: pa.ChunkedArray, field: str, findings: Findings, from_text: bool
) -> pa.ChunkedArray | None:
    """A column as float64 (numbers; true is 1) or string (categories); absent values are null.

    With `from_text` (CSV knows no types) a column of nothing but numbers, or nothing but true
    and false, is one of numbers. None when the column is refused.
    """
    kind = raw.type
    if _is_number(kind):
        return _finite(raw.cast(pa.float64(), safe=False), field, findings)
    if pa.types.is_dictionary(kind) and _is_number(kind.value_type):
        return _finite(raw.cast(kind.value_type).cast(pa.float64()), field, findings)
    if _is_text(kind.value_type if pa.types.is_dictionary(kind) else kind):
        text = as_text(raw, field, findings)
        values = pc.if_else(pc.equal(plain(text), ""), NOTHING, plain(text))
        return _guessed(values, field, findings) if from_text else values
    findings.column(
        field, f"is a column of {kind}, which cannot be a feature; make it numbers or text"
    )
    return None


def attribute_value(value: object) -> tuple[Attribute, str | None]:
    """One value by the same rules, and what is wrong with it if it is refused."""
    if isinstance(value, bool | int | float):
        try:
            number = float(value)
        except OverflowError:
            return None, "is a number too large to work with"
        if math.isnan(number):
            return None, None
        return (
            (None, f"is {quoted(number)}, not a number") if math.isinf(number) else (number, None)
        )
    if value is None or value == "":
        return None, None
    if not isinstance(value, str):
        return None, "must be a number, true or false, text or null"
    if any("\ud800" <= letter <= "\udfff" for letter in value):
        return None, "has half a surrogate pair in it, which is not a character"
    return value, None


def _guessed(values: pa.ChunkedArray, field: str, findings: Findings) -> pa.ChunkedArray:
    if values.null_count == len(values):
        return values
    if pc.all(pc.match_substring_regex(values, NUMBER)).as_py():
        return _finite(values.cast(pa.float64()), field, findings)
    small = pc.utf8_lower(values)
    if pc.all(pc.is_in(small, value_set=pa.array(["true", "false", None]))).as_py():
        return pc.equal(small, "true").cast(pa.float64())
    return values


def _finite(numbers: pa.ChunkedArray, field: str, findings: Findings) -> pa.ChunkedArray:
    numbers = pc.if_else(pc.is_nan(numbers), pa.scalar(None, pa.float64()), numbers)
    findings.where(
        pc.is_inf(numbers), field, lambda row: f"is {quoted(numbers[row].as_py())}, not a number"
    )
    return numbers


def _is_number(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_integer(kind)
        or pa.types.is_floating(kind)
        or pa.types.is_decimal(kind)
        or pa.types.is_boolean(kind)
    )


def _is_text(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_null(kind)
        or pa.types.is_string(kind)
        or pa.types.is_large_string(kind)
        or pa.types.is_string_view(kind)
    )
