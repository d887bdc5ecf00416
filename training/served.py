"""What the service knew of senders and clients at each touch: less than training did."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from features.state import DAY
from models.fares import PARTIES, Asked, Fresh, as_the_model_knows
from models.ledger import Ledger
from models.model import Model
from training.dataset import Dataset, known_before

Rows = npt.NDArray[np.float32]


def rows_as_served(
    model: Model, events: pa.Table, data: Dataset, chosen: npt.NDArray[np.bool_], every: int | None
) -> Rows:
    """The rows of the chosen touches, with the record of senders and clients that was at hand.

    That is as of the end of the model's training, or where a store makes it anew `every` so many
    microseconds, as of the last time.
    """
    rows = np.ascontiguousarray(data.watched.x[chosen])
    names = {
        name: data.column(name).filter(pa.array(chosen)).to_pylist()
        for name in ("actor_id", "account_id", "contact_id")
    }
    asked = Asked(
        names["actor_id"], names["account_id"], names["contact_id"],
        np.round(data.watched.time[chosen] * DAY).astype(np.int64),
    )  # fmt: skip
    places = asked.places(model.ledger)
    rows[:, PARTIES] = as_the_model_knows(places, asked.at, model)[:, PARTIES]
    if every is not None:
        first = int(asked.at.min(initial=0))
        turn = (asked.at - first) // every
        for number in np.unique(turn):
            made = first + int(number) * every
            fresh = Fresh(Ledger.counted(known_before(events, made), made))
            which = np.flatnonzero(turn == number)
            some, of_these = rows[which], asked.some(which)
            fresh.fill(some, of_these, model.ledger, of_these.places(model.ledger))
            rows[which] = some
    return rows
