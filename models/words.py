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
from models.reasons import reasons, told
from models.spoken import Clock
from models.story import ByColumn, story
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
        self.place = {column: i for i, column in enumerate(model.columns)}
        self.usual = dict(zip(model.columns, model.usual.tolist(), strict=True))

    def complete(self, decisions: Sequence[Decision], judged: Considered) -> list[Decision]:
        """The decisions with their advice, reasons and changes."""
        usual = reference(judged.rows, self.model.usual)
        topic = self.topics.of_rows(judged.rows)
        land = self.model.land.effects(judged.rows, usual, topic)
        annoy = self.model.annoy.effects(judged.rows, usual, topic)
        clicked = self._clicked(decisions, judged)
        found = []
        for d, r, channels, summary, row, at_us, said, click in zip(
            decisions, judged.requests, judged.channels, judged.summaries, judged.rows.tolist(),
            judged.cases["at"].tolist(), told(self.topics, topic, land, annoy), clicked,
            strict=True,
        ):  # fmt: skip
            value = ByColumn(self.place, row)
            tale = story(r, d.campaign_id, channels[0].channel, summary, at_us, value, self.usual)
            clock = _clock(r)
            found.append(
                dataclasses.replace(
                    d,
                    advice=advice(d, clock, r.closes_at),
                    reasons=reasons(said, tale),
                    changes=() if d.over else changes(d, clock, channels, click),
                )
            )
        return found

    def _clicked(self, decisions: Sequence[Decision], judged: Considered) -> list[OnChannel | None]:
        """What a touch now would bring after a click, where there is an e-mail to click in."""
        emails = judged.threads["by_channel"][:, 0].tolist()
        asked = [i for i, d in enumerate(decisions) if d.channel == "email" and emails[i] > 0]
        rows = judged.rows[asked]
        threads, persons = judged.threads[asked], judged.persons[asked]
        _click(judged.cases[asked], threads, persons, rows)
        rows_now(judged.cases[asked], threads, persons, rows)
        land, annoy = self.model.chances(rows)
        found: list[OnChannel | None] = [None] * len(decisions)
        for i, *both in zip(asked, land.tolist(), annoy.tolist(), strict=True):
            found[i] = OnChannel("email", *both)
        return found


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


def _clock(r: Request) -> Clock:
    zone = representative_zone(r.timezone, r.country)
    return Clock(UTC, False) if zone is None else Clock(ZoneInfo(zone), True)
