"""A batch's record of its decisions: a folder with one Parquet file for each moment asked about.

Nudges may be held back only where such a record says since when they have been hinted; what the
folder holds is read by `fineline offpolicy`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa

from features.errors import BadInput
from features.events.parquet_format import read_parquet, write_parquet

_OCCASION = ("contact_id", "campaign_id", "touch_number")
_READ = {*_OCCASION, "at", "hint", "held"}


class Record:
    """Decisions of earlier moments than `at`, and a place for those of `at`."""

    def __init__(self, folder: Path, at: datetime) -> None:
        """Reads what the folder holds; raises BadInput for a file in it that is no such record."""
        self.folder, self.at = folder, at.astimezone(UTC)
        #: When each nudge was first hinted, held or not.
        self.since: dict[tuple[str, str | None, int], datetime] = {}
        for path in sorted(folder.glob("*.parquet")):
            self._read(path)

    @property
    def path(self) -> Path:
        """Where the decisions of `at` are kept; asking again about the same moment replaces it."""
        fraction = f".{self.at:%f}" if self.at.microsecond else ""
        return self.folder / f"decisions-{self.at:%Y-%m-%dT%H-%M-%S}{fraction}Z.parquet"

    def keep(self, decisions: pa.Table) -> None:
        """Write the decisions of `at`: whole or not at all; makes the folder if need be."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            message = f"cannot be made into a folder ({reason})"
            raise BadInput(message, source=str(self.folder)) from None
        write_parquet(decisions, self.path)

    def _read(self, path: Path) -> None:
        table = read_parquet(path, _READ.__contains__)
        missing = sorted(_READ - set(table.column_names))
        if missing:
            message = "is missing; a record holds what `fineline score --record` wrote"
            raise BadInput(message, source=str(path), field=missing[0])
        for row in table.select(sorted(_READ)).to_pylist():
            if row["at"] < self.at and (row["hint"] == "nudge" or row["held"]):
                key = (row["contact_id"], row["campaign_id"], row["touch_number"])
                self.since[key] = min(row["at"], self.since.get(key, row["at"]))
