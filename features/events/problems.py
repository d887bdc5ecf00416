"""What is wrong with a set of events, and what was quietly put right."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NoReturn

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from features.errors import BadInput

LIMIT = 1000

#: Notices go out here at level INFO.
logger = logging.getLogger("fineline.events")


@dataclass(frozen=True, slots=True)
class Problem:
    """One reason to refuse; `row` is 1 for the first event, 0 when a whole column is meant."""

    row: int
    field: str | None
    message: str


@dataclass(frozen=True, slots=True)
class Notices:
    """What was accepted but is worth knowing.

    `duplicates` counts dropped rows that repeat an earlier one exactly, `epoch_rows` those dated
    1970 (a network that counts from zero, or a clock that was never set).
    """

    duplicates: int = 0
    unknown_columns: tuple[str, ...] = ()
    epoch_rows: int = 0

    def sentences(self) -> list[str]:
        said = []
        if self.unknown_columns:
            said.append(
                f"columns ignored, as events do not have them: {listed(self.unknown_columns)}"
            )
        if self.duplicates:
            said.append(f"rows dropped, as they repeat an earlier row exactly: {self.duplicates:,}")
        if self.epoch_rows:
            said.append(f"rows dated 1970: {self.epoch_rows:,}")
        return said

    def log(self, source: str) -> None:
        for sentence in self.sentences():
            logger.info("%s: %s", source, sentence)


@dataclass
class Findings:
    """Collects problems; of each check it keeps the first `limit`, `bad` marks every row.

    Of several problems with one field of one row the first found counts; a row that is no
    event at all (field None) has no other problems.
    """

    rows: int
    limit: int = LIMIT
    bad: npt.NDArray[np.bool_] | None = None
    _unkept: int = 0
    _kept: dict[tuple[int, str | None], str] = field(default_factory=dict)

    def column(self, name: str, message: str) -> None:
        """Refuse a whole column."""
        self._kept.setdefault((0, name), message)

    def columns(self, names: Sequence[str], required: Sequence[str], once: Sequence[str]) -> bool:
        """Refuse columns that are there twice, of those in `once`, and such as are not there.

        `names`: the columns there are. True where nothing was refused.
        """
        twice = [name for name in once if names.count(name) > 1]
        for name in twice:
            self.column(name, "is there more than once among the columns; keep one")
        missing = [name for name in required if name not in names]
        for name in missing:
            found = listed(names) if names else "none"
            self.column(name, f"is a required column and is not there; columns found: {found}")
        return not twice and not missing

    def one(self, row: int, name: str | None, message: str) -> None:
        """Refuse one row; `row` counts from 0."""
        self._mark()[row] = True
        self._kept.setdefault((row + 1, name), message)

    def where(
        self, mask: pa.Array | pa.ChunkedArray, name: str, message: Callable[[int], str]
    ) -> bool:
        """Refuse the rows where `mask` is true (null counts as false); `message` takes a row."""
        if not pc.any(mask).as_py():
            return False
        rows = np.flatnonzero(pc.fill_null(mask, False).to_numpy(zero_copy_only=False))
        self._mark()[rows] = True
        for row in rows[: self.limit].tolist():
            if (row + 1, name) not in self._kept:
                self._kept[row + 1, name] = message(row)
        self._unkept += max(0, len(rows) - self.limit)
        return True

    def add(self, other: Findings, offset: int) -> None:
        """Take over what was found in a part that begins at row `offset`."""
        if other.bad is not None:
            self._mark()[offset : offset + other.rows] |= other.bad
            self._kept |= {(row + offset, name): text for (row, name), text in other._kept.items()}
            self._unkept += other._unkept

    def problems(self) -> list[Problem]:
        """The first `limit` problems by row; several of one row in the order they were found."""
        return self._all()[: self.limit]

    @property
    def total(self) -> int:
        """How many problems there are, with those not kept."""
        return len(self._all()) + self._unkept

    def _all(self) -> list[Problem]:
        no_event = {row for row, name in self._kept if name is None}
        every = [
            Problem(row, name, message)
            for (row, name), message in self._kept.items()
            if name is None or row not in no_event
        ]
        return sorted(every, key=lambda problem: problem.row)

    def _mark(self) -> npt.NDArray[np.bool_]:
        if self.bad is None:
            self.bad = np.zeros(self.rows, dtype=np.bool_)
        return self.bad


def refuse(problems: list[Problem], total: int, source: str) -> NoReturn:
    """Raise the first problem as `BadInput`, saying how many more there are."""
    first, more = problems[0], total - 1
    tail = f" (and {more:,} more problem{'s' if more > 1 else ''})" if more else ""
    raise BadInput(
        first.message + tail, source=source, row=first.row or None, field=first.field
    ) from None


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."


def quoted(value: object) -> str:
    """A value as it may stand in a sentence: on one line and never longer than 60 characters."""
    shown = _short(value if isinstance(value, str) else repr(value))
    if not isinstance(value, str):
        return shown
    return f"'{shown}'" if shown.isprintable() else ascii(shown)


def listed(names: Sequence[str], most: int = 30) -> str:
    """Names joined by commas on one line, shortened when they are very many or very long."""
    shown = [name if name.isprintable() else ascii(name) for name in map(_short, names[:most])]
    rest = len(names) - most
    return ", ".join(shown) + (f" and {rest} more" if rest > 0 else "")
