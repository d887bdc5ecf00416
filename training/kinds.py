"""The two outcomes as they are fitted: base rates, backbones, columns and constraints."""

from __future__ import annotations

from collections.abc import Iterable

from features.catalog.columns import COLUMNS, CONTACT_COLUMNS
from features.outcomes import ANNOYED, FOLLOWED_UP, LANDED
from models.attributes import Encoding
from models.base_rates import ANNOY_FIRST_TOUCH, ANNOY_TERMS, LAND_FIRST_TOUCH, LAND_TERMS
from models.given import OF_MESSAGE
from training.fit import Kind

_DIRECTION = {"up": 1, "down": -1, "same": 0}
#: The time of year: of a history the backbone alone learns it. Trees would take it for the date,
#: and what they found in one season would come round a year later.
OF_YEAR = [i for i, c in enumerate(COLUMNS) if c.name in ("year_cos", "year_sin")]


def _given(encoding: Encoding) -> list[int]:
    """What is known of a message and of a person before anybody is touched."""
    return [*OF_MESSAGE.tolist(), *range(len(COLUMNS), len(COLUMNS) + len(encoding.columns))]


def _but_of_year(columns: Iterable[int]) -> list[int]:
    return [i for i in columns if i not in OF_YEAR]


def land_kind(encoding: Encoding) -> Kind:
    """Landing: trees may go either way, the backbone only down with pressure."""
    columns = _but_of_year(range(len(COLUMNS) + len(encoding.columns)))
    return Kind(
        name="land",
        why=LANDED,
        base_rate=LAND_FIRST_TOUCH,
        terms=LAND_TERMS,
        direction=-1,
        columns=columns,
        monotone=[0] * len(columns),
        given=_given(encoding),
    )


def annoy_kind(encoding: Encoding) -> Kind:
    """Annoyance: only columns that one more touch moves one way, and the trees follow that way."""
    usable = _but_of_year(i for i, c in enumerate(COLUMNS) if c.feature.under_touch != "either")
    own = range(len(COLUMNS), len(COLUMNS) + len(encoding.columns))
    directions = [_DIRECTION[COLUMNS[i].feature.under_touch] for i in usable]
    return Kind(
        name="annoy",
        why=ANNOYED,
        base_rate=ANNOY_FIRST_TOUCH,
        terms=ANNOY_TERMS,
        direction=1,
        columns=[*usable, *own],
        monotone=[*directions, *[0] * len(own)],
        given=_given(encoding),
    )


def follow_up_kind(encoding: Encoding) -> Kind:
    """The organisation's own next touch: how this history was made, not what it should do.

    Without the records of senders and clients: trees know single senders by them, and how soon
    these follow up drifts more than anything else does (docs/decisions/0017).
    """
    own = range(len(COLUMNS), len(COLUMNS) + len(encoding.columns))
    columns = [*_but_of_year(range(len(CONTACT_COLUMNS))), *own]
    return Kind(
        name="follow_up",
        why=FOLLOWED_UP,
        base_rate=0.5,
        terms={},
        direction=0,
        columns=columns,
        monotone=[0] * len(columns),
    )
