"""Which data a model was made of, as one short text."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

#: By which what is told of a row is folded together, column by column; any odd number will do.
_STEP = np.uint64(0x9E3779B97F4A7C15)
_UNKNOWN = np.uint64(1)


def fingerprint(events: pa.Table, contacts: pa.Table | None = None) -> str:
    """A digest of all that is told of events and of contacts, 32 hexadecimal digits.

    The order of rows and of columns does not matter; a column in which nothing is told is none.
    """
    digest = hashlib.blake2b(digest_size=16)
    for table in (events, contacts):
        digest.update(b"\0" if table is None else np.sort(_rows(table)).tobytes() + b"\1")
    return digest.hexdigest()


def _rows(table: pa.Table) -> npt.NDArray[np.uint64]:
    """A hash of each row, shape (rows,)."""
    found = np.zeros(table.num_rows, np.uint64)
    for name in sorted(table.column_names):
        column = table[name]
        if column.null_count < len(column):
            found = (found ^ _values(column, name)) * _STEP
    return found


def _values(column: pa.ChunkedArray, name: str) -> npt.NDArray[np.uint64]:
    """A hash of each value of a column, of its name and of the text of the value."""
    coded = column.cast(pa.string()).combine_chunks().dictionary_encode()
    hashes = np.append(_hashes(coded.dictionary.to_numpy(zero_copy_only=False)), _UNKNOWN)
    codes = coded.indices.fill_null(len(hashes) - 1).to_numpy(zero_copy_only=False)
    return np.asarray(hashes[codes] ^ _hashes(np.array([name], object)))


def _hashes(texts: npt.NDArray[Any]) -> npt.NDArray[np.uint64]:
    return np.asarray(pd.util.hash_array(texts, categorize=False))
