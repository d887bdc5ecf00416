"""What is played for a comparison or for the whole report, and playing it on several cores."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from pathlib import Path

from features.parallel import cores
from training.playout.kept import Kept
from training.playout.players import played
from training.playout.plays import (
    BEST,
    CLASSIFIER,
    CLEAR,
    FINELINE,
    LEARNERS,
    POLICIES,
    WEEKLY,
    Play,
    Played,
)
from training.playout.students import student

#: What annoyance may cost where landing earns 1, for the frontier.
COSTS = (0.5, 1.0, 2.0, 4.0, 8.0)
#: Contacts seen, for the learning curve; none: base rates only.
LESSONS = (0, 100, 300, 1_000, 3_000, 10_000)
#: A model plays in the worlds so many places further on in the list.
ABROAD = (1, 4)
Said = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Agenda:
    """The plays of a report in `worlds`, sized by the number of fresh `contacts`.

    `history`: contacts of the year that is learned from; `learn_from`: in this world, by default
    in the one that is played in; `histories`: fineline learns from so many such years, and meets a
    share of the people with what it learned from each.
    """

    worlds: tuple[str, ...]
    contacts: int = 1_000
    history: int = 10_000
    seed: int = 1
    learn_from: str | None = None
    histories: int = 1

    def main(self, world: str, policy: str) -> Play:
        """The play that is compared: classifiers, which ask daily, meet fewer of the people."""
        learns = policy in LEARNERS
        return Play(
            world, policy, self.contacts, self.seed,
            only=self._part(0.25, 500) if policy in (CLASSIFIER, WEEKLY) else None,
            learn_from=(self.learn_from or world) if learns else "",
            history=self.history if learns else 0,
            histories=self.histories if policy == FINELINE else 1,
            tuned_on=min(2 * self.contacts, 6_000), rounds=min(max(self.contacts // 50, 4), 40),
        )  # fmt: skip

    def at_cost(self, world: str, policy: str, annoy: float) -> Play:
        """The same where annoying costs something else."""
        usual = self.main(world, policy)
        if annoy == usual.annoy:
            return usual
        few = self._part(0.15, 300) if policy == FINELINE else None
        return replace(usual, annoy=annoy, only=few)

    def lesson(self, world: str, history: int) -> Play:
        """Fineline after so many contacts; after all of them it is the one that is compared."""
        if history == self.history:
            return self.main(world, FINELINE)
        return replace(self.main(world, FINELINE), history=history, only=self._part(0.15, 300))

    def abroad(self, world: str) -> list[Play]:
        """Fineline that has learned in `world`, in other worlds."""
        place = self.worlds.index(world)
        others = {self.worlds[(place + step) % len(self.worlds)] for step in ABROAD} - {world}
        return [
            replace(self.main(w, FINELINE), learn_from=world, only=self._part(0.25, 500))
            for w in sorted(others)
        ]

    def plays(self) -> Iterator[Play]:
        """All of them."""
        for world in self.worlds:
            yield from (self.main(world, policy) for policy in POLICIES)
            yield from (self.at_cost(world, p, c) for p in (FINELINE, CLEAR) for c in COSTS)
            yield from (self.lesson(world, history) for history in self.lessons())
            yield from self.abroad(world)

    def lessons(self) -> tuple[int, ...]:
        """Sizes of history below the one that is compared."""
        return tuple(n for n in LESSONS if n < self.history)

    def _part(self, share: float, most: int) -> int:
        """So many of the people, for plays that need not be as exact."""
        return min(max(int(self.contacts * share), 1), most)


def play_all(
    plays: Iterable[Play], kept: Kept, processes: int = 1, said: Said = lambda *_: None
) -> dict[Play, Played]:
    """Play what has not been played yet, on so many cores; all that was asked for.

    Models and the search for cadences come first, since several plays need each of them.
    """
    wanted = list(dict.fromkeys(plays))
    students = dict.fromkeys(
        (p.learn_from, p.history, draw)
        for p in wanted if p.policy in LEARNERS for draw in range(p.histories)
    )  # fmt: skip
    first = sorted(students, key=lambda s: -s[1])
    searches = [p for p in wanted if p.policy == BEST]
    rest = sorted((p for p in wanted if p.policy != BEST), key=_effort, reverse=True)
    stages: tuple[Sequence[Job], Sequence[Job]] = ([*first, *searches], rest)
    done, total = 0, sum(map(len, stages))
    if processes == 1:
        for job in (*stages[0], *stages[1]):
            said(_called(job), done, total)
            _do(kept.home, job)
            done += 1
        return {p: played(p, kept) for p in wanted}
    # Each process keeps to its share of the cores: threads that wait for each other burn them.
    os.environ.setdefault("OMP_THREAD_LIMIT", str(max(cores() // processes, 1)))
    # A fork would inherit the threads of the numerical libraries in whatever state they are in.
    pool = ProcessPoolExecutor(processes, multiprocessing.get_context("spawn"))
    try:
        for stage in stages:
            waiting = {pool.submit(_do, kept.home, job): job for job in stage}
            for future in as_completed(waiting):
                future.result()
                done += 1
                said(_called(waiting[future]), done, total)
    finally:
        pool.shutdown(cancel_futures=True)
    return {p: played(p, kept) for p in wanted}


#: A play, or a model: the world, the contacts it learns from, and which history of these.
Job = Play | tuple[str, int, int]


def _do(home: Path, job: Job) -> None:
    kept = Kept(home)
    if isinstance(job, Play):
        played(job, kept)
    else:
        student(kept, *job)


def _called(job: Job) -> str:
    if isinstance(job, Play):
        return f"{job.policy} in {job.world}"
    return f"learning from {job[1]:,} contacts of {job[0]}"


def _effort(play: Play) -> float:
    """Long ones first, so that no core is left waiting at the end."""
    return (play.only or play.contacts) * (10.0 if play.policy in LEARNERS else 1.0)
