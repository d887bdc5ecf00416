"""A play: one policy, fresh people of one world, and what it came to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.playout.arena import Arena, Outcome, Stakes
from training.simulate.worlds import world_named

HABITUAL, BEST, INSIDER, CLEAR = "habit", "best-cadence", "insider", "clear-sighted"
FINELINE, CLASSIFIER, WEEKLY = "fineline", "classifier", "classifier-weekly"
#: In the order of tables.
POLICIES = (HABITUAL, CLASSIFIER, WEEKLY, BEST, FINELINE, INSIDER, CLEAR)
#: Those that learn from a history; those that are tuned inside the world.
LEARNERS, TUNED = (FINELINE, CLASSIFIER, WEEKLY), (BEST, INSIDER, CLEAR, WEEKLY)
#: A cadence of one's own is written `cadence:5x3xemail`.
OWN_CADENCE = "cadence:"
#: A service is written `served:http://127.0.0.1:8000`.
SERVED = "served:"

#: Whom a policy is tuned on: others than those it is judged on.
_TUNING_SEED = 1_000_003
#: To which luck is kept.
_DIGITS = 6


@dataclass(frozen=True, slots=True)
class Play:
    """Everything that decides how a play ends, but for the code.

    `only`: play with the first so many of the `contacts`; `annoy`: what annoying costs, where
    landing earns 1 and a touch costs 0.01; `learn_from`, `history`: the world and the number of
    contacts of the history learned from, `histories`: how many of these, each by a model of its own
    for its share of the people; `tuned_on`, `rounds`: people and rounds of the search.
    """

    world: str
    policy: str
    contacts: int
    seed: int = 1
    only: int | None = None
    annoy: float = 2.0
    learn_from: str = ""
    history: int = 0
    histories: int = 1
    tuned_on: int = 6000
    rounds: int = 40

    @property
    def stakes(self) -> Stakes:
        """What is at stake."""
        return Stakes(annoy=self.annoy)

    @property
    def name(self) -> str:
        """A short name for files; not unique."""
        return f"{self.world}-{self.policy.replace(':', '-')}"

    def arena(self) -> Arena:
        """The people it is judged on."""
        return Arena(world_named(self.world), self.contacts, self.seed, self.only)

    def tuning_arena(self, only: int | None = None) -> Arena:
        """The people it is tuned on."""
        return Arena(world_named(self.world), self.tuned_on, self.seed + _TUNING_SEED, only)

    def key(self) -> dict[str, Any]:
        """What the result depends on, and nothing that this policy does not look at."""
        key = asdict(self)
        if self.policy not in LEARNERS:
            del key["learn_from"], key["history"], key["histories"]
        elif not self.history:
            del key["learn_from"], key["histories"]
        if self.policy not in TUNED:
            del key["tuned_on"]
        if self.policy != INSIDER:
            del key["rounds"]
        return key

    def tuning_key(self) -> dict[str, Any]:
        """The same of the search alone."""
        key = self.key()
        del key["contacts"], key["only"]
        return key


@dataclass(frozen=True, slots=True)
class Played:
    """What a play came to per contact; `how`: how the policy was set; `asked`: its decisions.

    `notes`: bounds beside truths, see `training.playout.coverage`.
    """

    play: Play
    outcome: Outcome
    how: str
    asked: int = 0
    notes: tuple[tuple[Any, ...], ...] = ()

    @property
    def value(self) -> NDArray[np.float64]:
        """Worth per contact, less luck."""
        return self.less_luck.value(self.play.stakes)

    @property
    def counted(self) -> NDArray[np.float64]:
        """Worth per contact as it was counted, luck and all."""
        return self.outcome.value(self.play.stakes)

    @property
    def parties(self) -> NDArray[np.int64]:
        """Recruiter and client of each contact, shape (contacts, 2)."""
        return self.outcome.parties

    @property
    def less_luck(self) -> Outcome:
        """What it came to, less luck."""
        return self.outcome.less_luck()

    def of_first(self, contacts: int) -> Played:
        """What it came to with the first so many people."""
        return replace(self, outcome=self.outcome.of(slice(contacts)))

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready, but for the play itself."""
        o = replace(self.outcome, luck=self.outcome.luck.round(_DIGITS))
        return {
            "how": self.how, "asked": self.asked, "notes": self.notes,
            **{f.name: getattr(o, f.name).tolist() for f in fields(o)},
        }  # fmt: skip

    @classmethod
    def of_dict(cls, play: Play, found: Mapping[str, Any]) -> Played:
        """What `as_dict` wrote."""
        outcome = Outcome(**{f.name: np.array(found[f.name]) for f in fields(Outcome)})
        notes = tuple(tuple(note) for note in found["notes"])
        return cls(play, outcome, found["how"], found["asked"], notes)
