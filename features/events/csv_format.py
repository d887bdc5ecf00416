"""CSV files as tables of text: nothing is guessed, so 007 and NA stay what they are."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Generator, Iterator
from contextlib import closing
from pathlib import Path
from typing import NoReturn

import pyarrow as pa
from pyarrow import csv as arrow_csv

from features.errors import BadInput
from features.events.atomic import replacing
from features.events.formats import (
    GZIP_ERRORS,
    damaged_gzip,
    open_bytes,
    refuse_bytes,
    require_text,
)
from features.events.schema import DICTIONARY

#: No row may be longer than this many bytes; Arrow reads in blocks of it.
BLOCK = 16 * 1024 * 1024


def read_csv(path: Path, encoded: tuple[str, ...] = ()) -> pa.Table:
    """All columns as text, those named in `encoded` dictionary-encoded; "" where empty.

    Comma-separated UTF-8 (a byte order mark is fine) with a header, quoted as in RFC 4180.

    Raises `BadInput` with the row and the reason.
    """
    require_text(path)
    try:
        names = _header(path)
        _require_even_quotes(path)
        return arrow_csv.read_csv(
            path,
            read_options=arrow_csv.ReadOptions(block_size=BLOCK),
            parse_options=arrow_csv.ParseOptions(newlines_in_values=True),
            convert_options=arrow_csv.ConvertOptions(
                column_types={n: DICTIONARY if n in encoded else pa.string() for n in names},
                strings_can_be_null=False,
            ),
        )
    except pa.ArrowInvalid as error:
        _refuse(path, error)
    except GZIP_ERRORS as error:
        damaged_gzip(path, error)
    except OSError as error:
        raise BadInput(f"cannot be read ({error})", source=str(path)) from error


def write_csv(table: pa.Table, path: Path) -> None:
    """Write a table of numbers, bools and text; null is an empty field."""
    with replacing(path) as temporary:
        if path.suffix.lower() == ".gz":
            with pa.CompressedOutputStream(str(temporary), "gzip") as out:
                arrow_csv.write_csv(table, out)
        else:
            arrow_csv.write_csv(table, temporary)


def _header(path: Path) -> list[str]:
    """The column names; refuses what does not look like a comma-separated header."""
    try:
        with closing(_lines(path)) as lines:
            names = next(csv.reader(lines, strict=True), [])
    except csv.Error as error:
        raise BadInput(f"has a header that is not CSV ({error})", source=str(path)) from error
    for separator, name in ((";", "semicolons"), ("\t", "tabs")):
        if len(names) == 1 and separator in names[0]:
            raise BadInput(f"is separated by {name}; save it with commas", source=str(path))
    for name, times in Counter(names).items():
        if times > 1:
            message = f"is the name of {times} columns; keep one"
            raise BadInput(message, source=str(path), field=name or '""')
    return names


def _require_even_quotes(path: Path) -> None:
    """An odd number of quotes may be one never closed, which would swallow the rest unnoticed."""
    quotes = 0
    with open_bytes(path) as file:
        while block := file.read(BLOCK):
            quotes += block.count(b'"')
    if quotes % 2:
        _scan(path)


def _refuse(path: Path, error: pa.ArrowInvalid) -> NoReturn:
    """Find the row Arrow stumbled over, by reading again slowly."""
    _scan(path)
    raise BadInput(f"is not CSV that can be read ({error})", source=str(path)) from error


def _scan(path: Path) -> None:
    """Raise `BadInput` for the first row that is ragged, not UTF-8 or never ends."""
    with closing(_lines(path)) as lines:
        _scan_rows(csv.reader(lines, strict=True), path)


def _scan_rows(rows: Iterator[list[str]], path: Path) -> None:
    width = len(next(rows, []))
    number = 0
    try:
        for row in rows:
            number += bool(row)
            if row and len(row) != width:
                fields = f"{len(row)} field{'s' if len(row) != 1 else ''}"
                message = f"has {fields}, but the header has {width}"
                raise BadInput(message, source=str(path), row=number)
    except csv.Error as error:
        message = f"cannot be read as CSV ({error}); look for a quote that is never closed"
        raise BadInput(message, source=str(path), row=number + 1) from error


def _lines(path: Path) -> Generator[str, None, None]:
    before = 0
    with open_bytes(path) as file:
        for number, line in enumerate(file, start=1):
            try:
                yield line.decode("utf-8-sig" if number == 1 else "utf-8")
            except UnicodeDecodeError as error:
                refuse_bytes(path, error, before, number)
            before += len(line)
