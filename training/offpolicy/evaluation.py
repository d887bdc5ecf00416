"""Everything a log tells: values of policies, at one occasion and over courses, and the effect."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from features.errors import BadInput
from features.state import DAY
from models.decision import Utility
from training.offpolicy import courses as over_courses
from training.offpolicy import estimators, uplift
from training.offpolicy.courses import Courses
from training.offpolicy.estimators import FEWEST, FURTHEST, Estimate
from training.offpolicy.log import Occasions, expected_changes, floats, occasions
from training.offpolicy.policies import nudging
from training.offpolicy.rewards import Happened, Rewards

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

POLICIES = ("logged", "nudge", "hold")
ESTIMATORS = ("ips", "snips", "dr")
#: What the effect of a nudge is shown on, and whether more of it is better.
OUTCOMES = ("value", "landed", "annoyed", "touches")


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of a log.

    `window` days are watched after an occasion, `course` days after a contact's first one; weights
    are clipped at `clip`; intervals cover with chance `level`; `by` ranks for the Qini curve, by
    default the expected effect on each outcome.
    """

    policies: Sequence[str] = POLICIES
    utility: Utility = field(default_factory=Utility)
    window: float = 60.0
    course: float = 120.0
    clip: float = np.inf
    level: float = 0.9
    by: str | None = None


@dataclass(frozen=True, slots=True)
class PolicyValue:
    """One policy: how often it nudges, how far the log speaks of it, and its value.

    `matched`: rows (or courses) with a weight above zero; `mean_weight` would be 1 but for chance
    and clipping; `clipped`: the share of weights that were. `values` maps an estimator to its
    estimate; it is empty where the log has too little of what the policy does.
    """

    policy: str
    nudges: float
    matched: int
    effective_sample_size: float
    mean_weight: float
    clipped: float
    values: dict[str, Estimate]


@dataclass(frozen=True, slots=True)
class Effect:
    """Of nudging over holding on one outcome; a Qini curve where there is something to rank by."""

    outcome: str
    mean: Estimate
    curve: uplift.QiniCurve | None
    coefficient: Estimate | None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What `evaluate` found; `drawn` and `over` are the occasions and courses it used."""

    asked: Asked
    all_drawn: Occasions
    drawn: Occasions
    over: Courses
    at_one: list[PolicyValue]
    at_all: list[PolicyValue]
    effects: list[Effect]


def evaluate(log: pa.Table, events: pa.Table, asked: Asked) -> Evaluation:
    """Evaluate policies on a log of decisions, given the events that followed.

    Raises BadInput where nothing was drawn, nothing is old enough, or a policy makes no sense.
    """
    happened, every = Happened(events), occasions(log)
    if not len(every):
        raise BadInput("has no nudge that was drawn for: propensity is 1 throughout",
                       field="propensity")  # fmt: skip
    window = int(asked.window * DAY)
    drawn = every.take(every.at + window <= happened.until)
    if not len(drawn):
        message = f"no drawn decision is followed by {asked.window:g} days of events"
        raise BadInput(message, field="--window")
    rewards = happened.between(drawn.contacts, drawn.contact, drawn.at, drawn.at + window)
    over = Courses.of(every, asked.course, happened.until)
    return Evaluation(
        asked, every, drawn, over, at_one_occasion(drawn, rewards, asked),
        at_all_occasions(over, happened, asked), effects(drawn, rewards, asked),
    )  # fmt: skip


def at_one_occasion(drawn: Occasions, rewards: Rewards, asked: Asked) -> list[PolicyValue]:
    """Value per occasion of deciding by each policy there, and going on as logged."""
    r, who = rewards.value(asked.utility), drawn.contact
    q = estimators.expected_rewards(drawn.numbers(), drawn.held, r, who)
    found = []
    for policy in asked.policies:
        pi = nudging(policy, drawn.table, drawn.nudging)
        full = estimators.weights(drawn.held, drawn.nudging, pi)
        w = np.minimum(full, asked.clip)
        values = {
            "ips": estimators.ips(w, r, who),
            "snips": estimators.self_normalised(w, r, who),
            "dr": estimators.doubly_robust(w, r, drawn.held, pi, q, who),
        }
        found.append(_policy_value(policy, pi, full, w, values))
    return found


def at_all_occasions(c: Courses, happened: Happened, asked: Asked) -> list[PolicyValue]:
    """Value per contact of deciding by each policy at every occasion of a course."""
    if not len(c.at):
        return []
    parts = happened.between(c.at.contacts, c.at.contact, c.at.at, c.until)
    r = parts.value(asked.utility)
    q = estimators.expected_rewards(c.numbers(), c.at.held, c.to_go(r), c.at.contact)
    found = []
    for policy in asked.policies:
        pi = nudging(policy, c.at.table, c.at.nudging)
        full = c.running(estimators.weights(c.at.held, c.at.nudging, pi))
        w = np.minimum(full, asked.clip)
        values = {
            "ips": over_courses.per_decision_ips(c, w, r),
            "snips": over_courses.self_normalised(c, w, r),
            "dr": over_courses.doubly_robust(c, w, r, pi, q),
        }
        found.append(_policy_value(policy, pi, full[c.last], w[c.last], values))
    return found


def _policy_value(
    policy: str, pi: Floats, full: Floats, w: Floats, values: dict[str, Estimate]
) -> PolicyValue:
    """`full`: weights before clipping, of each independent row."""
    size, mean = estimators.effective_sample_size(w), float(w.mean())
    # Where rare courses carry most of the weight, those seen seldom have their share of it.
    told = size >= FEWEST and abs(mean - 1.0) <= FURTHEST
    return PolicyValue(
        policy, float(pi.mean()), int((w > 0).sum()), size, mean, float((full > w).mean()),
        values if told else {},
    )  # fmt: skip


def effects(drawn: Occasions, rewards: Rewards, asked: Asked) -> list[Effect]:
    """Effect of a nudge on each outcome, and the Qini curve of ranking by what was expected."""
    if min(int(drawn.held.sum()), int((~drawn.held).sum())) < FEWEST:
        return []
    numbers, found = drawn.numbers(), []
    for outcome in OUTCOMES:
        r = rewards.value(asked.utility) if outcome == "value" else getattr(rewards, outcome)
        q = estimators.expected_rewards(numbers, drawn.held, r, drawn.contact)
        score = uplift.effect_scores(r, drawn.held, drawn.nudging, q)
        by = _expected_effect(drawn, outcome, asked)
        curve = None if by is None else uplift.qini_curve(by, score)
        area = None if by is None else uplift.qini_coefficient(by, score, drawn.contact)
        found.append(Effect(outcome, estimators.mean_of(score, drawn.contact), curve, area))
    return found


def _expected_effect(drawn: Occasions, outcome: str, asked: Asked) -> Floats | None:
    """What the decisions expected of a touch; None if unknown."""
    if asked.by is not None:
        if asked.by not in drawn.table.column_names:
            raise BadInput(f"{asked.by!r} is not a column of the log", field="--by")
        return floats(drawn.table[asked.by])
    changes = expected_changes(drawn.table)
    if outcome == "touches" or changes is None:
        return None
    found = changes.value(asked.utility) if outcome == "value" else getattr(changes, outcome)
    return np.asarray(found)
