"""Text columns: ids and categories, checked on their distinct values where they are encoded."""

from __future__ import annotations

import re
from collections.abc import Callable
from difflib import get_close_matches
from functools import partial
from typing import TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from features.events.problems import Findings, quoted
from features.events.schema import CATEGORIES, DICTIONARY, MAX_ID_LENGTH

Values: TypeAlias = "pa.Array | pa.ChunkedArray"

#: Empty, blank or with a control character, in RE2's syntax.
SUSPECT = r"^[\s\pZ]*$|[\x00-\x1f\x7f-\x{9f}]"
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
NOTHING = pa.scalar(None, pa.string())


def text_column(
    raw: pa.ChunkedArray, field: str, findings: Findings, required: bool
) -> pa.ChunkedArray | None:
    """An id or category column as strings, plain or dictionary-encoded as it came.

    Absent, empty and refused values are null. None when the whole column is refused.
    """
    values = as_text(raw, field, findings)
    if values is None:
        return None
    suspicious, describe = _rule(field)
    if pa.types.is_dictionary(values.type):
        if not _any(suspicious(_dictionary(values))):
            report_missing(values, field, findings, required)
            return values
        # An entry to look at may be one that no row uses, so the rows are asked.
        decoded = values.cast(pa.string())
        return _checked(
            decoded, field, findings, required, suspicious, describe
        ).dictionary_encode()
    return _checked(values, field, findings, required, suspicious, describe)


def as_text(raw: pa.ChunkedArray, field: str, findings: Findings) -> pa.ChunkedArray | None:
    """Any column that can only mean text as string or `DICTIONARY`; None when it is refused."""
    kind = raw.type
    if pa.types.is_string(kind):
        return raw
    if pa.types.is_null(kind) or pa.types.is_integer(kind) or _is_text(kind):
        return raw.cast(pa.string())
    if pa.types.is_dictionary(kind) and _is_text(kind.value_type):
        return _canonical_dictionary(raw)
    findings.column(field, f"is a column of {kind}, but must be text")
    return None


def plain(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """The same column without dictionary encoding."""
    return values.cast(pa.string()) if pa.types.is_dictionary(values.type) else values


def report_missing(values: pa.ChunkedArray, field: str, findings: Findings, required: bool) -> None:
    """Refuse the rows without a value, if the field is required."""
    if required and values.null_count:
        findings.where(pc.is_null(values), field, lambda _: "is missing, but is required")


def id_problem(value: str) -> str | None:
    """Why a text cannot be an id; None when it can."""
    if len(value) > MAX_ID_LENGTH:
        return f"is {len(value):,} characters long; at most {MAX_ID_LENGTH:,} are accepted"
    if control := _CONTROL.search(value):
        return f"has the control character U+{ord(control[0]):04X} in it; remove it"
    if value.isspace():
        return "holds only blanks; write the id, or leave an optional one empty"
    return None


def category_problem(value: str, field: str) -> str:
    """The sentence for a value outside the set, with the nearest accepted one."""
    allowed = CATEGORIES[field]
    guess = re.sub(r"[\s-]+", "_", value[:60].strip().lower())
    near = get_close_matches(guess, allowed, n=1)
    hint = f"; did you mean '{near[0]}'?" if near else ""
    return f"is {quoted(value)}, but must be one of {', '.join(allowed)}{hint}"


def _rule(field: str) -> tuple[Callable[[Values], Values], Callable[[str], str | None]]:
    """How to find the values of a field to look at, and what to say about one of them."""
    allowed = CATEGORIES.get(field)
    if allowed is None:
        return _not_an_id, id_problem
    return _not_among(allowed), partial(category_problem, field=field)


def _checked(
    values: pa.ChunkedArray,
    field: str,
    findings: Findings,
    required: bool,
    suspicious: Callable[[Values], Values],
    describe: Callable[[str], str | None],
) -> pa.ChunkedArray:
    suspects = suspicious(values)
    if not _any(suspects):
        report_missing(values, field, findings, required)
        return values
    empty = pc.equal(values, "")
    values = pc.if_else(empty, NOTHING, values)
    report_missing(values, field, findings, required)
    refused = pc.and_not(suspects, empty)
    findings.where(refused, field, lambda row: str(describe(values[row].as_py())))
    return pc.if_else(suspects, NOTHING, values)


def _not_an_id(values: Values) -> Values:
    """True where an id is empty or refused; must agree with `id_problem`."""
    bad = pc.match_substring_regex(values, SUSPECT)
    length = pc.utf8_length(values)
    if (pc.max(length).as_py() or 0) > MAX_ID_LENGTH:
        bad = pc.or_(bad, pc.greater(length, MAX_ID_LENGTH))
    return bad


def _not_among(allowed: tuple[str, ...]) -> Callable[[Values], Values]:
    accepted = pa.array([*allowed, None])
    return lambda values: pc.invert(pc.is_in(values, value_set=accepted))


def _canonical_dictionary(raw: pa.ChunkedArray) -> pa.ChunkedArray:
    """`DICTIONARY` with one dictionary for all chunks, without nulls or repeats in it."""
    joined = raw.unify_dictionaries().cast(DICTIONARY) if raw.type != DICTIONARY else raw
    joined = joined.unify_dictionaries()
    words = _dictionary(joined)
    if words.null_count or len(words.unique()) < len(words):
        return joined.cast(pa.string()).dictionary_encode()
    return joined


def _dictionary(values: pa.ChunkedArray) -> pa.Array:
    return values.chunk(0).dictionary if values.num_chunks else pa.array([], pa.string())


def _is_text(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
    )


def _any(mask: Values) -> bool:
    return bool(pc.any(mask).as_py())
