"""Which columns tell one story, so that a reason sums them up and says it once."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from features.compiled import jit

Ints = npt.NDArray[np.int64]

#: A topic owns the columns its pattern matches in full. A contact's own column is a topic with its
#: levels; any other column that is not named here is one of its own.
PATTERNS = {
    "attempts": r"thread_(touches|touches_on_channel|emails|calls|channels_tried)|person_silence",
    "recency": r"(thread|person)_(days_since_touch|pressure_\w+)"
    r"|thread_(days_since_(first_touch|channel|email)|\w+_gap|pause_to_gap)",
    "others": r"person_(touches|threads|open_threads|other_pressure_\w+)",
    "answers": r"person_(lands|land_rate|answers|answers_\w+|answer_rate|answer_lag"
    r"|days_since_answer)",
    "not_now": r"(thread|person)_(not_now|days_since_not_now)",
    "pushback": r"person_annoys",
    "interest": r"(thread|person)_(opens|clicks|open_rate|days_since_(open|activity))",
    "away": r"(thread|person)_(auto_replies|days_since_auto_reply)",
    "bounces": r"(thread|person)_bounces",
    "moment": r"local_(hour|weekday)|zone_known|person_usual_hour|thread_hours_off_last",
    "season": r"year_(cos|sin)",
    "channel": r"channel_\w+|thread_channel_switch",
    "handover": r"thread_(handovers|same_actor)|person_sender_changes",
    "fit": r"relevance",
    "personal": r"personalized",
    "sender": r"actor_(?!named)\w+",
    "client": r"account_\w+",
    "own_outreach": r"contact_\w+",
    "organisation": r"(organisation|tide)_\w+",
}


@dataclass(frozen=True)
class Topics:
    """Names of the topics, and of each column the position of its topic, shape (columns,)."""

    names: tuple[str, ...]
    of: Ints
    columns: tuple[str, ...]

    @classmethod
    def among(cls, columns: Sequence[str]) -> Topics:
        """The topics that `columns` fall into."""
        topics = [topic(column) for column in columns]
        names = tuple(dict.fromkeys((*PATTERNS, *topics)))
        place = {name: i for i, name in enumerate(names)}
        return cls(names, np.array([place[t] for t in topics], np.int64), tuple(columns))

    def of_rows(self, x: npt.NDArray[np.float32]) -> Ints:
        """The topic of every value of every row, shape (rows, columns).

        Of a person who never answered, or whom nobody else touched, the columns about answers and
        other threads only count touches again. That a channel is new to a thread is told of the
        channel: it is no small number of attempts.
        """
        of = np.repeat(self.of[None], len(x), axis=0)
        _count_again(x, of, *self._places)
        return of

    @cached_property
    def _places(self) -> tuple[Ints, Ints]:
        """Positions of topics and of columns that `of_rows` looks at."""
        names, columns = ("attempts", "answers", "others", "channel"), (
            "person_touches", "thread_touches", "person_answers", "thread_touches_on_channel",
        )  # fmt: skip
        return (
            np.array([self.names.index(name) for name in names]),
            np.array([self.columns.index(column) for column in columns]),
        )


@jit
def _count_again(x: Any, of: Any, topics: Any, columns: Any) -> None:
    attempts, answers, others, channel = topics
    touches, own, answered, on_channel = columns
    for r in range(len(x)):
        if x[r, own] > 0 and x[r, on_channel] == 0:
            of[r, on_channel] = channel
        never, nobody = x[r, answered] == 0, x[r, touches] == x[r, own]
        for c in range(of.shape[1]):
            if (never and of[r, c] == answers) or (nobody and of[r, c] == others):
                of[r, c] = attempts


def topic(column: str) -> str:
    """The topic of a column.

    >>> topic("person_pressure_8d"), topic("contact.source=referral"), topic("moon_phase")
    ('recency', 'contact.source', 'moon_phase')
    """
    for name, pattern in PATTERNS.items():
        if re.fullmatch(pattern, column):
            return name
    return column.split("=")[0]
