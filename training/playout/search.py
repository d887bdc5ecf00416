"""Policies found in hindsight, inside a world: fixed cadences, the insider, the best threshold.

They are tuned by playing in the very world they are judged in (on other people), which no learner
of histories can do: marks to measure by, not competitors.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import differential_evolution

from training.playout.arena import COUNTS, DAYS, Arena, Stakes
from training.playout.cadence import Cadence
from training.simulate.habits import RULE
from training.simulate.population import SENIORITY, SOURCE

Floats = NDArray[np.float64]

CAPS = (1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 17, 20)
GAPS = (2.0, 3.0, 4.0, 5.0, 7.0, 9.0, 11.0, 14.0, 17.0, 21.0, 25.0, 30.0, 37.0, 45.0)
SEQUENCES = ((0,), (1,), (2,), (3,), (0, 3), (0, 1), (1, 0), (3, 1), (0, 3, 1, 2))
THRESHOLDS = (-0.02, -0.01, 0.0, 0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.08, 0.1, 0.13, 0.17)

#: The insider's parameters with their bounds: a "promise" of each thread from what the CRM shows,
#: by which the gap shrinks and the cap grows; how gaps grow; the rest after a "not now"; a weight
#: per channel, and how many of the channels are used.
INSIDER = {
    "seniority": (-0.8, 0.8),
    "referral": (-1.0, 2.0),
    "inbound": (-1.0, 2.0),
    "database": (-1.5, 1.0),
    "gap_by_promise": (-1.0, 1.0),
    "cap_by_promise": (-0.5, 2.0),
    "log_gap": (np.log(1.9), np.log(50.0)),
    "log_cap": (np.log(0.6), np.log(20.5)),
    "log_growth": (-0.2, 0.5),
    "rest": (0.0, 70.0),
    "email": (0.0, 1.0),
    "phone": (0.0, 1.0),
    "sms": (0.0, 1.0),
    "linkedin": (0.0, 1.0),
    "channels": (0.51, 4.49),
}
_NAMES = tuple(INSIDER)
_RELEVANCE = 1.6


@dataclass(frozen=True, slots=True)
class Tried:
    """A cadence and what it came to per contact."""

    cadence: Cadence
    landed: float
    annoyed: float
    touches: float

    def value(self, stakes: Stakes) -> float:
        """Worth per contact."""
        cost = stakes.annoy * self.annoyed + stakes.touch * self.touches
        return stakes.land * self.landed - cost


def cadences() -> Iterator[Cadence]:
    """Every cadence of the grid that differs from all others within the days played."""
    seen = set()
    for channels, gap, cap in product(SEQUENCES, GAPS, CAPS):
        made = min(cap, int(DAYS / gap) + 1)
        course = (made, gap if made > 1 else 0.0, tuple(channels[k % len(channels)] for k in
                  range(min(made, 4))))  # fmt: skip
        if course not in seen:
            seen.add(course)
            yield Cadence(cap, gap, channels)


def try_cadences(arena: Arena) -> list[Tried]:
    """What every cadence of the grid comes to in the arena."""
    n = len(arena.population.threads)
    tried = []
    for cadence in cadences():
        o = arena.by_rules(cadence.rules(n)).less_luck()
        tried.append(Tried(cadence, *(float(getattr(o, name).mean()) for name in COUNTS)))
    return tried


def best_of(tried: list[Tried], stakes: Stakes) -> Tried:
    """The cadence worth most."""
    return max(tried, key=lambda t: t.value(stakes))


def best_threshold(arena: Arena, stakes: Stakes) -> float:
    """The threshold at which the clear-sighted earns most."""
    worth = [arena.clear_sighted(t, stakes).worth(stakes) for t in THRESHOLDS]
    return THRESHOLDS[int(np.argmax(worth))]


def tune_insider(
    arena: Arena, stakes: Stakes, start: Cadence, rounds: int = 40, seed: int = 0
) -> Floats:
    """The insider's parameters by differential evolution inside the arena, shape (15,).

    A policy of a dozen parameters over what a CRM can see. The search begins at the cadence
    `start` and never falls below it, on the arena's people.
    R. Storn, K. Price, Journal of Global Optimization 11, 1997.
    """
    shown = columns_shown(arena)

    def loss(vector: Floats) -> float:
        return -arena.by_rules(insider_rules(vector, shown)).worth(stakes)

    found = differential_evolution(
        loss, list(INSIDER.values()), maxiter=rounds, popsize=4, rng=seed, tol=0, polish=False,
        x0=as_insider(start),
    )  # fmt: skip
    return np.asarray(found.x)


def as_insider(cadence: Cadence) -> Floats:
    """The insider's parameters that are this cadence, whatever the CRM shows."""
    vector = dict.fromkeys(_NAMES, 0.0)
    vector["log_gap"], vector["log_cap"] = np.log(cadence.gap), np.log(cadence.touches)
    vector["channels"] = len(cadence.channels)
    for place, channel in enumerate(cadence.channels):
        vector[("email", "phone", "sms", "linkedin")[channel]] = 0.9 - 0.2 * place
    return np.array([vector[name] for name in _NAMES])


def columns_shown(arena: Arena) -> Floats:
    """What the CRM shows of each thread: fit, seniority, source; shape (threads, 5)."""
    threads, contacts = arena.population.threads, arena.population.contacts
    whose = threads["contact"]
    levels = list(SENIORITY)
    seniority = np.array([levels.index(v) for v in contacts["seniority"].to_pylist()])[whose]
    source = np.array(contacts["source"].to_pylist())[whose]
    flags = [source == name for name in SOURCE if name != "sourced"]
    return np.column_stack([threads["relevance"] - 0.55, seniority - 1.3, *flags]).astype(float)


def insider_rules(vector: Floats, shown: Floats) -> NDArray[np.void]:
    """The rule of each thread under the insider's parameters."""
    v = dict(zip(_NAMES, vector, strict=True))
    weights = np.array([_RELEVANCE, v["seniority"], v["referral"], v["inbound"], v["database"]])
    promise = shown @ weights
    rules = np.zeros(len(shown), RULE)
    rules["cap"] = np.clip(np.rint(np.exp(v["log_cap"] + v["cap_by_promise"] * promise)), 0, 40)
    rules["gap"] = np.clip(np.exp(v["log_gap"] - v["gap_by_promise"] * promise), 1.0, 60.0)
    rules["growth"], rules["rest"] = np.exp(v["log_growth"]), v["rest"]
    liked = np.argsort([-v[name] for name in ("email", "phone", "sms", "linkedin")], kind="stable")
    used = liked[: int(np.rint(v["channels"]))]
    rules["channels"] = [used[k % len(used)] for k in range(4)]
    return rules
