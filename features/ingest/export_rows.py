"""The rows of a CSV export, in whatever encoding and dialect its map says."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from features.errors import BadInput
from features.events.problems import listed
from features.ingest.activity_map import ActivityMap

#: Exports hold whole mails in a cell.
MOST_CELL_BYTES = 16 * 1024 * 1024


def csv_rows(path: Path, activity_map: ActivityMap) -> Iterator[dict[str, str]]:
    """The data rows of an export, keyed by its header."""
    source = str(path)
    number = 0
    csv.field_size_limit(MOST_CELL_BYTES)
    try:
        with path.open(encoding=activity_map.encoding, newline="") as stream:
            for _ in range(activity_map.skip_lines):
                stream.readline()
            lines = csv.reader(stream, delimiter=activity_map.separator, strict=True)
            header = _header(next(lines, []), activity_map, source)
            for number, cells in enumerate(filter(None, lines), start=1):
                if len(cells) != len(header):
                    message = f"has {len(cells)} cells, but the header has {len(header)}"
                    raise BadInput(message, source=source, row=number)
                yield dict(zip(header, cells, strict=True))
    except FileNotFoundError:
        raise BadInput("does not exist", source=source) from None
    except UnicodeDecodeError as error:
        message = f"is not {activity_map.encoding} text; set encoding in the map"
        raise BadInput(message, source=source, row=number + 1) from error
    except (OSError, csv.Error) as error:
        raise BadInput(f"cannot be read as CSV ({error})", source=source, row=number + 1) from error


def _header(names: list[str], activity_map: ActivityMap, source: str) -> list[str]:
    names = [name.strip() for name in names]
    if not names:
        raise BadInput("is empty: it has no header", source=source)
    repeated = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if repeated:
        raise BadInput(f"has more than one column {listed(repeated)}", source=source)
    if missing := sorted(activity_map.needed_columns - set(names)):
        raise BadInput(
            f"has no column {listed(missing)}, which the map needs (it has {listed(names)})",
            source=source,
        )
    return names
