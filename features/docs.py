"""Writes docs/features.md from the catalog: `python -m features.docs`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path

from features.catalog import COLUMNS, CONTACT_COLUMNS, PARTIES, PARTY_COLUMNS, Column
from features.catalog.registry import PARTY_FEATURES, Feature
from features.events.atomic import replacing

PAGE = Path(__file__).parent.parent / "docs" / "features.md"

_TITLES = {
    "thread": "The thread",
    "person": "The person",
    "candidate": "The candidate touch",
}
_DIRECTIONS = {"up": "rises", "down": "falls", "same": "stays", "either": "either"}

_INTRODUCTION = f"""\
# Features

This page is written by `python -m features.docs`; edit the catalog in `features/catalog/` instead.

Every touch is described by {len(COLUMNS)} columns, as of the moment before it is made. Training,
batch scoring and the API fill them with the same code: one compiled routine advances a state event
by event, and a feature is a named expression of that state and the moment. Numbers are 32-bit
floats.

*One more touch* says what an extra touch, put anywhere into the past, does to the value: it rises
(or stays), falls (or stays), never changes, or may go either way. Annoyance is modelled on columns
of the first three sorts only, each constrained to its direction, so that more pressure never looks
less annoying. A contact's own columns join them: a number as it is, a category as a code.

## What is known, and when

- **Nothing from the future.** A row holds what was recorded *before* the touch. Whatever is
  recorded at the same moment or later changes nothing in it, even if it occurred earlier.
- **Late events** count from the moment they are recorded, with the time at which they occurred: a
  call entered two days late then adds two days' less pressure and the right number of days since.
  Counts, recencies and decayed sums end up as if it had come in time. What depends on the order of
  touches does not start over: changes of sender follow the order in which touches were learned of;
  a late touch splits the last gap if it falls there, an older gap stays; an answer is set beside
  the touches known when it was learned of; a thread ends by the first end that was recorded. In
  the record of a sender, a client or the organisation a touch or an outcome has the time of its
  recording.
- **Agreed ahead.** A meeting or placement recorded before it takes place counts as an answer from
  the moment it was recorded.
- **Ties.** Touches made at one moment do not see each other, nor anything else of that moment.
  What is recorded at one moment is taken in the order in which it occurred, then in the order of
  `event_id`. The order of rows in a file means nothing.
- **Threads.** An answer without `campaign_id` belongs to the thread without a campaign if the
  person has one, else to the thread touched last as far as is known when the answer is recorded.
- **Contradictions.** Nothing is taken back: the first event that lands or annoys ends a thread;
  what follows in it neither lands nor annoys again, but still counts as an answer, an open or a
  touch. An opt-out or complaint ends all threads of the person. An automatic answer or a bounce is
  never an answer. Two events of one `event_id` that differ are refused when they are read.
"""


def page() -> str:
    """The whole page as Markdown."""
    families = groupby(sorted(CONTACT_COLUMNS, key=_family), key=_family)
    parts = [_INTRODUCTION, *(_contact_table(f, list(c)) for f, c in families), _party_tables()]
    return "\n".join(parts)


def _family(column: Column) -> int:
    return list(_TITLES).index(column.feature.family)


def _contact_table(family: int, columns: Sequence[Column]) -> str:
    rows = [
        (f"`{c.name}`", c.feature.unit, c.text, c.feature.missing,
         _DIRECTIONS[c.feature.under_touch])
        for c in columns
    ]  # fmt: skip
    heads = ("column", "unit", "what it says", "missing", "one more touch")
    return f"## {list(_TITLES.values())[family]}\n\n{_table(heads, rows)}"


def _party_tables() -> str:
    listed = [
        f"| `{party.name}_` | {party.who} | {len(columns)} | "
        + ", ".join(f"`{c.name}`" for c in columns)
        + " |"
        for party, columns in zip(PARTIES, PARTY_COLUMNS, strict=True)
    ]
    rows = [(f"`{f.name}`", f.unit, f.text, f.missing, _parties_of(f)) for f in PARTY_FEATURES]
    heads = ("feature", "unit", "what it says", "missing", "of")
    return "\n".join([
        "## Who reaches out\n",
        "How all touches of a sender, of a client and of the organisation fare. A party's record is"
        " not changed by",
        "a touch that is only considered, and the model remembers it as it was at the end of the"
        " training data.",
        "Of a sender or a client that is not named nothing is known. A tide has ebbed by the moment"
        " that is asked",
        "about: half of it is gone after the days that it fades over.\n",
        "| columns | about | number | names |\n| --- | --- | --- | --- |",
        *listed,
        "\n`contact_` columns are about the contact itself where it also reaches out to others, as"
        " in message networks.\n",
        _table(heads, rows),
    ])  # fmt: skip


def _parties_of(f: Feature) -> str:
    return ", ".join(f"`{p.name}_{f.name}`" for p in PARTIES if f.name in p.wants)


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def main() -> None:
    """Write the page."""
    with replacing(PAGE) as beside:
        beside.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
