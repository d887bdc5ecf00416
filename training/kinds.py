"""The two outcomes as they are fitted: base rates, backbones, columns and constraints."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from features.catalog.columns import COLUMNS, CONTACT_COLUMNS
from features.outcomes import ANNOYED, FOLLOWED_UP, LANDED
from models.attributes import Encoding
from models.base_rates import ANNOY_FIRST_TOUCH, ANNOY_TERMS, LAND_FIRST_TOUCH, LAND_TERMS
from models.given import HAVE_ANNOYED, HAVE_LANDED, OF_MESSAGE, TIDES
from training.fit import Kind
from training.season import OF_YEAR

_DIRECTION = {"up": 1, "down": -1, "same": 0}
#: All that a sender or a client ever did only grows: trees would read the date from it, and in use
#: it lies beyond all they have seen.
EVER_GROWING = [
    i for i, c in enumerate(COLUMNS) if c.who and c.feature.name in ("touches", "threads")
]
#: Trees would send a message of which nothing is known one way or the other at every split, and the
#: time of year and the tide they would take for the date: all of it counts linearly alone.
_NOT_FOR_TREES = (*OF_MESSAGE, *OF_YEAR, *EVER_GROWING, *TIDES)
#: Annoyances are few: smaller trees, whose leaves are shrunk less for holding few of them.
FEW_OUTCOMES = {"num_leaves": 3, "lambda_l2": 5.0}


def _given(encoding: Encoding, have_fared: Sequence[int]) -> list[int]:
    """What is known before anybody is touched; `have_fared`: of the sender and the client."""
    return [*OF_MESSAGE, *have_fared, *_own(encoding)]


def _own(encoding: Encoding) -> range:
    """The contact's own columns."""
    return range(len(COLUMNS), len(COLUMNS) + len(encoding.columns))


def _but(left_out: Sequence[int], columns: Iterable[int]) -> list[int]:
    return [i for i in columns if i not in left_out]


def land_kind(encoding: Encoding) -> Kind:
    """Landing: trees may go either way, the backbone only down with pressure."""
    columns = _but(_NOT_FOR_TREES, (*range(len(COLUMNS)), *_own(encoding)))
    return Kind(
        name="land",
        why=LANDED,
        base_rate=LAND_FIRST_TOUCH,
        terms=LAND_TERMS,
        direction=-1,
        columns=columns,
        monotone=[0] * len(columns),
        given=_given(encoding, [*HAVE_LANDED, *TIDES]),
    )


def annoy_kind(encoding: Encoding) -> Kind:
    """Annoyance: only columns that one more touch moves one way, and the trees follow that way."""
    own = _own(encoding)
    one_way = (i for i, c in enumerate(COLUMNS) if c.feature.under_touch != "either")
    usable = _but(_NOT_FOR_TREES, one_way)
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
        trees=FEW_OUTCOMES,
    )


def follow_up_kind(encoding: Encoding) -> Kind:
    """The organisation's own next touch: how this history was made, not what it should do.

    Without the records of senders and clients: trees know single senders by them, and how soon
    these follow up drifts more than anything else does (docs/decisions/0017).
    """
    columns = _but(OF_YEAR, (*range(len(CONTACT_COLUMNS)), *_own(encoding)))
    return Kind(
        name="follow_up",
        why=FOLLOWED_UP,
        base_rate=0.5,
        terms={},
        direction=0,
        columns=columns,
        monotone=[0] * len(columns),
        carried=False,
    )
