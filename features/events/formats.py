"""Which file format a path means, and the checks every format shares before it is read."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path
from typing import BinaryIO, Literal, NoReturn, cast

from features.errors import BadInput

Format = Literal["parquet", "csv", "jsonl"]

_SUFFIXES: dict[str, Format] = {
    ".parquet": "parquet",
    ".csv": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
}
_ACCEPTED = ".parquet, .csv, .jsonl or .ndjson (the text formats also with .gz)"

_WIDE = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}
_OTHER_FILES = {b"PK\x03\x04": "an Excel workbook or another zip file", b"PAR1": "a Parquet file"}

#: What reading a damaged gzip file raises.
GZIP_ERRORS = (EOFError, zlib.error, gzip.BadGzipFile)


def file_format(path: Path) -> Format:
    """The format by suffix; raises `BadInput` for a suffix that means none."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    packed = suffixes[-1:] == [".gz"]
    suffix = suffixes[-2 if packed else -1] if len(suffixes) > packed else ""
    found = _SUFFIXES.get(suffix)
    if found is None or (packed and found == "parquet"):
        raise BadInput(f"has an unknown suffix; accepted are {_ACCEPTED}", source=str(path))
    return found


def require_file(path: Path) -> None:
    """Raise `BadInput` unless `path` is a file with something in it."""
    if path.is_dir():
        raise BadInput("is a folder, not a file; name a file in it", source=str(path))
    try:
        size = path.stat().st_size
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise BadInput(f"cannot be read ({reason})", source=str(path)) from error
    if size == 0:
        raise BadInput("is empty (0 bytes)", source=str(path))


def open_bytes(path: Path) -> BinaryIO:
    """The file's bytes, unpacked if its name ends in `.gz`."""
    return cast(BinaryIO, gzip.open(path) if path.suffix.lower() == ".gz" else path.open("rb"))


def require_text(path: Path) -> None:
    """Raise `BadInput` when the first bytes show that this is no UTF-8 text."""
    try:
        with open_bytes(path) as file:
            head = file.read(4096)
    except GZIP_ERRORS as error:
        damaged_gzip(path, error)
    if not head.strip(b"\xef\xbb\xbf \t\r\n"):
        raise BadInput("is empty: it has nothing but blanks", source=str(path))
    for start, name in _OTHER_FILES.items():
        if head.startswith(start):
            raise BadInput(f"is {name}, whatever its suffix says", source=str(path))
    encoding = _WIDE.get(head[:2]) or ("UTF-16 or binary" if b"\0" in head else None)
    if encoding:
        raise BadInput(f"is {encoding}, not UTF-8 text; save it as UTF-8", source=str(path))


def refuse_bytes(path: Path, error: UnicodeDecodeError, before: int, line: int) -> NoReturn:
    """Raise for bytes that are not UTF-8, `before` bytes and `line - 1` lines into the file."""
    wrong = error.object[error.start]
    raise BadInput(
        f"byte {before + error.start + 1:,} on line {line:,} (0x{wrong:02X}) is not UTF-8, "
        "perhaps the file is Latin-1; save it as UTF-8",
        source=str(path),
    ) from None


def damaged_gzip(path: Path, error: Exception) -> NoReturn:
    raise BadInput("is not a complete gzip file; copy it again", source=str(path)) from error
