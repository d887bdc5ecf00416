"""Courses of a person's occasions: cut by plain loops, valued by the papers' recursions."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from features.state import DAY
from training.offpolicy.courses import Courses, doubly_robust, per_decision_ips, self_normalised
from training.offpolicy.estimators import Estimate, Floats, weights
from training.offpolicy.log import Occasions

DAYS, UNTIL = 30.0, 100 * DAY


def drawn(seed: int = 0, contacts: int = 60) -> Occasions:
    random = np.random.default_rng(seed)
    contact = np.repeat(np.arange(contacts), random.integers(1, 6, contacts))
    at = random.integers(0, 90, len(contact)) * DAY
    order = np.lexsort([at, contact])
    nudging = random.uniform(0.5, 0.9, len(contact))
    held = random.random(len(contact)) > nudging
    table = pa.table({"score": random.random(len(contact))})
    names = [f"c{i}" for i in range(contacts)]
    return Occasions(table, names, contact, at[order], held, nudging, len(contact), 0)


class Case:
    def __init__(self) -> None:
        self.c = Courses.of(drawn(), DAYS, UNTIL)
        random = np.random.default_rng(1)
        n = len(self.c.at)
        self.pi = random.choice([0.0, 0.3, 1.0], n)
        self.step = weights(self.c.at.held, self.c.at.nudging, self.pi)
        self.running = self.c.running(self.step)
        self.r = random.normal(0, 1, n)
        self.q = random.normal(0, 1, (n, 2))

    def rows(self) -> list[list[int]]:
        return [np.flatnonzero(self.c.course == k).tolist() for k in range(len(self.c.first))]


@pytest.fixture
def case() -> Case:
    return Case()


def test_a_course_is_what_lies_within_its_days_of_the_first_occasion() -> None:
    every = drawn()
    found = Courses.of(every, DAYS, UNTIL)
    expected = []
    for contact in range(len(every.contacts)):
        times = sorted(every.at[every.contact == contact].tolist())
        end = times[0] + DAYS * DAY
        if end > UNTIL:
            continue
        kept = [t for t in times if t < end]
        expected += list(zip([contact] * len(kept), kept, [*kept[1:], end], strict=True))
    rows = zip(found.at.contact.tolist(), found.at.at.tolist(), found.until.tolist(), strict=True)
    assert list(rows) == expected
    assert 0 < len(found.first) < len(every.contacts)
    assert len(Courses.of(every, DAYS, 0).at) == 0


def test_running_weights_are_products(case: Case) -> None:
    for rows in case.rows():
        assert case.running[rows] == pytest.approx(np.cumprod(case.step[rows]))
        assert case.c.before(case.running)[rows] == pytest.approx(
            np.append(1.0, np.cumprod(case.step[rows])[:-1])
        )
        assert case.c.to_go(case.r)[rows] == pytest.approx(
            [case.r[rows[k:]].sum() for k in range(len(rows))]
        )
    assert (case.running == 0).any()


def test_rewards_are_spread_as_on_all_occasions_at_their_place(case: Case) -> None:
    places: dict[int, list[int]] = {}
    for rows in case.rows():
        for place, row in enumerate(rows):
            places.setdefault(place, []).append(row)
    assert len(places) > 2
    for rows_there in places.values():
        there = np.std(case.r[rows_there])
        assert case.c.spread(case.r)[rows_there] == pytest.approx(there, abs=1e-9)
    found = per_decision_ips(case.c, case.running, case.r)
    assert found.alike == pytest.approx(case.running * case.c.spread(case.r))


def test_per_decision_importance_sampling_is_its_loop(case: Case) -> None:
    values = []
    for rows in case.rows():
        rho, total = 1.0, 0.0
        for i in rows:
            rho *= case.step[i]
            total += rho * case.r[i]
        values.append(total)
    assert per_decision_ips(case.c, case.running, case.r).value == pytest.approx(np.mean(values))


def test_the_doubly_robust_value_is_the_papers_recursion(case: Case) -> None:
    """V(t) = v(t) + rho_t (r_t + V(t+1) - q(t, a_t)), from the last occasion backwards."""
    values = []
    for rows in case.rows():
        v = 0.0
        for i in reversed(rows):
            direct = case.pi[i] * case.q[i, 0] + (1 - case.pi[i]) * case.q[i, 1]
            guess = case.q[i, 1] if case.c.at.held[i] else case.q[i, 0]
            v = direct + case.step[i] * (case.r[i] + v - guess)
        values.append(v)
    found = doubly_robust(case.c, case.running, case.r, case.pi, case.q)
    assert found.value == pytest.approx(np.mean(values))


def self_normalised_loop(rows: list[list[int]], step: Floats, r: Floats) -> float:
    longest, value = max(map(len, rows)), 0.0
    for t in range(longest):
        gained = weight = 0.0
        for own in rows:
            rho = float(np.prod(step[own[: t + 1]]))
            weight += rho
            gained += rho * r[own[t]] if t < len(own) else 0.0
        value += gained / weight
    return value


def test_the_self_normalised_value_is_its_loop_and_its_error_the_jackknifes(case: Case) -> None:
    rows = case.rows()
    found: Estimate = self_normalised(case.c, case.running, case.r)
    assert found.value == pytest.approx(self_normalised_loop(rows, case.step, case.r))
    left = [
        self_normalised_loop(rows[:k] + rows[k + 1 :], case.step, case.r) for k in range(len(rows))
    ]
    jackknife = np.sqrt((len(left) - 1) * np.var(left))
    assert found.influence.mean() == pytest.approx(0, abs=1e-12)
    assert found.standard_error == pytest.approx(jackknife, rel=0.2)
