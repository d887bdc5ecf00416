"""Simulated against published base rates by touch number, given silence so far.

Targets: recruiter e-mail assembled from Gem's staffing benchmark, Growbots, Belkins and Instantly;
phone from UCI Bank Marketing (S. Moro, P. Cortez, P. Rita, Decision Support Systems 62, 2014;
45,211 clients). In percent, touches 1 to 7.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from features.moments import microseconds
from training.simulate.history import START, lived
from training.simulate.population import populate
from training.simulate.records import (
    COMPLAINT,
    DAY,
    EMAIL,
    NEGATIVE,
    NEUTRAL,
    OPT_OUT,
    PHONE,
    REPLY,
    TOUCH,
)
from training.simulate.recruiters import follow
from training.simulate.world import World

Floats = NDArray[np.float64]
TOUCHES = 7
GAP_DAYS = 3.0

TARGETS = {
    "e-mail: P(reply)": (11.0, 4.7, 2.7, 1.8, 1.3, 0.9, 0.6),
    "e-mail: of these interested": (32.0, 27.0, 22.0, 18.0, 15.0, 13.0, 11.0),
    "e-mail: P(opt-out or stop)": (0.5, 0.7, 1.1, 1.6, 2.2, 3.0, 4.0),
    "e-mail: P(complaint)": (0.04, 0.06, 0.08, 0.12, 0.17, 0.25, 0.36),
    "phone: P(success)": (5.7, 5.1, 4.1, 3.3, 2.3, 2.1, 1.5),
}


def base_rates(world: World, contacts: int, seed: int) -> dict[str, Floats]:
    """The rows of TARGETS as they come out when everybody is approached every three days.

    A reply counts for the last touch before it; one that says stop counts as stop.
    """
    reply, interested, stop, complaint = _rates(world, EMAIL, contacts, seed)
    called = _rates(world, PHONE, contacts, seed)
    with np.errstate(invalid="ignore"):
        share = interested / reply
    return dict(zip(TARGETS, (reply, 100 * share, stop, complaint, called[1]), strict=True))


def _rates(world: World, channel: int, contacts: int, seed: int) -> tuple[Floats, ...]:
    """Percent of those still silent at each touch: reply, interested, stop, complaint."""
    rows = fixed_cadence(world, channel, contacts, seed)
    touched = rows["kind"] == TOUCH
    answered = np.isin(rows["kind"], (REPLY, OPT_OUT, COMPLAINT))
    number = _running_count(touched, rows["contact"])
    first = answered & (_running_count(answered, rows["contact"]) == 1)
    silent = touched & (_running_count(answered, rows["contact"]) == 0)
    stop = (rows["kind"] == OPT_OUT) | (rows["sentiment"] == NEGATIVE)
    reply = (rows["kind"] == REPLY) & ~stop
    wanted = (reply, reply & (rows["sentiment"] != NEUTRAL), stop, rows["kind"] == COMPLAINT)
    at_risk = _by_number(number[silent])
    return tuple(100.0 * _by_number(number[first & what]) / at_risk for what in wanted)


def fixed_cadence(world: World, channel: int, contacts: int, seed: int) -> NDArray[np.void]:
    """Event rows when each contact has one thread: eight touches on one channel, in order."""
    # Bounced addresses would only dilute the rates; benchmarks count delivered messages.
    reachable = replace(world, dead=(0.0, 0.0, 0.0, 0.0))
    population = populate(reachable, contacts, seed, START, 365.0, one_thread=True)
    follow(population.threads, GAP_DAYS, TOUCHES + 1)
    until = microseconds(START) + 600 * DAY
    sequences = np.full((1, 1), channel)
    rows = lived(population, until, sequences=sequences)
    return rows[np.lexsort((rows["occurred"], rows["contact"]))]


def _running_count(flags: NDArray[np.bool_], contact: NDArray[np.int32]) -> NDArray[np.int64]:
    """How many flagged rows of the contact there are up to and including each row."""
    total = np.cumsum(flags)
    begins = np.searchsorted(contact, contact)
    return np.asarray(total - np.concatenate([[0], total])[begins], dtype=np.int64)


def _by_number(numbers: NDArray[np.int64]) -> Floats:
    return np.bincount(numbers, minlength=TOUCHES + 2)[1 : TOUCHES + 1].astype(np.float64)


def comparison(world: World, contacts: int, seed: int) -> str:
    """Target and simulated rates as a Markdown table, in percent."""
    head = ["| rate, % | " + " | ".join(f"touch {k}" for k in range(1, TOUCHES + 1)) + " |"]
    head.append("| --- |" + " --- |" * TOUCHES)
    for name, simulated in base_rates(world, contacts, seed).items():
        cells = [f"{t:g} → {s:.2f}" for t, s in zip(TARGETS[name], simulated, strict=True)]
        head.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(head)
