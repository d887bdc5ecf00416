"""All plays of a report together, and the comparisons between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from training.playout.agenda import COSTS, Agenda
from training.playout.cohorts import people_of
from training.playout.estimates import Estimate, average, difference, mean_of, share_of_the_way
from training.playout.pictures import Frontier
from training.playout.plays import BEST, CLEAR, FINELINE, HABITUAL, POLICIES, Play, Played
from training.playout.search import Tried
from training.playout.tables import Row

AVERAGE = "average of the worlds"


@dataclass(frozen=True, slots=True)
class Book:
    """All plays of an agenda, and the cadences tried in each world."""

    agenda: Agenda
    plays: Mapping[Play, Played]
    grids: Mapping[str, Sequence[Tried]]

    def main(self, world: str, policy: str) -> Played:
        """The play that is compared."""
        return self.plays[self.agenda.main(world, policy)]

    def share(self, play: Play) -> Estimate:
        """How far a play goes from the habit to the clear-sighted, with the same people."""
        played = self.plays[play]
        habit, clear = (self.main(play.world, policy).value for policy in (HABITUAL, CLEAR))
        return share_of_the_way(played.value, habit, clear, played.parties)

    def counted_share(self, world: str) -> Estimate:
        """How far fineline goes as it was counted, the luck of the draws and all."""
        own, habit, clear = (self.main(world, p) for p in (FINELINE, HABITUAL, CLEAR))
        return share_of_the_way(own.counted, habit.counted, clear.counted, own.parties)

    def over(self, world: str, mark: str) -> Estimate:
        """Fineline's value per contact less that of another policy, with the same people."""
        own, other = (self.main(world, policy) for policy in (FINELINE, mark))
        return difference(own.value, other.value, own.parties)

    def over_twice(self, world: str) -> Estimate:
        """How far fineline's annoyed are above twice the habit's, per contact."""
        own, habit = (self.main(world, p).less_luck for p in (FINELINE, HABITUAL))
        return mean_of(own.annoyed - 2.0 * habit.annoyed, own.parties)

    def by_history(self, world: str) -> list[tuple[Estimate, Estimate]]:
        """Of each history over the best cadence, and share of the way, with its share of people."""
        plays = [self.main(world, p) for p in (FINELINE, HABITUAL, BEST, CLEAR)]
        values = [p.value for p in plays]
        found = []
        for k in range(self.agenda.histories):
            met = people_of(k, self.agenda.histories)
            own, habit, best, clear = (v[met] for v in values)
            parties = plays[0].parties[met]
            found.append(
                (difference(own, best, parties), share_of_the_way(own, habit, clear, parties))
            )
        return found

    def rows(self, world: str) -> list[Row]:
        """All policies of a world."""
        return rows_of(self.plays, self.agenda, world, POLICIES)

    def notes(self, world: str) -> list[tuple[Any, ...]]:
        """Bounds beside truths from every play in a world."""
        return [n for play, p in self.plays.items() if play.world == world for n in p.notes]

    def frontier(self, world: str) -> Frontier:
        """What is plotted of a world: every point with the same people."""
        plays = {
            policy: [self.plays[self.agenda.at_cost(world, policy, c)] for c in COSTS]
            for policy in (FINELINE, CLEAR)
        }
        few = min(len(p.value) for policy in plays.values() for p in policy)
        fineline, clear = ([p.of_first(few) for p in policy] for policy in plays.values())
        return Frontier(world, fineline, clear, self.grids[world])

    def curves(self) -> dict[str, list[tuple[int, Estimate]]]:
        """Share of the way by contacts seen: of each world, and their average."""
        a = self.agenda
        curves = {
            w: [(n, self.share(a.lesson(w, n))) for n in (*a.lessons(), a.history)]
            for w in a.worlds
        }
        sizes = [n for n, _ in curves[a.worlds[0]]]
        means = [average([curve[i][1] for curve in curves.values()]) for i in range(len(sizes))]
        return {**curves, AVERAGE: list(zip(sizes, means, strict=True))}


def rows_of(
    plays: Mapping[Play, Played], agenda: Agenda, world: str, policies: Sequence[str]
) -> list[Row]:
    """One row per policy in a world, beside the habit and the clear-sighted there."""
    habit, clear = (plays[agenda.main(world, p)] for p in (HABITUAL, CLEAR))
    return [Row.of(plays[agenda.main(world, p)], habit, clear) for p in policies]
