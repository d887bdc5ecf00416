"""The two outcomes as they are fitted: base rates, backbones, columns and constraints."""

from __future__ import annotations

from collections.abc import Iterable

from features.catalog.columns import COLUMNS, CONTACT_COLUMNS
from features.outcomes import ANNOYED, FOLLOWED_UP, LANDED
from models.attributes import Encoding
from models.base_rates import ANNOY_FIRST_TOUCH, ANNOY_TERMS, LAND_FIRST_TOUCH, LAND_TERMS
from models.given import HAVE_ANNOYED, HAVE_LANDED, OF_MESSAGE, Ints
from training.fit import Kind
from training.season import OF_YEAR

_DIRECTION = {"up": 1, "down": -1, "same": 0}


#: What counts linearly alone. Trees would send a message of which nothing is known one way or the
#: other at every split, and the time of year they would take for the date.
_BY_LINE = (*OF_MESSAGE, *OF_YEAR)


def _given(encoding: Encoding, have_fared: Ints) -> list[int]:
    """What is known before anybody is touched; `have_fared`: of the sender and the client."""
    own = range(len(COLUMNS), len(COLUMNS) + len(encoding.columns))
    return [*OF_MESSAGE.tolist(), *have_fared.tolist(), *own]


def _of_trees(columns: Iterable[int]) -> list[int]:
    return [i for i in columns if i not in _BY_LINE]


def land_kind(encoding: Encoding) -> Kind:
    """Landing: trees may go either way, the backbone only down with pressure."""
    columns = _of_trees(range(len(COLUMNS) + len(encoding.columns)))
    return Kind(
        name="land",
        why=LANDED,
        base_rate=LAND_FIRST_TOUCH,
        terms=LAND_TERMS,
        direction=-1,
        columns=columns,
        monotone=[0] * len(columns),
        given=_given(encoding, HAVE_LANDED),
    )


def annoy_kind(encoding: Encoding) -> Kind:
    """Annoyance: only columns that one more touch moves one way, and the trees follow that way."""
    usable = _of_trees(i for i, c in enumerate(COLUMNS) if c.feature.under_touch != "either")
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
        given=_given(encoding, HAVE_ANNOYED),
    )


def follow_up_kind(encoding: Encoding) -> Kind:
    """The organisation's own next touch: how this history was made, not what it should do.

    Without the records of senders and clients: trees know single senders by them, and how soon
    these follow up drifts more than anything else does (docs/decisions/0017).
    """
    own = range(len(COLUMNS), len(COLUMNS) + len(encoding.columns))
    columns = [i for i in (*range(len(CONTACT_COLUMNS)), *own) if i not in OF_YEAR]
    return Kind(
        name="follow_up",
        why=FOLLOWED_UP,
        base_rate=0.5,
        terms={},
        direction=0,
        columns=columns,
        monotone=[0] * len(columns),
    )
