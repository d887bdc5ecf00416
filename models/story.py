"""What sentences about one thread at one moment are made of: facts, not yet words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from features.catalog.clock import FOREVER
from models.decision import Request
from models.history import HistorySummary, Thread

_DAY_US = 86_400_000_000
#: Touches no older than this many days count as recent.
RECENT = 14.0


class ByColumn(Mapping[str, float]):
    """A row by the names of its columns; `place` says where each stands."""

    __slots__ = ("place", "row")

    def __init__(self, place: Mapping[str, int], row: Sequence[float]) -> None:
        self.place, self.row = place, row

    def __getitem__(self, column: str) -> float:
        return self.row[self.place[column]]

    def __iter__(self) -> Iterator[str]:
        return iter(self.place)

    def __len__(self) -> int:
        return len(self.place)


class Touch(NamedTuple):
    """A touch made `ago` days before the moment asked about; `here`: in the thread told of."""

    ago: float
    channel: str
    here: bool


@dataclass(frozen=True, slots=True)
class Story:
    """A thread as the sentences tell it; `value` and `usual` by column of the feature matrix.

    `own`, `others`: touches of this thread and of the person's other ones, the earliest first,
    `recent`: those of both that are;
    `silent`: nobody has answered in this thread; `unanswered`: its touches since somebody did;
    `threads`: how many other threads there were, `answered`: in how many the person answered.
    """

    channel: str
    value: Mapping[str, float]
    usual: Mapping[str, float]
    own: tuple[Touch, ...]
    others: tuple[Touch, ...]
    recent: tuple[Touch, ...]
    silent: bool
    unanswered: int
    threads: int
    answered: int
    attributes: Mapping[str, Any]

    def happened(self, column: str) -> bool:
        """Whether what a "days since" column counts from has ever happened."""
        return self.value[column] < FOREVER

    def count(self, column: str) -> int:
        """A count as a whole number."""
        return round(self.value[column])

    @property
    def last(self) -> Touch | None:
        """The last touch of any thread."""
        return min((*self.own[-1:], *self.others[-1:]), key=lambda t: t.ago, default=None)


def _later_last(touch: Touch) -> float:
    return -touch.ago


def story(
    request: Request,
    campaign: Thread,
    channel: str,
    summary: HistorySummary,
    at_us: int,
    value: Mapping[str, float],
    usual: Mapping[str, float],
) -> Story:
    """The story of the thread of `campaign`, were it touched on `channel` at `at_us`."""
    own: list[Touch] = []
    others: list[Touch] = []
    threads = set()
    for when, on, thread in summary.touches:
        here = thread == campaign
        made = Touch(max(at_us - when, 0) / _DAY_US, on, here)
        (own if here else others).append(made)
        threads.add(thread)
    threads.discard(campaign)
    since_us = summary.answered_us.get(campaign, at_us)
    answered = sum(thread in summary.answered_us for thread in threads)
    return Story(
        channel=channel,
        value=value,
        usual=usual,
        own=tuple(own),
        others=tuple(others),
        recent=tuple(sorted([t for t in (*own, *others) if t.ago <= RECENT], key=_later_last)),
        silent=campaign not in summary.answered_us and value["thread_not_now"] == 0,
        unanswered=sum(t.ago < (at_us - since_us) / _DAY_US for t in own),
        threads=len(threads),
        answered=answered,
        attributes=request.attributes,
    )
