"""Who reaches out, folded over all they did: fills the party columns and keeps the final states."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from features.fold import PARTY_OFFSETS, blank_parties, fold_parties, read_parties
from features.histories import Codes, Histories, Ints
from features.outcomes import Outcomes
from features.state import DAY, HALF_LIVES, NEVER
from features.timeline import APPLY, QUERY, time_order

States = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Parties:
    """States (`features.state.PARTY`) by code; the last is of those without a name, and blank."""

    actors: States
    accounts: States
    organisation: States


def add_states(into: States, places: Ints, states: States) -> None:
    """Add what happened elsewhere to the states at `places`, each named once.

    As if all of it had been folded in one go, but for the last digits of what decays.
    """
    mine = into[places]
    for count in ("touches", "threads", "lands", "annoys"):
        mine[count] += states[count]
    for last in ("last_touch", "last_land"):
        mine[last] = np.maximum(mine[last], states[last])
    for sums, since in (("volume", "decay_time"), ("land_volume", "land_decay_time")):
        now = np.maximum(mine[since], states[since])
        mine[sums] = mine[sums] * _left(mine[since], now) + states[sums] * _left(states[since], now)
        mine[since] = now
    into[places] = mine


def _left(since: Ints, now: Ints) -> npt.NDArray[np.float64]:
    """What is left at `now` of units as of `since`, shape (states, half-lives)."""
    days = np.where(since == NEVER, 0, now - np.where(since == NEVER, now, since)) / DAY
    return np.asarray(np.exp2(-days[:, None] / np.array(HALF_LIVES)))


def steps_of(h: Histories, o: Outcomes) -> tuple[npt.NDArray[Any], ...]:
    """Every touch (read when made, counted when recorded) and every outcome when recorded.

    Four parallel arrays: the touch, the moment, QUERY and APPLY flags, and the kind of step (0 a
    touch, else LAND or ANNOY).
    """
    touches = np.flatnonzero(h.kind == 0)
    ends = np.flatnonzero(o.credited >= 0)
    is_late = h.occurred[touches] != h.recorded[touches]
    late = touches[is_late]
    flags = np.where(is_late, APPLY, QUERY | APPLY).astype(np.int8)
    return (
        np.concatenate([touches, o.credited[ends], late]),
        np.concatenate([h.recorded[touches], h.recorded[ends], h.occurred[late]]),
        np.concatenate(
            [flags, np.full(len(ends), APPLY, np.int8), np.full(len(late), QUERY, np.int8)]
        ),
        np.concatenate(
            [np.zeros(len(touches), np.int8), o.ends[ends], np.zeros(len(late), np.int8)]
        ),
    )


def actor_of_contact(h: Histories) -> Codes:
    """Per event, the actor code of the contact itself where it also reaches out; else -1."""
    place = pc.index_in(
        h.names["contact_id"].cast(pa.string()), h.names["actor_id"].cast(pa.string())
    ).fill_null(-1)
    codes: Codes = place.to_numpy(zero_copy_only=False).astype(np.int32)[h.contact]
    return codes


def fill_party_columns(
    h: Histories, o: Outcomes, row: Codes, x: npt.NDArray[np.float32]
) -> Parties:
    """Write the party columns of every row of `x`; the states after the last step.

    `o` is what became of touches in the order in which it was recorded.
    """
    steps = steps_of(h, o)
    n_actors, n_accounts = len(h.names["actor_id"]), len(h.names["account_id"])
    parties = Parties(blank_parties(n_actors + 1), blank_parties(n_accounts + 1), blank_parties(1))
    own = actor_of_contact(h)
    fold_parties(
        time_order(steps[1]),
        steps,
        (np.where(h.actor < 0, n_actors, h.actor), np.where(h.account < 0, n_accounts, h.account),
         own),
        row,
        o.number,
        (parties.actors, parties.accounts, parties.organisation),
        _nobody(x.shape[1]),
        x,
    )  # fmt: skip
    return parties


def _nobody(width: int) -> npt.NDArray[np.float32]:
    """The columns of a contact that never reaches out to anybody, as most do not."""
    row = np.zeros((1, width), np.float32)
    blank = blank_parties(1)
    never = np.zeros(1, np.int64)
    read_parties(blank, blank, blank, blank, never, never, row)
    return row[0, PARTY_OFFSETS[2] : PARTY_OFFSETS[3]]
