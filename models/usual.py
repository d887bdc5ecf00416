"""The usual touch: what reasons compare with, and what "usually" means in them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from features.catalog.columns import COLUMNS, PARTIES, PARTY_COLUMNS, POSITION
from features.compiled import jit
from features.fold import read_parties
from features.state import DAY
from models.attributes import Encoding
from models.evidence import CHANNEL_COLUMNS
from models.ledger import Ledger

Rows = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]

#: As many touches, spread over all, are enough for a median.
_SAMPLE, _SENDERS = 20_000, 1000
#: Positions of the columns about each party, by its name.
OF_PARTY = {
    party.name: [POSITION[c.name] for c in columns]
    for party, columns in zip(PARTIES, PARTY_COLUMNS, strict=True)
}
OF_PARTY["organisation"] += OF_PARTY.pop("tide")
#: By when every tide has ebbed.
_EBBED = 3650 * DAY
_CLOCK = ("zone_known", "local_hour", "local_weekday", "person_usual_hour")
#: A column that is 0 where nothing is known, and the columns that then say nothing.
_SILENT = (
    ("zone_known", [POSITION[name] for name in _CLOCK]),
    ("actor_touches", OF_PARTY["actor"]),
    ("account_touches", OF_PARTY["account"]),
)


def usual_touch(x: Rows, encoding: Encoding, ledger: Ledger) -> Rows:
    """The median of every column where known, shape (columns,); NaN where it never is.

    Of columns that exclude each other (channels, levels of a category) the most frequent is 1. How
    senders and clients fare is as of the end of the ledger, as it is when a decision is made; none
    of the organisation's tides is usual.
    """
    sample = x[:: max(len(x) // _SAMPLE, 1)]
    usual = np.full(x.shape[1], np.nan, np.float32)
    known = ~np.isnan(sample).all(axis=0)
    usual[known] = np.nanmedian(sample[:, known], axis=0)
    for columns in _exclusive(encoding):
        usual[columns] = _most_frequent(sample[:, columns])
    parties = [i for name in ("actor", "account", "organisation") for i in OF_PARTY[name]]
    usual[parties] = np.median(_parties(ledger)[:, parties], axis=0)
    return usual


def fare_as_usual(rows: Rows, party: str, usual: Rows, which: Any = slice(None)) -> None:
    """Make senders (`party` "actor") or clients ("account") of the chosen rows fare as usual.

    Columns that are never known stay as they are.
    """
    chosen = np.arange(len(rows))[which]
    if len(chosen):
        columns = np.array(OF_PARTY[party])
        columns = columns[~np.isnan(usual[columns])]
        rows[np.ix_(chosen, columns)] = usual[columns]


def reference(x: Rows, usual: Rows) -> Rows:
    """The usual touch for every row; what is not known of either is taken as the row has it.

    On an unknown clock the hour and the day say nothing, and of a sender or a client that never
    reached out nothing is known.
    """
    found = np.empty_like(x)
    _refer(x, usual, _GATE, found)
    return found


@jit
def _refer(x: Any, usual: Any, gate: Any, found: Any) -> None:
    for r in range(len(x)):
        for c in range(x.shape[1]):
            silent = c < len(gate) and gate[c] >= 0 and x[r, gate[c]] == 0
            own = silent or np.isnan(x[r, c]) or np.isnan(usual[c])
            found[r, c] = x[r, c] if own else usual[c]


def _gates() -> Ints:
    """Of each column of the catalog the one that has to speak for it to say anything; -1: none."""
    gate = np.full(len(COLUMNS), -1, np.int64)
    for name, columns in _SILENT:
        gate[columns] = POSITION[name]
    return gate


_GATE = _gates()


def _parties(ledger: Ledger) -> Rows:
    """The party columns of senders and clients, each as often as it reached out."""
    rows = np.zeros((_SENDERS, len(COLUMNS)), np.float32)
    read_parties(
        ledger.states[_by_touches(ledger, (ledger.NO_ACTOR, *ledger.actors.values()))],
        ledger.states[_by_touches(ledger, (ledger.NO_ACCOUNT, *ledger.accounts.values()))],
        ledger.states[[ledger.NOBODY] * _SENDERS],
        ledger.states[[ledger.ORGANISATION] * _SENDERS],
        np.full(_SENDERS, ledger.as_of, np.int64),
        np.full(_SENDERS, ledger.as_of + _EBBED, np.int64),
        rows,
    )
    return rows


def _by_touches(ledger: Ledger, places: Iterable[int]) -> Ints:
    """Places in the ledger at even steps through all their touches."""
    found = np.array(tuple(places), np.int64)
    total = np.cumsum(ledger.states["touches"][found])
    steps = (np.arange(_SENDERS) + 0.5) / _SENDERS * total[-1]
    place = np.searchsorted(total, steps, side="right").clip(max=len(found) - 1)
    return np.asarray(found[place], np.int64)


def _exclusive(encoding: Encoding) -> list[list[int]]:
    found, position = [CHANNEL_COLUMNS], len(COLUMNS)
    for attribute in encoding.attributes:
        columns = list(range(position, position + len(attribute.columns)))
        position += len(columns)
        if attribute.levels is not None:
            found.append(columns)
    return found


def _most_frequent(flags: Rows) -> Rows:
    """A row with 1 for the level most rows have; none of them if most rows have no listed one."""
    known = flags[~np.isnan(flags).any(axis=1)]
    if not len(known):
        return np.full(flags.shape[1], np.nan, np.float32)
    counts = known.sum(axis=0)
    row = np.zeros(flags.shape[1], np.float32)
    if counts.max() >= len(known) - counts.sum():
        row[counts.argmax()] = 1.0
    return row
