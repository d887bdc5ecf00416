"""Finished decisions put into words: advice, reasons, and what would change the answer."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from features.compiled import jit
from features.localtime import representative_zone
from features.state import CLICK, advance_by_response
from models.advice import advice
from models.changes import OnChannel, changes
from models.decision import Decision, Request
from models.history import HistorySummary
from models.model import Model
from models.planner import rows_now
from models.reasons import reasons
from models.spoken import Clock
from models.story import story
from models.topics import Topics
from models.usual import reference

Rows = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Considered:
    """What decisions were made from, an entry per request.

    `rows`, `cases`: of a touch now on the channel judged best; `threads`, `persons`: the states it
    was made in; `channels`: what a touch now would bring on each usable channel, the best first.
    """

    requests: Sequence[Request]
    summaries: Sequence[HistorySummary]
    rows: Rows
    cases: npt.NDArray[Any]
    threads: npt.NDArray[Any]
    persons: npt.NDArray[Any]
    channels: Sequence[Sequence[OnChannel]]


class Words:
    """Puts decisions of one model into words."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.topics = Topics.among(model.columns)
        self.usual = dict(zip(model.columns, model.usual.tolist(), strict=True))

    def complete(self, decisions: Sequence[Decision], judged: Considered) -> list[Decision]:
        """The decisions with their advice, reasons and changes."""
        usual = reference(judged.rows, self.model.usual)
        topic = self.topics.of_rows(judged.rows)
        land = self.model.land.effects(judged.rows, usual, topic)
        annoy = self.model.annoy.effects(judged.rows, usual, topic)
        clicked = self._clicked(decisions, judged)
        found = []
        for i, (d, r) in enumerate(zip(decisions, judged.requests, strict=True)):
            channels = judged.channels[i]
            told = story(
                r, d.campaign_id, channels[0].channel, judged.summaries[i],
                int(judged.cases["at"][i]),
                dict(zip(self.model.columns, judged.rows[i].tolist(), strict=True)), self.usual,
            )  # fmt: skip
            clock = _clock(r)
            found.append(
                dataclasses.replace(
                    d,
                    advice=advice(d, clock),
                    reasons=reasons(self.topics, topic[i], land[i], annoy[i], told),
                    changes=() if _is_over(d) else changes(d, clock, channels, clicked.get(i)),
                )
            )
        return found

    def _clicked(self, decisions: Sequence[Decision], judged: Considered) -> dict[int, OnChannel]:
        """What a touch now would bring after a click, where there is an e-mail to click in."""
        asked = [
            i
            for i, d in enumerate(decisions)
            if d.channel == "email" and judged.threads["by_channel"][i, 0] > 0
        ]
        rows = judged.rows[asked]
        threads, persons = judged.threads[asked], judged.persons[asked]
        _click(judged.cases[asked], threads, persons, rows)
        rows_now(judged.cases[asked], threads, persons, rows)
        land, annoy = self.model.chances(rows)
        chances = zip(land.tolist(), annoy.tolist(), strict=True)
        return {i: OnChannel("email", *both) for i, both in zip(asked, chances, strict=True)}


class Silent(Words):
    """Leaves decisions without words, where only what is decided matters."""

    def complete(self, decisions: Sequence[Decision], judged: Considered) -> list[Decision]:  # noqa: ARG002
        """The decisions as they are."""
        return list(decisions)


@jit
def _click(cases: Any, threads: Any, persons: Any, rows: Any) -> None:
    """Advance the states by a click at each case's moment."""
    for i in range(len(rows)):
        advance_by_response(threads[i], persons[i], cases[i].at, cases[i].local, CLICK, -1)


def _is_over(d: Decision) -> bool:
    """Whether a rule ended the thread, so that nothing would change the answer."""
    return d.hint == "stop" and bool(d.rules)


def _clock(r: Request) -> Clock:
    zone = representative_zone(r.timezone, r.country)
    return Clock(UTC, False) if zone is None else Clock(ZoneInfo(zone), True)
