"""The log: recorded decisions, and among them the nudges that were drawn for.

The columns are those of `fineline score --record`; docs/offpolicy.md lists the ones that count.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from features.errors import BadInput
from features.events.parquet_format import read_parquet
from models.decision import Utility

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

#: What every log has; `campaign_id` alone may be null.
REQUIRED = ("contact_id", "campaign_id", "touch_number", "at", "hint", "held", "propensity")
#: The decision's numbers that tell something about what follows, where the log has them.
NUMBERS = (
    "score", "if_nudged_p_land", "if_nudged_p_annoy", "if_left_alone_p_land",
    "if_left_alone_p_annoy", "touch_number",
)  # fmt: skip
#: What a touch was expected to change of landing and of annoyance, where the log has it.
UPLIFT = ("uplift_p_land", "uplift_p_annoy")
_OCCASION = ["contact_id", "campaign_id", "touch_number"]
#: The delays of the curve whose values are those of nudging now, and of holding.
_NOW, _HELD = 0.0, 7.0


class Changes(NamedTuple):
    """What a touch was expected to change of the chances, shape (n,) each."""

    landed: Floats
    annoyed: Floats

    def value(self, utility: Utility) -> Floats:
        """What they are worth together, in the utility's unit."""
        return utility.land * self.landed - utility.annoy * self.annoyed


def expected_changes(table: pa.Table) -> Changes | None:
    """By `uplift`; where a decision did not say, `if_nudged` less `if_left_alone`; None if unknown.

    Where neither is there nothing is known, and NaN says so.
    """
    landed, annoyed = (_expected_change(table, stated) for stated in UPLIFT)
    return None if landed is None or annoyed is None else Changes(landed, annoyed)


def _expected_change(table: pa.Table, stated: str) -> Floats | None:
    names, what = table.column_names, stated.removeprefix("uplift_")
    nudged, alone = f"if_nudged_{what}", f"if_left_alone_{what}"
    found = floats(table[stated]) if stated in names else None
    if nudged not in names or alone not in names:
        return found
    less = floats(table[nudged]) - floats(table[alone])
    return less if found is None else np.where(np.isnan(found), less, found)


@dataclass(frozen=True, slots=True)
class Occasions:
    """Nudges that were drawn for, one row each, in order of contact and time; shape (n,).

    `contact` codes positions in `contacts`; `at`: microseconds since 1970 UTC; `held`: whether the
    draw held the nudge; `nudging`: the chance that it would not; `decisions` and `undrawn` count
    rows of the log, and wishes to nudge that were certain.
    """

    table: pa.Table
    contacts: list[str]
    contact: Ints
    at: Ints
    held: Flags
    nudging: Floats
    decisions: int
    undrawn: int

    def __len__(self) -> int:
        return len(self.at)

    def take(self, rows: npt.NDArray[Any]) -> Occasions:
        """Some of them: positions in order, or flags."""
        kept = np.flatnonzero(rows) if rows.dtype == np.bool_ else rows
        return Occasions(
            self.table.take(pa.array(kept)), self.contacts, self.contact[kept], self.at[kept],
            self.held[kept], self.nudging[kept], self.decisions, self.undrawn,
        )  # fmt: skip

    def numbers(self) -> Floats:
        """The decision's numbers, shape (n, k); unknown ones are 0.

        The last two columns are the model's value of nudging now and of holding for a week.
        """
        names = self.table.column_names
        found = [floats(self.table[n]) for n in NUMBERS if n in names]
        return np.nan_to_num(np.column_stack([*found, *_curve_values(self.table)]))


def read_log(path: Path) -> pa.Table:
    """The decisions in a Parquet file, or in all Parquet files of a folder; raises BadInput."""
    files = sorted(path.glob("*.parquet")) if path.is_dir() else [path]
    if not files or not files[0].exists():
        raise BadInput("holds no Parquet file with decisions", source=str(path))
    return pa.concat_tables([_checked(file) for file in files], promote_options="permissive")


def _checked(path: Path) -> pa.Table:
    table = read_parquet(path)
    for name in REQUIRED:
        if name not in table.column_names:
            raise BadInput("is missing; docs/offpolicy.md lists the columns", source=str(path),
                           field=name)  # fmt: skip
        if name != "campaign_id" and table[name].null_count:
            row = table[name].is_null().to_pylist().index(True) + 1
            raise BadInput("is empty", source=str(path), row=row, field=name)
    chance = floats(table["propensity"])
    wrong = ~((chance > 0) & (chance <= 1))
    if wrong.any():
        raise BadInput("is not a probability above 0 and up to 1", source=str(path),
                       row=int(wrong.argmax()) + 1, field="propensity")  # fmt: skip
    return table.set_column(
        table.column_names.index("at"), "at", table["at"].cast(pa.timestamp("us", tz="UTC"))
    )


def occasions(log: pa.Table) -> Occasions:
    """The first decision about each touch of each thread that wished to nudge, if it was drawn."""
    wished = pc.or_(pc.equal(log["hint"], "nudge"), log["held"])
    rows = log.filter(wished).sort_by([("contact_id", "ascending"), ("at", "ascending")])
    first = rows.append_column("row", pa.array(np.arange(len(rows))))
    first = first.group_by(_OCCASION, use_threads=False).aggregate([("row", "min")])["row_min"]
    rows = rows.take(first).sort_by([("contact_id", "ascending"), ("at", "ascending")])
    drawn = floats(rows["propensity"]) < 1.0
    rows = rows.filter(pa.array(drawn))
    ids = rows["contact_id"].cast(pa.string()).to_numpy(zero_copy_only=False)
    contacts, contact = np.unique(ids, return_inverse=True)
    held = rows["held"].to_numpy(zero_copy_only=False).astype(np.bool_)
    chance = floats(rows["propensity"])
    return Occasions(
        rows, contacts.tolist(), contact.astype(np.int64),
        rows["at"].cast(pa.int64()).to_numpy(), held, np.where(held, 1.0 - chance, chance),
        len(log), int((~drawn).sum()),
    )  # fmt: skip


def floats(column: pa.ChunkedArray) -> Floats:
    """A column of numbers, shape (n,); NaN where there is none."""
    return np.asarray(column.cast(pa.float64()).to_numpy(), np.float64)


def _curve_values(table: pa.Table) -> tuple[Floats, Floats]:
    if "curve" not in table.column_names:
        return np.zeros(len(table)), np.zeros(len(table))
    now, held = np.zeros(len(table)), np.zeros(len(table))
    for i, text in enumerate(table["curve"].to_pylist()):
        values = {point["delay_days"]: point["value"] for point in orjson.loads(text or "[]")}
        now[i], held[i] = values.get(_NOW, 0.0), values.get(_HELD, 0.0)
    return now, held
