"""Raw mails from mbox files, Maildirs, single `.eml` files and folders of these."""

from __future__ import annotations

import gzip
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from features.errors import BadInput
from features.events.formats import GZIP_ERRORS

_GZIP = b"\x1f\x8b"
_SEPARATOR = re.compile(
    rb"From .*\b\w{3} \w{3} [ \d]?\d \d\d:\d\d(?::\d\d)?(?: \S+)*? (?:19|2[01])\d\d(?: \S+)?\s*"
)
_HEADER = re.compile(rb"[!-9;-~]+[ \t]*:|>From ")
_QUOTED_FROM = re.compile(rb"^>(>*From )", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class RawMail:
    """One mail's bytes, where it was found, and the mbox separator line above it ("" if none)."""

    data: bytes
    place: str
    separator: str = ""


def mail_files(path: Path) -> list[Path]:
    """Every file of mail at a path, sorted; a folder is searched through and through.

    In a Maildir these are the files of `cur` and `new`. Raises `BadInput` when there is none.
    """
    if path.is_dir():
        found = sorted(file for file in _walk(path) if _is_maildir_mail(file) or _has_mail(file))
        if not found:
            raise BadInput(
                "has no mail in it: an mbox file, a Maildir, or a folder of either is needed",
                source=str(path),
            )
        return found
    if not path.is_file():
        raise BadInput("does not exist", source=str(path))
    if not _has_mail(path):
        raise BadInput(
            "is not an mbox file (its first line must begin with 'From ') nor an .eml mail",
            source=str(path),
        )
    return [path]


def read_mails(path: Path) -> Iterator[RawMail]:
    """The mails of one file that `mail_files` found, one at a time."""
    try:
        with _open(path) as stream:
            if _is_maildir_mail(path) or path.suffix.lower() == ".eml":
                yield RawMail(stream.read(), str(path))
            else:
                yield from split_mbox(stream, str(path))
    except (OSError, *GZIP_ERRORS) as error:
        raise BadInput(f"cannot be read to its end ({error})", source=str(path)) from error


def split_mbox(lines: Iterator[bytes] | IO[bytes], source: str) -> Iterator[RawMail]:
    """Cut an mbox at its separators: a dated "From " line after a blank one, before a header.

    Other lines that begin with "From " belong to the text, whether escaped with ">" or not.
    """
    separator, mail, count = b"", list[bytes](), 0
    pending: bytes | None = None
    for line in lines:
        if pending is not None:
            if _HEADER.match(line):
                if separator:
                    yield _mail(mail, f"{source}, mail {count}", separator)
                separator, mail, count = pending, [], count + 1
            else:
                mail.append(pending)
            pending = None
        after_blank = not mail or not mail[-1].strip()
        if after_blank and _SEPARATOR.fullmatch(line):
            pending = line
        else:
            mail.append(line)
    if separator:
        mail += [pending] if pending is not None else []
        yield _mail(mail, f"{source}, mail {count}", separator)


def _mail(lines: list[bytes], place: str, separator: bytes) -> RawMail:
    data = _QUOTED_FROM.sub(rb"\1", b"".join(lines))
    return RawMail(data, place, separator.decode("latin-1").strip())


def _walk(folder: Path) -> Iterator[Path]:
    for root, folders, files in os.walk(folder):
        if "cur" in folders and "tmp" in folders:
            folders.remove("tmp")
        yield from (Path(root, name) for name in files)


def _is_maildir_mail(file: Path) -> bool:
    folder = file.parent
    return folder.name in ("cur", "new") and (folder.parent / "cur").is_dir()


def _has_mail(file: Path) -> bool:
    try:
        with _open(file) as stream:
            first = stream.readline(1000)
    except (OSError, BadInput, *GZIP_ERRORS):
        return False
    if file.suffix.lower() == ".eml":
        return bool(_HEADER.match(first) or _SEPARATOR.fullmatch(first))
    return bool(_SEPARATOR.fullmatch(first))


def _open(path: Path) -> IO[bytes]:
    try:
        with path.open("rb") as stream:
            packed = stream.read(2) == _GZIP
        return cast(IO[bytes], gzip.open(path)) if packed else path.open("rb")
    except OSError as error:
        raise BadInput(f"cannot be read ({error.strerror})", source=str(path)) from error
