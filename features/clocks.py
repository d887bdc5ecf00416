"""Each contact's own clock, for a whole table of events at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.compiled import jit
from features.histories import Codes, Floats, Ints
from features.localtime import OffsetTable, representative_zone, utc_offset_table


@jit
def _shift(times: Any, zone: Any, first: Any, at_us: Any, offset_us: Any) -> Any:
    local = times.copy()
    for i in range(len(times)):
        z = zone[i]
        if z < 0:
            continue
        low, high = first[z], first[z + 1]
        while high - low > 1:
            middle = (low + high) // 2
            if at_us[middle] <= times[i]:
                low = middle
            else:
                high = middle
        local[i] += offset_us[low]
    return local


def local_times(times: Ints, zone: Codes, table: OffsetTable) -> Ints:
    """Wall-clock microseconds of `times`; a negative zone code keeps UTC."""
    result: Ints = _shift(times, zone, table.first, table.at_us, table.offset_us)
    return result


@dataclass(frozen=True)
class Clocks:
    """The zone of each contact of a contacts table; unknown contacts keep UTC."""

    contact_ids: pa.Array
    zone: Codes
    table: OffsetTable

    @classmethod
    def of(cls, contacts: pa.Table) -> Clocks:
        """Read each contact's representative zone from `timezone` and `country`."""
        pairs = list(zip(_texts(contacts, "timezone"), _texts(contacts, "country"), strict=True))
        named = {pair: representative_zone(*pair) for pair in set(pairs)}
        zones = sorted({z for z in named.values() if z})
        code = {z: i for i, z in enumerate(zones)} | {None: -1}
        zone = np.array([code[named[pair]] for pair in pairs], np.int32)
        return cls(_flat(contacts["contact_id"]), zone, utc_offset_table(tuple(zones)))

    def __call__(self, contact: Codes, names: pa.Array, times: Ints) -> tuple[Ints, Floats]:
        """Local times of events of contacts given by code, and whether each zone is known."""
        place = pc.index_in(names.cast(pa.string()), self.contact_ids).fill_null(-1)
        zone_of_name = np.append(self.zone, np.int32(-1))[place.to_numpy(zero_copy_only=False)]
        zone = zone_of_name[contact]
        return local_times(times, zone, self.table), (zone >= 0).astype(np.float64)


def _flat(column: pa.ChunkedArray) -> pa.Array:
    return pa.concat_arrays([c.cast(pa.string()) for c in column.chunks] or [pa.array([], "str")])


def _texts(contacts: pa.Table, name: str) -> list[str | None]:
    if name not in contacts.column_names:
        return [None] * contacts.num_rows
    return contacts[name].to_pylist()  # type: ignore[no-any-return]
