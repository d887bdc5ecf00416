"""One `event_id` names one event: exact repeats are dropped, contradictions refused."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from features.events.distinct import certainly_distinct
from features.events.problems import Findings, listed
from features.events.text import plain

#: From here on it pays to ask first whether there is any repeat at all.
MANY = 100_000

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Repeats:
    """Pairs of rows with one `event_id`: each `later` row and the `first` that has its id."""

    first: Rows
    later: Rows


def repeats(event_id: pa.ChunkedArray, groups: Rows | None = None) -> Repeats | None:
    """Rows whose id an earlier row of the same group has; None when there are none.

    `groups` numbers the set each row belongs to, ascending (one set when None). Null ids never
    repeat. `event_id` is of type string.
    """
    if len(event_id) >= MANY and certainly_distinct(event_id):
        return None
    encoded = event_id.dictionary_encode().combine_chunks()
    if len(encoded.dictionary) == len(encoded):
        return None
    named = np.flatnonzero(pc.is_valid(encoded).to_numpy(zero_copy_only=False))
    codes = pc.drop_null(encoded.indices).to_numpy().astype(np.int64)
    if groups is not None:
        codes += groups[named] * len(encoded.dictionary)
    _, first, inverse = np.unique(codes, return_index=True, return_inverse=True)
    origin = named[first][inverse]
    again = origin != named
    return Repeats(origin[again], named[again]) if again.any() else None


def resolve(
    table: pa.Table,
    found: Repeats,
    groups: Rows | None,
    findings: Findings,
    *,
    key: str = "event_id",
    thing: str = "event",
) -> npt.NDArray[np.bool_]:
    """Mark contradictions in `findings`; true for each row that only repeats an earlier one.

    Rows that have another problem already are left alone. The sentence counts rows within
    the group.
    """
    repeat, against = np.zeros((2, len(table)), dtype=np.bool_)
    clean = np.ones(len(found.later), dtype=np.bool_)
    if findings.bad is not None:
        clean = ~(findings.bad[found.first] | findings.bad[found.later])
    first, later = found.first[clean], found.later[clean]
    unlike = _differences(table, key, first, later)
    different = np.logical_or.reduce(list(unlike.values()))
    repeat[later[~different]] = True
    against[later[different]] = True
    place = {int(row): at for at, row in enumerate(later)} if different.any() else {}

    def message(row: int) -> str:
        at = place[row]
        fields = [name for name, differs in unlike.items() if differs[at]]
        start = 0 if groups is None else np.searchsorted(groups, groups[row])
        return (
            f"is also that of row {first[at] - start + 1}, with another {listed(fields)}; "
            f"one {key} names one {thing}"
        )

    findings.where(pa.array(against), key, message)
    return repeat


def _differences(
    table: pa.Table, key: str, first: Rows, later: Rows
) -> dict[str, npt.NDArray[np.bool_]]:
    """For each column, which pairs hold different values; two nulls are the same."""
    return {
        name: _differs(table.column(name).take(first), table.column(name).take(later))
        for name in table.column_names
        if name != key
    }


def _differs(one: pa.ChunkedArray, other: pa.ChunkedArray) -> npt.NDArray[np.bool_]:
    one, other = plain(one), plain(other)
    one_only = pc.xor(pc.is_null(one), pc.is_null(other))
    unequal = pc.fill_null(pc.not_equal(one, other), False)
    return np.asarray(pc.or_(one_only, unequal).to_numpy())
