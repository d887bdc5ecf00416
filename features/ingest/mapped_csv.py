"""Any export to events: rows (of a CSV file, or dicts from a webhook) through a map."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from features.errors import BadInput
from features.events.problems import refuse
from features.events.validate import check_events
from features.ingest.activity_map import ActivityMap
from features.ingest.event import Event, events_table
from features.ingest.export_rows import csv_rows
from features.ingest.row_reader import Row, RowReader


@dataclass(frozen=True, slots=True)
class Mapped:
    """Events of an export, how many rows it had and how many of them the map left out."""

    table: pa.Table
    rows: int
    left_out: int

    def sentence(self) -> str:
        kinds = self.table.column("kind").value_counts().to_pylist()
        counts = ", ".join(
            f"{kind['counts']:,} {kind['values']}"
            for kind in sorted(kinds, key=lambda k: -k["counts"])
        )
        threads = self.table.group_by(["contact_id", "campaign_id"]).aggregate([])
        return (
            f"{self.rows:,} rows: {len(self.table):,} events ({counts}) in {len(threads):,} "
            f"threads; left out {self.left_out:,} rows by the map."
        )


def read_mapped_csv(
    path: Path, activity_map: ActivityMap, progress: Callable[[int], object] = lambda _: None
) -> Mapped:
    """The events of a CSV export; `progress` is told the rows read.

    Raises `BadInput` naming row (1 = first data row), field and value that are refused.
    """
    mapped = map_rows(_counted(csv_rows(path, activity_map), progress), activity_map, str(path))
    if not len(mapped.table):
        raise BadInput("has no row that the map makes an event of", source=str(path))
    return mapped


def apply_map(
    rows: Iterable[Row] | pa.Table, activity_map: ActivityMap, source: str = "rows"
) -> pa.Table:
    """The validated events that a map makes of rows; a column a row does not have is empty.

    Raises `BadInput` naming the first row, field and value refused.
    """
    return map_rows(rows, activity_map, source).table


def map_rows(rows: Iterable[Row] | pa.Table, activity_map: ActivityMap, source: str) -> Mapped:
    """As `apply_map`, with counts; exact repeats of an event are dropped."""
    if isinstance(rows, pa.Table):
        rows = rows.to_pylist()
    reader = RowReader(activity_map, source)
    events: dict[str, tuple[int, Event]] = {}
    number = left_out = 0
    for number, row in enumerate(rows, start=1):
        made = reader.events(row, number)
        left_out += not made
        for event in made:
            first, known = events.setdefault(event.event_id, (number, event))
            if known != event:
                reader.refuse(f"is also that of row {first}, with other values", number, "event_id")
    table = events_table(event for _, event in events.values())
    numbers = [first for first, _ in events.values()]
    return Mapped(_checked(table, numbers, source), number, left_out)


def _checked(table: pa.Table, numbers: list[int], source: str) -> pa.Table:
    """Validate as every event is, with row numbers of the export."""
    checked = check_events(table)
    for problem in checked.problems:
        row = numbers[problem.row - 1] if problem.row else 0
        refuse([type(problem)(row, problem.field, problem.message)], checked.total, source)
    return checked.table


def _counted(rows: Iterable[Row], progress: Callable[[int], object]) -> Iterator[Row]:
    for row in rows:
        progress(1)
        yield row
