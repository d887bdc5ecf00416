"""Validated events as flat arrays of codes: what the compiled routines read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from features.events.schema import CHANNELS, KINDS, SENTIMENTS

Ints = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]


#: Up to so many events a list of Python's is quicker than a call into Arrow.
FEW = 250


@dataclass(frozen=True, slots=True)
class Histories:
    """Events in table order, one entry each; codes index the name arrays, -1 means absent.

    Times are microseconds since 1970 in UTC; `local` is `occurred` on the contact's own clock.
    `relevance` is 0..1 and `personalized` 0/1, both NaN where absent. `event_id` settles the order
    of events of one moment.
    """

    contact: Codes
    campaign: Codes
    actor: Codes
    account: Codes
    kind: npt.NDArray[np.int8]
    channel: npt.NDArray[np.int8]
    sentiment: npt.NDArray[np.int8]
    occurred: Ints
    recorded: Ints
    local: Ints
    relevance: Floats
    personalized: Floats
    zone_known: npt.NDArray[np.float64]
    names: Mapping[str, pa.Array]
    event_id: pa.ChunkedArray

    def __len__(self) -> int:
        return len(self.contact)


def in_one_piece(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    """A column as one array, without a copy where it is one already."""
    if not isinstance(column, pa.ChunkedArray):
        return column
    if column.num_chunks == 1:
        return column.chunk(0)
    if pa.types.is_dictionary(column.type):
        column = column.unify_dictionaries()
    return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)


def dictionary_codes(column: pa.ChunkedArray | pa.Array) -> tuple[Codes, pa.Array]:
    """Codes (-1 for null) and the names they index."""
    if not pa.types.is_dictionary(column.type):
        if len(column) <= FEW:
            return _codes_of_few(column)
        column = pc.dictionary_encode(column)
    coded = in_one_piece(column)
    indices = coded.indices
    if indices.null_count:
        indices = indices.fill_null(-1)
    codes = indices.to_numpy(zero_copy_only=False).astype(np.int32, copy=False)
    return codes, coded.dictionary


def _codes_of_few(column: pa.ChunkedArray | pa.Array) -> tuple[Codes, pa.Array]:
    place: dict[str | None, int] = {None: -1}
    codes = [place.setdefault(value, len(place) - 1) for value in column.to_pylist()]
    return np.array(codes, np.int32), pa.array(list(place)[1:], column.type)


def fixed_codes(column: pa.ChunkedArray | pa.Array, values: tuple[str, ...]) -> Any:
    """Codes by position in `values`, -1 for null."""
    if len(column) <= FEW:
        place = {None: -1} | {value: i for i, value in enumerate(values)}
        return np.array([place[value] for value in column.to_pylist()], np.int8)
    codes, names = dictionary_codes(column)
    table = np.full(len(names) + 1, -1, np.int8)
    for i, name in enumerate(names.to_pylist()):
        table[i] = values.index(name) if name is not None else -1
    return table[codes]


def microseconds(column: pa.ChunkedArray | pa.Array) -> Ints:
    """A timestamp column as int64 microseconds since 1970."""
    result: Ints = in_one_piece(column).view(pa.int64()).to_numpy(zero_copy_only=False)
    return result


def floats(column: pa.ChunkedArray | pa.Array) -> Floats:
    """A number or bool column as float64, NaN for null."""
    if column.null_count == len(column):
        return np.full(len(column), np.nan)
    if len(column) <= FEW:
        return np.array(column.to_pylist(), np.float64)
    numbers = in_one_piece(column).cast(pa.float64())
    result: Floats = numbers.to_numpy(zero_copy_only=False).astype(np.float64, copy=False)
    return result


def from_events(
    events: pa.Table,
    local_clock: Any | None = None,
    contact: tuple[Codes, pa.Array] | None = None,
) -> Histories:
    """Turn validated `events` into arrays.

    `local_clock(contact_codes, contact_names, occurred)` gives each event's local time and whether
    its zone is known; without it, local time is UTC and no zone known. `contact`: codes and names
    of contacts, where those of the column are not wanted.
    """
    coded = {name: dictionary_codes(events[name]) for name in _CODED}
    coded["contact_id"] = contact or dictionary_codes(events["contact_id"])
    contacts, occurred = coded["contact_id"][0], microseconds(events["occurred_at"])
    local, known = occurred, np.zeros(len(contacts))
    if local_clock is not None:
        local, known = local_clock(contacts, coded["contact_id"][1], occurred)
    return Histories(
        contact=contacts,
        campaign=coded["campaign_id"][0],
        actor=coded["actor_id"][0],
        account=coded["account_id"][0],
        kind=fixed_codes(events["kind"], KINDS),
        channel=fixed_codes(events["channel"], CHANNELS),
        sentiment=fixed_codes(events["sentiment"], SENTIMENTS),
        occurred=occurred,
        recorded=microseconds(events["recorded_at"]),
        local=local,
        relevance=floats(events["relevance"]),
        personalized=floats(events["personalized"]),
        zone_known=known,
        names={name: names for name, (_, names) in coded.items()},
        event_id=events["event_id"],
    )


_CODED = ("campaign_id", "actor_id", "account_id")
