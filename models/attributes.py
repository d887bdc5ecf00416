"""Contact columns as features: numbers as they are, categories one column a level."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

#: A category's levels beyond the most frequent twenty share no column.
MOST_LEVELS = 20
FEWEST_PER_LEVEL = 20
#: Where a person is, and who; a phone number tells the zone to rules and nothing to models.
_PLACES = ("contact_id", "timezone", "country", "phone")


@dataclass(frozen=True, slots=True)
class Attribute:
    """One contact column; `levels` is None for a number.

    `columns`: names of the feature columns it becomes.
    """

    name: str
    levels: tuple[str, ...] | None
    columns: tuple[str, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        named = f"contact.{self.name}"
        of_levels = (f"{named}={level}" for level in self.levels or ())
        columns = (named,) if self.levels is None else tuple(of_levels)
        object.__setattr__(self, "columns", columns)


@dataclass(frozen=True, slots=True)
class Encoding:
    """How contact columns become feature columns; learned once, stored with the model.

    `columns`: names of all feature columns, in order.
    """

    attributes: tuple[Attribute, ...]
    columns: tuple[str, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        columns = tuple(name for a in self.attributes for name in a.columns)
        object.__setattr__(self, "columns", columns)

    @classmethod
    def fit(cls, contacts: pa.Table | None) -> Encoding:
        """Every further column of a contacts table; categories by their frequent levels."""
        if contacts is None:
            return cls(())
        names = [n for n in contacts.column_names if n not in _PLACES and n[:6] != "audit_"]
        return cls(tuple(a for n in names if (a := _attribute(n, contacts[n])) is not None))

    def of_contacts(self, contacts: pa.Table | None, names: pa.Array) -> npt.NDArray[np.float32]:
        """Feature columns of the contacts `names`, shape (names, columns); NaN where unknown."""
        out = np.full((len(names), len(self.columns)), np.nan, np.float32)
        if contacts is None or not self.columns:
            return out
        place = pc.index_in(names.cast(pa.string()), contacts["contact_id"].combine_chunks())
        rows = contacts.take(place)
        position = 0
        for attribute in self.attributes:
            if attribute.name in rows.column_names:
                _encode(attribute, rows[attribute.name], out, position)
            position += len(attribute.columns)
        return out

    def of_values(self, values: Mapping[str, Any]) -> npt.NDArray[np.float32]:
        """Feature columns of one contact's attribute values, shape (columns,)."""
        out = np.full(len(self.columns), np.nan, np.float32)
        position = 0
        for attribute in self.attributes:
            value = values.get(attribute.name)
            if attribute.levels is None:
                if isinstance(value, int | float):
                    out[position] = value
            elif value is not None:
                for k, level in enumerate(attribute.levels):
                    out[position + k] = float(str(value) == level)
            position += len(attribute.columns)
        return out


def _attribute(name: str, column: pa.ChunkedArray) -> Attribute | None:
    if pa.types.is_floating(column.type) or pa.types.is_integer(column.type):
        return Attribute(name, None) if column.null_count < len(column) else None
    counts = pc.value_counts(column.cast(pa.string()).drop_null().combine_chunks()).to_pylist()
    frequent = [c for c in counts if c["counts"] >= min(FEWEST_PER_LEVEL, len(column) / 50)]
    frequent.sort(key=lambda c: (-c["counts"], c["values"]))
    levels = tuple(c["values"] for c in frequent[:MOST_LEVELS])
    return Attribute(name, levels) if levels else None


def _encode(attribute: Attribute, column: pa.ChunkedArray, out: Any, position: int) -> None:
    if attribute.levels is None:
        if pa.types.is_floating(column.type) or pa.types.is_integer(column.type):
            out[:, position] = column.cast(pa.float64()).to_numpy().astype(np.float32)
        return
    text = column.cast(pa.string())
    known = text.is_valid().to_numpy()
    for k, level in enumerate(attribute.levels):
        equal = pc.equal(text, level).fill_null(False).to_numpy()
        out[:, position + k] = np.where(known, equal, np.nan)
