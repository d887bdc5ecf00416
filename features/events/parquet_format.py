"""Parquet files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
from pyarrow import parquet

from features.errors import BadInput
from features.events.atomic import replacing

_MAGIC = b"PAR1"

#: What Arrow raises on damaged bytes; the last comes from column names that are not UTF-8.
_DAMAGE = (pa.ArrowException, OSError, UnicodeDecodeError)


def read_parquet(
    path: Path,
    wanted: Callable[[str], bool] = lambda _: True,
    encoded: tuple[str, ...] = (),
) -> pa.Table:
    """The wanted columns; text columns named in `encoded` are read dictionary-encoded.

    Columns that are not wanted are there, as nulls, so that they can be named.

    Raises `BadInput` when the file is no Parquet, cut off, damaged, or its text is not UTF-8.
    """
    _require_magic(path)
    try:
        names = parquet.read_schema(path).names
        _require_distinct(names, path)
        with parquet.ParquetFile(path, read_dictionary=[n for n in encoded if n in names]) as file:
            table = file.read(columns=[name for name in names if wanted(name)])
        table.validate(full=True)
    except _DAMAGE as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        message = f"is a damaged Parquet file ({reason}); write or copy it again"
        raise BadInput(message, source=str(path)) from error
    for name in names:
        if not wanted(name):
            table = table.append_column(name, pa.nulls(len(table)))
    return table


def write_parquet(table: pa.Table, path: Path) -> None:
    """Write with zstd compression and dictionary encoding."""
    with replacing(path) as temporary:
        parquet.write_table(table, temporary, compression="zstd", use_dictionary=True)


def _require_magic(path: Path) -> None:
    with path.open("rb") as file:
        head = file.read(4)
        file.seek(max(0, path.stat().st_size - 4))
        tail = file.read(4)
    if head != _MAGIC:
        raise BadInput("is not a Parquet file (it does not begin with PAR1)", source=str(path))
    if tail != _MAGIC or path.stat().st_size < 12:
        message = "is cut off: a Parquet file ends with PAR1; write or copy it again"
        raise BadInput(message, source=str(path))


def _require_distinct(names: list[str], path: Path) -> None:
    for name, times in Counter(names).items():
        if times > 1:
            message = f"is the name of {times} columns; keep one"
            raise BadInput(message, source=str(path), field=name)
