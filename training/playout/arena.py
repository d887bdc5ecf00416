"""An arena: fresh people of a world, and what it came to when a policy dealt with them."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.clocks import local_times
from features.localtime import utc_offset_table
from features.moments import microseconds
from training.simulate.habits import play_clear_sighted, play_rules
from training.simulate.population import ZONES, Population, populate
from training.simulate.records import (
    COMPLAINED,
    EVENT,
    HOUR,
    LANDED,
    NEGATIVE_REPLY,
    OPTED_OUT,
)
from training.simulate.world import World

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Fresh people are met a year after the history began, over some weeks, as life has it.
START = datetime(2025, 2, 3, tzinfo=UTC)
SPREAD_DAYS = 28.0
DAYS = 120
#: The recruiter looks at a contact's threads once a day at this hour of the contact's own day.
LOOK_HOUR = 10
#: What is counted of each contact.
COUNTS = ("landed", "annoyed", "touches")
#: Imagined outcomes of each kind that luck explains whole, and nothing else.
IMAGINED = 10.0
_WHOLE = np.eye(2, len(COUNTS))


@dataclass(frozen=True, slots=True)
class Stakes:
    """What a landing earns, an annoyance costs and a touch costs."""

    land: float = 1.0
    annoy: float = 2.0
    touch: float = 0.01


@dataclass(frozen=True, slots=True)
class Outcome:
    """What truly happened to each contact, shape (contacts,); landings, annoyances by thread.

    `luck`: landings and annoyances drawn less their chances; `parties`: recruiter and client of the
    first thread; shape (contacts, 2) each.
    """

    landed: NDArray[Any]
    annoyed: NDArray[Any]
    touches: NDArray[Any]
    luck: Floats
    parties: Ints

    def value(self, stakes: Stakes) -> Floats:
        """Worth per contact."""
        return np.asarray(
            stakes.land * self.landed - stakes.annoy * self.annoyed - stakes.touch * self.touches
        )

    def less_luck(self) -> Outcome:
        """The same in the mean, less what the luck of the draws explains.

        What is drawn less its chance is nought in the mean whatever a policy does, so it serves as
        a control variate, by least squares over the contacts. Where hardly anybody landed or was
        annoyed, it counts whole for its own outcome: a regression would find nothing to explain.
        S. Lavenberg, P. Welch, Management Science 27, 1981.
        """
        counts = np.column_stack([getattr(self, name) for name in COUNTS]).astype(float)
        luck = self.luck - self.luck.mean(axis=0)
        # About as many outcomes as were drawn are in the square of luck.
        told = luck.T @ (counts - counts.mean(axis=0)) + IMAGINED * _WHOLE
        slopes = np.linalg.solve(luck.T @ luck + IMAGINED * np.eye(2), told)
        less = dict(zip(COUNTS, (counts - self.luck @ slopes).T, strict=True))
        return replace(self, **less, luck=np.zeros_like(self.luck))

    def worth(self, stakes: Stakes) -> float:
        """Mean worth per contact, less luck."""
        return float(self.less_luck().value(stakes).mean())

    def of(self, contacts: slice) -> Outcome:
        """Of some of the contacts."""
        return Outcome(**{f.name: getattr(self, f.name)[contacts] for f in fields(self)})


class Arena:
    """The same fresh people for every policy: same persons, same luck (common random numbers)."""

    def __init__(self, world: World, contacts: int, seed: int, only: int | None = None) -> None:
        """`only`: play with the first so many of the people; they are the same persons."""
        people = populate(world, contacts, seed, START, SPREAD_DAYS)
        self.population = people if only is None else first_of(people, only)
        self.looks = looks(self.population)

    def by_rules(self, rules: NDArray[np.void], days: int = DAYS) -> Outcome:
        """Play a rule per thread, shape (threads,), dtype RULE."""
        people, threads = self.population.people.copy(), self.population.threads.copy()
        play_rules(
            self.population.scene, people, threads, self.population.first, self.looks, rules,
            days, np.empty(1000, EVENT),
        )  # fmt: skip
        return outcome_of(threads, len(people))

    def clear_sighted(self, threshold: float, stakes: Stakes, days: int = DAYS) -> Outcome:
        """Play with the true chances in sight."""
        people, threads = self.population.people.copy(), self.population.threads.copy()
        utility = np.array([stakes.land, stakes.annoy, stakes.touch])
        play_clear_sighted(
            self.population.scene, people, threads, self.population.first, self.looks, threshold,
            utility, days, np.empty(1000, EVENT),
        )  # fmt: skip
        return outcome_of(threads, len(people))


def first_of(population: Population, contacts: int) -> Population:
    """The first people of a population, with their threads."""
    first = population.first[: contacts + 1]
    return replace(
        population,
        people=population.people[:contacts],
        threads=population.threads[: first[-1]],
        first=first,
        contacts=population.contacts.slice(0, contacts),
        promise=population.promise[: first[-1]],
    )


def looks(population: Population) -> Ints:
    """The first look at each person, microseconds: `START`'s day at their `LOOK_HOUR`."""
    zone = population.people["zone"]
    start = np.full(len(zone), microseconds(START))
    offset = local_times(start, zone, utc_offset_table(ZONES)) - start
    return np.asarray(start + LOOK_HOUR * HOUR - offset)


def outcome_of(threads: NDArray[np.void], people: int) -> Outcome:
    """Sum up the threads by contact."""
    annoyed = np.isin(threads["ended"], (NEGATIVE_REPLY, OPTED_OUT, COMPLAINED))
    counted = (threads["ended"] == LANDED, annoyed, threads["touches"])
    drawn = (threads["luck_land"], threads["luck_annoy"])
    counts, luck = ([np.bincount(threads["contact"], c, people) for c in columns]
                    for columns in (counted, drawn))  # fmt: skip
    whole = {name: c.astype(np.int64) for name, c in zip(COUNTS, counts, strict=True)}
    firsts = threads[np.unique(threads["contact"], return_index=True)[1]]
    parties = np.column_stack([firsts[name].astype(np.int64) for name in ("actor", "account")])
    return Outcome(**whole, luck=np.column_stack(luck), parties=parties)
