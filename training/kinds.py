"""The two outcomes as they are fitted: base rates, backbones, columns and constraints."""

from __future__ import annotations

from features.catalog.columns import COLUMNS
from features.outcomes import ANNOYED, FOLLOWED_UP, LANDED
from models.attributes import Encoding
from models.base_rates import ANNOY_FIRST_TOUCH, ANNOY_TERMS, LAND_FIRST_TOUCH, LAND_TERMS
from training.fit import Kind

_DIRECTION = {"up": 1, "down": -1, "same": 0}


def land_kind(encoding: Encoding) -> Kind:
    """Landing: every column, no constraint."""
    n = len(COLUMNS) + len(encoding.columns)
    return Kind(
        name="land",
        why=LANDED,
        base_rate=LAND_FIRST_TOUCH,
        terms=LAND_TERMS,
        rising=False,
        columns=range(n),
        monotone=[0] * n,
    )


def annoy_kind(encoding: Encoding) -> Kind:
    """Annoyance: only columns that one more touch moves one way, and the trees follow that way."""
    usable = [i for i, c in enumerate(COLUMNS) if c.feature.under_touch != "either"]
    own = range(len(COLUMNS), len(COLUMNS) + len(encoding.columns))
    directions = [_DIRECTION[COLUMNS[i].feature.under_touch] for i in usable]
    return Kind(
        name="annoy",
        why=ANNOYED,
        base_rate=ANNOY_FIRST_TOUCH,
        terms=ANNOY_TERMS,
        rising=True,
        columns=[*usable, *own],
        monotone=[*directions, *[0] * len(own)],
    )


def follow_up_kind(encoding: Encoding) -> Kind:
    """The organisation's own next touch: how this history was made, not what it should do."""
    n = len(COLUMNS) + len(encoding.columns)
    return Kind(
        name="follow_up",
        why=FOLLOWED_UP,
        base_rate=0.5,
        terms={},
        rising=False,
        columns=range(n),
        monotone=[0] * n,
    )
