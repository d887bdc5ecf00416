"""Files whose columns are not fixed, such as those of contacts."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from features.errors import BadInput
from features.events.attributes import Attribute, attribute_value
from features.events.csv_format import read_csv
from features.events.formats import file_format, require_file
from features.events.jsonl_format import read_jsonl
from features.events.parquet_format import read_parquet


def read_loose(path: Path) -> pa.Table:
    """The rows of a CSV, JSON Lines or Parquet file, whatever its columns are called.

    Columns of JSON Lines are float64 or string. Raises `BadInput` naming the file.
    """
    require_file(path)
    kind = file_format(path)
    if kind == "parquet":
        return read_parquet(path)
    return read_csv(path) if kind == "csv" else _from_lines(path)


def _from_lines(path: Path) -> pa.Table:
    rows = [row for batch in read_jsonl(path) for row in batch]
    names = dict.fromkeys(name for row in rows for name in row)
    columns = {}
    for name in names:
        values = [attribute_value(row.get(name)) for row in rows]
        for number, (_, problem) in enumerate(values, start=1):
            if problem:
                raise BadInput(problem, source=str(path), row=number, field=name)
        columns[name] = _one_kind([value for value, _ in values], name, path)
    return pa.table(columns)


def _one_kind(values: list[Attribute], name: str, path: Path) -> pa.Array:
    kinds = {type(value) for value in values if value is not None}
    if len(kinds) > 1:
        message = "has numbers in some rows and text in others; make it one of them"
        raise BadInput(message, source=str(path), field=name)
    return pa.array(values, pa.float64() if kinds == {float} else pa.string())
