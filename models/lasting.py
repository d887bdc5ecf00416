"""Columns that last along a course: how who reaches out fares, and who the contact is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from features.catalog.columns import COLUMNS
from features.fold import read_parties
from models.decision import Request
from models.model import Model
from models.situation import Situations
from models.usual import fare_as_usual

Rows = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]


class Lasting(NamedTuple):
    """An entry per request: its row, shape (requests, columns), and 1 for each of sender, client
    and role that the model does not know, shape (requests, 3), as `models.outcome.UNSEEN`."""

    rows: Rows
    unseen: Floats


def lasting_columns(model: Model, requests: Sequence[Request], s: Situations) -> Lasting:
    """What lasts along a course; the columns of what changes stay zero."""
    ledger, ids = model.ledger, range(len(requests))
    rows = np.zeros((len(requests), len(model.usual)), np.float32)
    actors = np.array([ledger.actor(s.name("actor", "actor_id", i)) for i in ids], np.int64)
    accounts = np.array([ledger.account(s.name("account", "account_id", i)) for i in ids], np.int64)
    read_parties(
        ledger.states[actors],
        ledger.states[accounts],
        ledger.states[[ledger.contact(r.contact_id) for r in requests]],
        ledger.states[[ledger.ORGANISATION] * len(requests)],
        np.full(len(requests), ledger.as_of, np.int64),
        rows,
    )
    # A blank record would say that their threads land at a prior's rate, whatever is usual here.
    new_actor, new_account = actors == ledger.NOBODY, accounts == ledger.NOBODY
    fare_as_usual(rows, "actor", model.usual, new_actor)
    fare_as_usual(rows, "account", model.usual, new_account)
    # Roles come and go: a model remembers none.
    new_role = np.ones(len(requests))
    for i, r in enumerate(requests):
        rows[i, len(COLUMNS) :] = model.encoding.of_values(r.attributes)
    return Lasting(rows, np.column_stack([new_actor, new_account, new_role]))
