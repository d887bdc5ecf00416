"""What policies are truly worth in a world: found by playing them, without any weighting.

At one occasion a policy is played by holding at one occasion of each person, drawn blindly, and
going on as logged; over courses by deciding with it at every occasion.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from features.state import DAY
from training.offpolicy.evaluation import Asked
from training.offpolicy.log import expected_changes
from training.offpolicy.played import Draw, Flags, Floats, Played, Wishes, at_random, play
from training.offpolicy.policies import nudging
from training.offpolicy.rewards import Happened

#: No contact has more occasions: four threads of four touches.
_MOST_OCCASIONS = 16


@dataclass(frozen=True, slots=True)
class Agency:
    """The people of a world who are played with; `share` of the nudges are held in its log."""

    world: str
    contacts: int
    seed: int
    days: int
    share: float

    def play(self, draw: Draw | None = None) -> Played:
        """What happens with these draws, by default those of the log."""
        draw = at_random(self.share, self.seed) if draw is None else draw
        return play(self.world, self.contacts, self.seed, self.days, draw)


@dataclass(frozen=True, slots=True)
class Truth:
    """True values: of each policy at one occasion and over courses; the Qini coefficient."""

    at_one: dict[str, float]
    at_all: dict[str, float]
    qini: float


def true_values(agency: Agency, played: Played, asked: Asked, of_courses: Sequence[str]) -> Truth:
    """The values of `asked.policies` at one occasion, and of `of_courses` followed throughout.

    `played` is what the logged cadence brought in this agency.
    """
    share = agency.share
    logged = _Mean.of(played, asked)
    held = _Mean.of(agency.play(_hold_once(agency)), asked, certain=True)

    def value(policy: str) -> float:
        # As logged, a share of the nudges is held: what is left is the worth of nudging.
        def pi(table: pa.Table) -> Floats:
            return nudging(policy, table, np.full(len(table), 1.0 - share))

        nudged = (logged.of_weighted(pi) - share * held.of_weighted(pi)) / (1.0 - share)
        return nudged + held.of_weighted(lambda t: 1.0 - pi(t))

    courses = {p: _course_value(agency.play(_follow(p)), asked) for p in of_courses}
    late = [lambda t, m=m: 0.5 - m.middle_ranks(t, asked) for m in (logged, held)]
    qini = (logged.of_weighted(late[0]) - held.of_weighted(late[1])) / (1.0 - share)
    return Truth({p: value(p) for p in asked.policies}, courses, qini)


@dataclass(frozen=True, slots=True)
class _Mean:
    """Occasions and the value that followed each."""

    table: pa.Table
    value: Floats

    @classmethod
    def of(cls, played: Played, asked: Asked, certain: bool = False) -> _Mean:
        """Occasions followed for the whole window; with `certain`, those that were not drawn."""
        happened, window = Happened(played.events), int(asked.window * DAY)
        at = played.log["at"].cast(pa.int64()).to_numpy()
        rows = at + window <= happened.until
        if certain:
            rows &= played.log["propensity"].to_numpy() == 1.0
        table, at = played.log.filter(pa.array(rows)), at[rows]
        names, contact = np.unique(table["contact_id"].to_numpy(), return_inverse=True)
        rewards = happened.between(names.tolist(), contact, at, at + window)
        return cls(table, rewards.value(asked.utility))

    def of_weighted(self, weight: Callable[[pa.Table], Floats]) -> float:
        return float((weight(self.table) * self.value).mean())

    def middle_ranks(self, table: pa.Table, asked: Asked) -> Floats:
        by = expected_effect(table, asked)
        _, group, counts = np.unique(-by, return_inverse=True, return_counts=True)
        return ((np.cumsum(counts) - counts / 2) / len(by))[group]


def expected_effect(table: pa.Table, asked: Asked) -> Floats:
    """The log's expected effect of a nudge on the value."""
    changes = expected_changes(table)
    assert changes is not None
    return changes.value(asked.utility)


def _hold_once(agency: Agency) -> Draw:
    """Hold at one occasion of each contact, whichever; at the others draw as logged."""
    random = np.random.default_rng([agency.seed, 8])
    chosen = random.integers(1, _MOST_OCCASIONS + 1, agency.contacts)
    others = at_random(agency.share, agency.seed + 1)

    def draw(wishes: Wishes) -> tuple[Flags, Floats]:
        held, chance = others(wishes)
        now = chosen[wishes.contact] == wishes.nth
        return held | now, np.where(now, 1.0, chance)

    return draw


def _follow(policy: str) -> Draw:
    def draw(wishes: Wishes) -> tuple[Flags, Floats]:
        held = nudging(policy, wishes.numbers, np.ones(len(wishes.thread))) < 0.5
        return held, held.astype(np.float64)

    return draw


def _course_value(played: Played, asked: Asked) -> float:
    happened, length = Happened(played.events), int(asked.course * DAY)
    first = played.log.group_by("contact_id").aggregate([("at", "min")])
    start = first["at_min"].cast(pa.int64()).to_numpy()
    names = first["contact_id"].to_pylist()
    rewards = happened.between(names, np.arange(len(names)), start, start + length)
    done = start + length <= happened.until
    return float(rewards.value(asked.utility)[done].mean())
