"""Events in files: Parquet, CSV and JSON Lines, by suffix."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from features.errors import BadInput
from features.events.csv_format import read_csv, write_csv
from features.events.formats import file_format, require_file
from features.events.jsonl_format import read_jsonl, write_jsonl
from features.events.parquet_format import read_parquet, write_parquet
from features.events.problems import Findings, Notices, refuse
from features.events.rows import table_from_rows, unknown_fields
from features.events.schema import ENCODED, EVENTS, FIELDS, TIMES
from features.events.validate import check_events, encode, validate_events


def read_events(path: Path) -> pa.Table:
    """The validated events of a file, encoded as by `encode`.

    Logs notices. Raises `BadInput` naming the file, and row and field where there is one.
    """
    require_file(path)
    source, kind = str(path), file_format(path)
    if kind == "jsonl":
        table = _from_lines(path, source)
    elif kind == "csv":
        table = validate_events(read_csv(path, ENCODED), source)
    else:
        table = validate_events(read_parquet(path, FIELDS.__contains__, ENCODED), source)
    if not len(table):
        raise BadInput("has no events in it", source=source)
    return encode(table)


def write_events(table: pa.Table, path: Path) -> None:
    """Write canonical events in the format of the suffix: whole or not at all."""
    kind = file_format(path)
    table = table.select(FIELDS)
    if kind == "parquet":
        write_parquet(table, path)
    elif kind == "csv":
        write_csv(_as_text(table), path)
    else:
        write_jsonl(_as_text(table), path)


def _from_lines(path: Path, source: str) -> pa.Table:
    parts: list[pa.Table] = []
    found: list[Findings] = []
    unknown: set[str] = set()
    for rows in read_jsonl(path):
        found.append(Findings(len(rows)))
        parts.append(table_from_rows(rows, found[-1]))
        unknown.update(unknown_fields(rows))
    table = pa.concat_tables(parts)
    findings, offset = Findings(len(table)), 0
    for part in found:
        findings.add(part, offset)
        offset += part.rows
    checked = check_events(table, findings)
    if checked.problems:
        refuse(checked.problems, checked.total, source)
    Notices(checked.notices.duplicates, tuple(sorted(unknown)), checked.notices.epoch_rows).log(
        source
    )
    return checked.table


def _as_text(table: pa.Table) -> pa.Table:
    """Dictionaries decoded and times written as RFC 3339 in UTC."""
    for index, name in enumerate(FIELDS):
        column = table.column(name)
        if name in TIMES:
            written = pc.strftime(column, format="%Y-%m-%dT%H:%M:%SZ")
        else:
            written = column.cast(EVENTS.field(name).type)
        table = table.set_column(index, name, written)
    return table


def write_table(table: pa.Table, path: Path) -> None:
    """Write any flat table, such as predictions, in the format of the suffix: whole or not."""
    kind = file_format(path)
    if kind == "parquet":
        write_parquet(table, path)
    elif kind == "csv":
        write_csv(table, path)
    else:
        write_jsonl(table, path)
