"""Logs made in worlds of known truth: a plain cadence nudges, and some of its nudges are held."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from features.events.schema import CHANNELS, TIMESTAMP
from models.hold import HOLD
from training.simulate.environment import Environment
from training.simulate.history import START

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

#: The cadence that is logged: e-mail, days between its touches, and how many.
GAP, MOST, CHANNEL = 4, 4, CHANNELS.index("email")
#: First threads open over so many days.
SPREAD = 21.0
_HOUR = timedelta(hours=15)


@dataclass(frozen=True, slots=True)
class Wishes:
    """Nudges the cadence wishes to make on one day, each for the first time; shape (n,).

    `thread` and `contact` are rows of the environment's tables, `nth` is the wish's number among
    the contact's, from 1; `numbers` has a column for each number of the decision.
    """

    thread: Ints
    contact: Ints
    nth: Ints
    numbers: pa.Table


@dataclass(frozen=True, slots=True)
class Played:
    """A log of decisions as `fineline score --record` keeps them, and the events of the time."""

    log: pa.Table
    events: pa.Table


#: Which wishes are held, and the chances that each would have been.
Draw = Callable[[Wishes], tuple[Flags, Floats]]


def play(world: str, contacts: int, seed: int, days: int, draw: Draw) -> Played:
    """Let the cadence work for `days` while `draw` holds some of its nudges for a week."""
    environment = Environment(world, contacts, seed, spread_days=SPREAD)
    contact = _codes(environment)
    made, last = np.zeros(len(contact), np.int64), np.full(len(contact), -GAP)
    hinted, release = np.zeros(len(contact), np.int64), np.zeros(len(contact), np.int64)
    wishes_of = np.zeros(contacts, np.int64)
    relevance = environment.threads["relevance"].to_numpy()
    written: list[pa.Table] = []
    for day in range(days):
        at = START + timedelta(days=day) + _HOUR
        threads = environment.open_threads(at)
        ready = threads[(made[threads] < MOST) & (day - last[threads] >= GAP)]
        fresh = ready[hinted[ready] <= made[ready]]
        who = contact[fresh]
        nth = wishes_of[who] + _running_count(who)
        wishes = Wishes(fresh, who, nth, _numbers(relevance[fresh], made[fresh] + 1))
        held, chance = draw(wishes)
        written.append(_decisions(environment, at, wishes, held, chance))
        wishes_of += np.bincount(who, minlength=contacts)
        hinted[fresh] = made[fresh] + 1
        release[fresh] = np.where(held, day + HOLD.days, day)
        touched = ready[release[ready] <= day]
        environment.act(touched, np.full(len(touched), CHANNEL), at)
        made[touched] += 1
        last[touched] = day
    return Played(
        pa.concat_tables(written), environment.observe(START + timedelta(days=days) + _HOUR)
    )


def at_random(share: float, seed: int) -> Draw:
    """Hold each wish with chance `share`."""
    random = np.random.default_rng([seed, 7])

    def draw(wishes: Wishes) -> tuple[Flags, Floats]:
        n = len(wishes.thread)
        return random.random(n) < share, np.full(n, share)

    return draw


def _decisions(
    environment: Environment, at: datetime, wishes: Wishes, held: Flags, chance: Floats
) -> pa.Table:
    about = environment.threads.take(pa.array(wishes.thread))
    columns = {
        "contact_id": about["contact_id"],
        "campaign_id": about["campaign_id"],
        "at": pa.array([at] * len(held), TIMESTAMP),
        "hint": pa.array(np.where(held, "wait", "nudge"), pa.string()),
        "held": pa.array(held),
        "propensity": pa.array(np.where(held, chance, 1.0 - chance)),
    }
    return pa.table(columns | {n: wishes.numbers[n] for n in wishes.numbers.column_names})


def _numbers(relevance: Floats, touch_number: Ints) -> pa.Table:
    """A rough model's numbers: it knows that fit helps and that pressure hurts, no more."""

    def lands(touch: Ints) -> Floats:
        return 1.0 / (1.0 + np.exp(2.8 - 2.0 * relevance + 0.4 * (touch - 1)))

    p_land, p_annoy = lands(touch_number), 0.008 * 1.5 ** (touch_number - 1)
    alone = np.where(touch_number > 1, 0.15 * lands(touch_number - 1), 0.0)
    numbers = {
        "touch_number": touch_number,
        "score": p_land - alone - 2.0 * p_annoy - 0.01,
        "if_nudged_p_land": p_land,
        "if_nudged_p_annoy": p_annoy,
        "if_left_alone_p_land": alone,
        "if_left_alone_p_annoy": np.where(touch_number > 1, 0.001, 0.0),
    }
    return pa.table(numbers)


def _codes(environment: Environment) -> Ints:
    """The contact of each thread, by its row in `contacts`."""
    row = {name: i for i, name in enumerate(environment.contacts["contact_id"].to_pylist())}
    return np.array([row[n] for n in environment.threads["contact_id"].to_pylist()], np.int64)


def _running_count(codes: Ints) -> Ints:
    """How many equal codes there are up to and including each."""
    order = np.argsort(codes, kind="stable")
    first = np.searchsorted(codes[order], codes[order])
    count = np.empty(len(codes), np.int64)
    count[order] = np.arange(len(codes)) - first + 1
    return count
