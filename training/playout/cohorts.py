"""Fresh people in cohorts, each met by a model that learned from a history of its own.

A year of an agency is one draw of recruiters, clients and people; what a model learns from it owes
something to that draw. Over several draws a policy is judged, not its luck.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from models.decision import Decision, Request


class Decides(Protocol):
    """Anything that decides as `models.decide.Decider` does."""

    def decide(self, requests: Sequence[Request]) -> list[Decision]:
        """One decision per request, in order."""


class Cohorts:
    """Every person is decided about by the same one of several deciders."""

    def __init__(self, deciders: Sequence[Decides]) -> None:
        self.deciders = tuple(deciders)

    def decide(self, requests: Sequence[Request]) -> list[Decision]:
        """As `Decides.decide`."""
        found: dict[int, Decision] = {}
        for k, decider in enumerate(self.deciders):
            mine = [i for i, r in enumerate(requests) if self._cohort(r) == k]
            decided = decider.decide([requests[i] for i in mine]) if mine else []
            found |= zip(mine, decided, strict=True)
        return [found[i] for i in range(len(requests))]

    def _cohort(self, request: Request) -> int:
        """People of an arena are numbered (c0000000); neighbours are in different cohorts."""
        return int(request.contact_id[1:]) % len(self.deciders)


def people_of(cohort: int, cohorts: int) -> slice:
    """The people of one of so many cohorts, among all by number."""
    return slice(cohort, None, cohorts)
