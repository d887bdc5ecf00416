"""Columns that last along a course: how who reaches out fares, and who the contact is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from features.catalog.columns import COLUMNS
from models.decision import Request
from models.fares import Asked, Fares, as_the_model_knows
from models.ledger import Ledger
from models.model import Model
from models.situation import Situations

Rows = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]


class Lasting(NamedTuple):
    """An entry per request: its row, shape (requests, columns), and 1 for each of sender, client
    and role that the model does not know, shape (requests, 3), as `models.outcome.UNSEEN`."""

    rows: Rows
    unseen: Floats


def lasting_columns(
    model: Model, requests: Sequence[Request], s: Situations, fares: Fares | None = None
) -> Lasting:
    """What lasts along a course; the columns of what changes stay zero.

    `fares` knows better than the model how senders and clients fare.
    """
    ids = range(len(requests))
    asked = Asked(
        [s.name("actor", "actor_id", i) for i in ids],
        [s.name("account", "account_id", i) for i in ids],
        [r.contact_id for r in requests],
        s.at,
    )
    known = asked.places(model.ledger)
    rows = as_the_model_knows(known, s.at, model)
    if fares is not None:
        fares.fill(rows, asked, model.ledger, known)
    for i, r in enumerate(requests):
        rows[i, len(COLUMNS) :] = model.encoding.of_values(r.attributes)
    # Roles come and go: a model remembers none.
    new_role = np.ones(len(requests))
    new = (known.actor == Ledger.NOBODY, known.account == Ledger.NOBODY, new_role)
    return Lasting(rows, np.column_stack(new))
