"""Which columns the registered features become, and the compiled functions that fill a row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

# Importing the shelves registers their features, in the order of the columns.
from features.catalog import candidate, party, person, thread  # noqa: F401
from features.catalog.registry import CONTACT_FEATURES, PARTY_FEATURES, Feature
from features.compiled import inline
from features.state import HALF_LIFE_NAMES, HALF_LIVES


@dataclass(frozen=True, slots=True)
class Party:
    """One who reaches out, what a reason calls them, and which party features they get."""

    name: str
    who: str
    wants: tuple[str, ...]


#: Days after which half of a tide has ebbed, by the feature that tells how high it is.
TIDE_DAYS = {
    f"land_{name}": HALF_LIVES[HALF_LIFE_NAMES.index(name)] for name in ("12h", "2d", "8d", "32d")
}
_ALL = tuple(f.name for f in PARTY_FEATURES if f.name not in TIDE_DAYS)
_FEW = ("touches", "land_excess", "annoy_excess", "touch_land_excess")
#: `contact` is the contact itself where it also reaches out to others (message networks); `tide` is
#: how the organisation fares these days, which has ebbed by the moment that is asked about: all
#: others are as of the last that was counted.
PARTIES = (
    Party("actor", "this sender", _ALL),
    Party("account", "this client", _FEW),
    Party(
        "contact",
        "this person as a sender",
        (
            "touches",
            "land_excess",
            "days_since_touch",
            "days_since_land",
            "volume_3h",
            "volume_2d",
            "volume_32d",
            "lands_12h",
        ),
    ),
    Party("organisation", "the organisation", ("land_rate_8d",)),
    Party("tide", "the organisation", tuple(TIDE_DAYS)),
)


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the feature matrix and the feature that fills it."""

    name: str
    feature: Feature
    who: str = ""

    @property
    def text(self) -> str:
        """What the column says, in a sentence."""
        return f"{self.feature.text} ({self.who})" if self.who else self.feature.text


CONTACT_COLUMNS = tuple(Column(f.name, f) for f in CONTACT_FEATURES)
PARTY_COLUMNS = tuple(
    tuple(Column(f"{p.name}_{f.name}", f, p.who) for f in PARTY_FEATURES if f.name in p.wants)
    for p in PARTIES
)
COLUMNS = CONTACT_COLUMNS + tuple(c for columns in PARTY_COLUMNS for c in columns)
#: Where each column stands, by name.
POSITION = {c.name: i for i, c in enumerate(COLUMNS)}


def compose(columns: Sequence[Column], arguments: str) -> Any:
    """One compiled function `fill(row, arguments...)` that writes each column of `row` in turn."""
    names = {f"f{i}": inline(c.feature.function) for i, c in enumerate(columns)}
    lines = [f"    row[{i}] = f{i}({arguments})" for i in range(len(columns))]
    source = f"def fill(row, {arguments}):\n" + "\n".join(lines)
    scope: dict[str, Any] = dict(names)
    exec(source, scope)
    return inline(scope["fill"])
