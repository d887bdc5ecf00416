"""JSON Lines files: one object per line."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NoReturn, cast

import orjson
import pyarrow as pa

from features.errors import BadInput
from features.events.atomic import replacing
from features.events.formats import (
    GZIP_ERRORS,
    damaged_gzip,
    open_bytes,
    refuse_bytes,
    require_text,
)

BATCH = 50_000


def read_jsonl(path: Path) -> Iterator[list[dict[str, object]]]:
    """The objects of the file in batches; blank lines are passed over.

    Raises `BadInput` naming the line that is not an object, or not JSON, or not UTF-8.
    """
    require_text(path)
    batch: list[dict[str, object]] = []
    before = 0
    try:
        with open_bytes(path) as file:
            for number, line in enumerate(file, start=1):
                text = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
                if text.strip():
                    batch.append(_object(text, path, number, before))
                before += len(line)
                if len(batch) == BATCH:
                    yield batch
                    batch = []
    except GZIP_ERRORS as error:
        damaged_gzip(path, error)
    if batch:
        yield batch


def write_jsonl(table: pa.Table, path: Path) -> None:
    """Write a table of numbers, bools and text; a null is left out."""
    with replacing(path) as temporary, _writing(temporary, path.suffix) as out:
        for batch in table.to_batches(max_chunksize=BATCH):
            for row in batch.to_pylist():
                present = {name: value for name, value in row.items() if value is not None}
                out.write(orjson.dumps(present, option=orjson.OPT_APPEND_NEWLINE))


def _object(line: bytes, path: Path, number: int, before: int) -> dict[str, object]:
    try:
        found = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        _refuse_line(line, path, number, before, str(error))
    if isinstance(found, dict):
        return found
    if isinstance(found, list) and number == 1:
        _refuse_array(path)
    raise BadInput(f"line {number:,} is not a JSON object", source=str(path))


def _refuse_line(line: bytes, path: Path, number: int, before: int, reason: str) -> NoReturn:
    try:
        line.decode()
    except UnicodeDecodeError as error:
        refuse_bytes(path, error, before, number)
    if number == 1 and line.lstrip().startswith(b"["):
        _refuse_array(path)
    reason = reason.partition(": line ")[0]
    message = f"line {number:,} is not JSON ({reason}); write one whole object per line"
    raise BadInput(message, source=str(path))


def _refuse_array(path: Path) -> NoReturn:
    message = "holds a JSON array; write JSON Lines, one object per line without brackets around"
    raise BadInput(message, source=str(path))


@contextmanager
def _writing(path: Path, suffix: str) -> Iterator[BinaryIO]:
    with cast(BinaryIO, gzip.open(path, "wb") if suffix.lower() == ".gz" else path.open("wb")) as f:
        yield f
