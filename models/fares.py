"""How senders and clients fare, where somebody knows it better than the model's own ledger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from features.catalog.columns import COLUMNS, CONTACT_COLUMNS
from features.fold import read_parties
from models.ledger import Ledger
from models.model import Model
from models.usual import OF_PARTY, fare_as_usual

Rows = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
#: Where the columns of who reaches out stand in a row.
PARTIES = slice(len(CONTACT_COLUMNS), len(COLUMNS))


class Places(NamedTuple):
    """Where a ledger has the states of who is asked about, each shape (requests,)."""

    actor: Ints
    account: Ints
    contact: Ints
    organisation: Ints


class Asked(NamedTuple):
    """Who would reach out, for whom and to whom, and when (microseconds), an entry per request."""

    actors: Sequence[str | None]
    accounts: Sequence[str | None]
    contacts: Sequence[str]
    at: Ints

    def some(self, which: Ints) -> Asked:
        """The requests at these places."""
        return Asked(
            [self.actors[i] for i in which],
            [self.accounts[i] for i in which],
            [self.contacts[i] for i in which],
            self.at[which],
        )

    def places(self, ledger: Ledger) -> Places:
        """Where `ledger` has their states."""
        return Places(
            np.array([ledger.actor(name) for name in self.actors], np.int64),
            np.array([ledger.account(name) for name in self.accounts], np.int64),
            np.array([ledger.contact(name) for name in self.contacts], np.int64),
            np.full(len(self.actors), ledger.ORGANISATION),
        )


class Fares(Protocol):
    """Knows how senders and clients fare."""

    def fill(self, rows: Rows, asked: Asked, ledger: Ledger, known: Places) -> None:
        """Write what it knows better than the model's `ledger` over the columns of `rows`.

        `known`: where `ledger` has the states of those who are asked about.
        """


@dataclass(frozen=True, slots=True, eq=False)
class Fresh:
    """A ledger made of what happened since the model was trained, too.

    It counts for questions about moments from its own on, and of each sender, client and contact
    only where it has seen as many touches as the model: a store may have begun yesterday. What is
    usual in the organisation, too, is what the one of the two says that has seen more.
    """

    ledger: Ledger

    def fill(self, rows: Rows, asked: Asked, ledger: Ledger, known: Places) -> None:
        """As `Fares.fill`."""
        mine = asked.places(self.ledger)
        usual = _larger(self.ledger, ledger)
        found = read(self.ledger, mine, asked.at, rows.shape[1], usual)
        later = (asked.at >= self.ledger.as_of) & (self.ledger.as_of > ledger.as_of)
        for party, place, before in zip(Places._fields, mine, known, strict=True):
            touches = self.ledger.states["touches"][place]
            better = later & (touches > 0) & (touches >= ledger.states["touches"][before])
            chosen = np.ix_(np.flatnonzero(better), np.array(OF_PARTY[party]))
            rows[chosen] = found[chosen]


@dataclass(frozen=True, slots=True, eq=False)
class Noted:
    """What was known when a decision went on record: the columns `PARTIES` of its row."""

    columns: Rows

    @classmethod
    def of(cls, row: bytes) -> Noted:
        """From the row that is on record."""
        return cls(np.frombuffer(row, np.float32)[PARTIES])

    def fill(
        self,
        rows: Rows,
        asked: Asked,  # noqa: ARG002
        ledger: Ledger,  # noqa: ARG002
        known: Places,  # noqa: ARG002
    ) -> None:
        """As `Fares.fill`."""
        rows[:, PARTIES] = self.columns


def as_the_model_knows(places: Places, at: Ints, model: Model) -> Rows:
    """Rows of the model's columns with what its ledger says, as usual of whom it does not know.

    `at`: the moments asked about, microseconds, shape (requests,).
    """
    rows = read(model.ledger, places, at, len(model.usual))
    # A blank record would say that their threads land at a prior's rate, whatever is usual here.
    fare_as_usual(rows, "actor", model.usual, places.actor == Ledger.NOBODY)
    fare_as_usual(rows, "account", model.usual, places.account == Ledger.NOBODY)
    return rows


def read(ledger: Ledger, places: Places, at: Ints, width: int, usual: Ledger | None = None) -> Rows:
    """Rows of `width` columns with what `ledger` says, as of its own moment; zero elsewhere.

    Tides have ebbed by the moments `at` that are asked about. What is usual in the organisation is
    what `usual` says, if it is given.
    """
    rows: Any = np.zeros((len(places.actor), width), np.float32)
    *parties, organisation = (ledger.states[place] for place in places)
    if usual is not None:
        organisation = usual.states[np.full(len(rows), Ledger.ORGANISATION)]
    when = np.full(len(rows), ledger.as_of, np.int64)
    read_parties(*parties, organisation, when, np.maximum(at, when), rows)
    return np.asarray(rows)


def _larger(one: Ledger, other: Ledger) -> Ledger:
    """The one that has seen more touches; `one` of two that have seen as many."""
    mine, its = (ledger.states["touches"][Ledger.ORGANISATION] for ledger in (one, other))
    return one if mine >= its else other
