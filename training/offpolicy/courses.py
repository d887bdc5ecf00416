"""Value of a policy that is followed at every occasion of a person, not at one alone.

Jiang and Li, "Doubly robust off-policy value evaluation for reinforcement learning", ICML 2016;
without a model of the value it is per-decision importance sampling (Precup, Sutton and Singh, ICML
2000). Rewards are not discounted: a course has a fixed length.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from features.state import DAY
from training.offpolicy.estimators import Estimate, mean_of, taken
from training.offpolicy.log import Occasions

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Courses:
    """Occasions within `days` of each contact's first one, in order; a course is a contact's.

    `until`: the end of each occasion's stretch, which is the next occasion's beginning or the end
    of the course; `course`: which course, from 0; `first`: row of each course's first occasion.
    """

    at: Occasions
    until: Ints
    course: Ints
    first: Ints

    @classmethod
    def of(cls, drawn: Occasions, days: float, known_until: int) -> Courses:
        """The courses that were over by `known_until` (microseconds)."""
        length = int(days * DAY)
        begins = _firsts(drawn.contact)
        start = np.repeat(drawn.at[begins], np.diff(np.append(begins, len(drawn))))
        at = drawn.take((drawn.at < start + length) & (start + length <= known_until))
        first = _firsts(at.contact)
        counts = np.diff(np.append(first, len(at)))
        ends = np.repeat(at.at[first], counts) + length
        course = np.repeat(np.arange(len(first)), counts)
        following = np.append(at.at[1:], 0)[: len(at)]
        ended = np.append(course[1:] != course[:-1], True)[: len(at)]
        return cls(at, np.where(ended, ends, following), course, first)

    @property
    def last(self) -> Ints:
        """Row of each course's last occasion."""
        return np.append(self.first[1:], len(self.at))[: len(self.first)] - 1

    def running(self, step: Floats) -> Floats:
        """The product of a course's weights up to and with each occasion."""
        possible = step > 0
        log = np.log(np.where(possible, step, 1.0))
        starts = self.first[self.course]
        product = np.exp(np.cumsum(log) - (np.cumsum(log) - log)[starts])
        zeros = np.cumsum(~possible)
        return np.where(zeros > (zeros - ~possible)[starts], 0.0, product)

    def before(self, running: Floats) -> Floats:
        """The same up to the occasion before; 1 at the first."""
        shifted = np.append(1.0, running[:-1])
        shifted[self.first] = 1.0
        return shifted

    def after(self, v: Floats) -> Floats:
        """What comes with the next occasion; 0 after the last."""
        shifted = np.append(v[1:], 0.0)[: len(v)]
        shifted[self.last] = 0.0
        return shifted

    def total(self, terms: Floats) -> Floats:
        """Sums of each course."""
        sums = np.bincount(self.course, weights=terms, minlength=len(self.first))
        return np.asarray(sums, np.float64)

    @property
    def place(self) -> Ints:
        """Which occasion of its course each is, from 0."""
        return np.asarray(np.arange(len(self.at)) - self.first[self.course])

    def spread(self, r: Floats) -> Floats:
        """Of each occasion, the standard deviation of `r` on all at its place in their courses."""
        place = self.place
        count = np.bincount(place)
        off = r - (np.bincount(place, weights=r) / count)[place]
        return np.asarray(np.sqrt(np.bincount(place, weights=off**2) / count)[place])

    def to_go(self, r: Floats) -> Floats:
        """Rewards from each occasion to the end of its course."""
        passed = np.cumsum(r) - r
        return np.asarray(self.total(r)[self.course] - (passed - passed[self.first][self.course]))

    @property
    def contact(self) -> Ints:
        """The contact of each course."""
        return self.at.contact[self.first]

    def numbers(self) -> Floats:
        """The numbers of each occasion, and how many days of its course are left."""
        left = (self.until[self.last][self.course] - self.at.at) / DAY
        return np.column_stack([left, self.at.numbers()])


def per_decision_ips(c: Courses, running: Floats, r: Floats) -> Estimate:
    """V = mean over courses of sum_t rho_1:t r_t (Precup, Sutton and Singh 2000)."""
    return mean_of(c.total(running * r), c.contact, running * c.spread(r))


def self_normalised(c: Courses, running: Floats, r: Floats) -> Estimate:
    """V = sum_t [sum_i rho_1:t r_t / sum_i rho_1:t], over courses i (weighted per-decision).

    A course that is over keeps its last weight. Weights of early steps vary less than those of
    whole courses, by which nothing need be divided.
    """
    nth = c.place
    shape = (len(c.first), int(nth.max(initial=0)) + 1)
    rewards, rho = np.zeros(shape), np.zeros(shape)
    rewards[c.course, nth], rho[c.course, nth] = running * r, running
    counts = nth[c.last] + 1
    over = np.arange(shape[1]) >= counts[:, None]
    rho = np.where(over, running[c.last][:, None], rho)
    mean = np.maximum(rho.mean(axis=0), 1e-12)
    step = rewards.mean(axis=0) / mean
    influence = ((rewards - step * rho) / mean).sum(axis=1)
    return Estimate(float(step.sum()), influence, c.contact, running / mean[nth] * c.spread(r))


def doubly_robust(c: Courses, running: Floats, r: Floats, nudging: Floats, q: Floats) -> Estimate:
    """V = mean of sum_t [rho_1:t (r_t - q_t) + rho_1:t-1 v_t] (Jiang and Li 2016, unrolled).

    `q`: expected rewards to go of nudging and of holding, shape (n, 2).
    """
    v = nudging * q[:, 0] + (1.0 - nudging) * q[:, 1]
    missed = r - taken(q, c.at.held)
    terms = running * missed + c.before(running) * v
    return mean_of(c.total(terms), c.contact, running * c.spread(missed + c.after(v)))


def _firsts(codes: Ints) -> Ints:
    """Where each run of equal codes begins."""
    return np.flatnonzero(np.append(True, codes[1:] != codes[:-1])) if len(codes) else codes[:0]
