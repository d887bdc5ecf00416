"""Cohorts: one decider per person for good, answers in order, and people shared out evenly."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import cast

from features.events.schema import EVENTS
from models.decision import Decision, Request
from training.playout.agenda import Agenda
from training.playout.arena import Arena
from training.playout.cohorts import Cohorts
from training.playout.plays import FINELINE, INSIDER
from training.simulate.population import contact_ids
from training.simulate.worlds import WORLDS

NOW = datetime(2026, 11, 17, 15, tzinfo=UTC)


@dataclass
class Remembers:
    """Answers with its name and whom it was asked about."""

    name: str
    asked: list[str] = field(default_factory=list)

    def decide(self, requests: Sequence[Request]) -> list[Decision]:
        ids = [r.contact_id for r in requests]
        self.asked += ids
        return cast("list[Decision]", [(self.name, i) for i in ids])


def test_people_are_shared_out_and_answers_stay_in_order() -> None:
    deciders = [Remembers(name) for name in "abc"]
    cohorts = Cohorts(deciders)
    ids = contact_ids(30).to_pylist()[::-1]
    requests = [Request(i, NOW, EVENTS.empty_table()) for i in ids]
    for _ in range(2):
        answers = cast("list[tuple[str, str]]", cohorts.decide(requests))
        assert [i for _, i in answers] == ids
        assert Counter(name for name, _ in answers) == {"a": 10, "b": 10, "c": 10}
    assert all(len(set(d.asked)) == 10 for d in deciders)
    assert cohorts.decide([]) == []


def test_people_of_an_arena_are_numbered_as_cohorts_expect() -> None:
    people = Arena(WORLDS["agency"], 7, 4).population.contacts["contact_id"].to_pylist()
    assert [int(i[1:]) for i in people] == list(range(7))


def test_only_fineline_learns_from_several_histories() -> None:
    agenda = Agenda(("agency", "waking"), histories=3)
    assert agenda.main("agency", FINELINE).histories == 3
    assert "histories" not in agenda.main("agency", INSIDER).key()
    base_rates = [p for p in agenda.plays() if p.policy == FINELINE and not p.history]
    assert base_rates
    assert all("histories" not in p.key() for p in base_rates)
