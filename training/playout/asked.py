"""Policies that are asked: day by day, thread by thread, with the history the CRM would send."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from features.events.schema import CHANNELS
from models.decision import NextTouch, Request, Utility
from models.situation import EPOCH
from training.playout.arena import DAYS, Arena, Outcome, Stakes, outcome_of
from training.simulate.playing import act_on, let_pass
from training.simulate.records import DAY, EVENT, EVENTS_PER_END, EVENTS_PER_TOUCH, LINKEDIN
from training.simulate.tables import PARTIES, as_table

Ints = NDArray[np.int64]
PLAYABLE = CHANNELS[: LINKEDIN + 1]
NO_TOUCH = -1


class Policy(Protocol):
    """What to do about threads at one moment."""

    def choose(self, requests: Sequence[Request], at: int) -> tuple[Ints, Ints]:
        """Channel code to touch on, or NO_TOUCH, and when, microseconds.

        A touch is made at that moment, before the next look; NO_TOUCH asks again then, or as soon
        as something is recorded.
        """


class Game:
    """One play of a policy against an arena's people."""

    def __init__(self, arena: Arena, stakes: Stakes) -> None:
        p = arena.population
        self.arena, self.scene = arena, p.scene
        self.utility = Utility(stakes.land, stakes.annoy, stakes.touch)
        self.people, self.threads, self.first = p.people.copy(), p.threads.copy(), p.first
        self.contacts: list[dict[str, Any]] = p.contacts.to_pylist()
        self.due = p.threads["opens_at"].copy()
        self.rows = np.empty(0, EVENT)
        self.asked = 0
        self._room = np.empty(len(self.threads) * (EVENTS_PER_END + EVENTS_PER_TOUCH + 2), EVENT)

    def play(self, policy: Policy, days: int = DAYS) -> Outcome:
        """Look once a day at every person's hour; sums up what truly happened by the end."""
        moments, group = np.unique(self.arena.looks, return_inverse=True)
        for day in range(days):
            for g, begin in enumerate(moments):
                self._look(policy, np.flatnonzero(group == g), int(begin) + day * DAY)
        self._pass(int(moments[-1]) + days * DAY)
        return outcome_of(self.threads, len(self.people))

    def _look(self, policy: Policy, persons: Ints, at: int) -> None:
        self._pass(at)
        new = self.rows["recorded"] > at - DAY
        news = np.zeros(len(self.people), bool)
        news[self.rows["contact"][new & (self.rows["recorded"] <= at)]] = True
        th = self.threads
        known_end = np.minimum(th["ended_known"], self.people["opted_out_known"][th["contact"]])
        mine = np.zeros(len(self.people), bool)
        mine[persons] = True
        wanted = mine[th["contact"]] & (th["opens_at"] <= at) & (known_end > at)
        wanted &= (self.due <= at) | news[th["contact"]]
        asked = np.flatnonzero(wanted)
        if not len(asked):
            return
        self.asked += len(asked)
        channels, when = policy.choose(self._requests(asked, at), at)
        touched = channels != NO_TOUCH
        self.due[asked] = np.where(touched, at + DAY // 2, when)
        self._act(asked[touched], channels[touched], when[touched])

    def _requests(self, asked: Ints, at: int) -> list[Request]:
        contact = self.threads["contact"][asked]
        known = self.rows["recorded"] <= at
        rows = self.rows[known & np.isin(self.rows["contact"], contact)]
        rows = rows[np.lexsort((rows["occurred"], rows["contact"]))]
        table = as_table(rows, len(self.people))
        starts = np.searchsorted(rows["contact"], contact)
        ends = np.searchsorted(rows["contact"], contact, side="right")
        moment = EPOCH + np.timedelta64(at, "us").item()
        return [
            self._request(int(k), table.slice(a, b - a), moment)
            for k, a, b in zip(asked, starts.tolist(), ends.tolist(), strict=True)
        ]

    def _request(self, k: int, history: Any, moment: Any) -> Request:
        thread = self.threads[k]
        contact = self.contacts[int(thread["contact"])]
        attributes = {
            name: value
            for name, value in contact.items()
            if name not in ("contact_id", "timezone", "country") and not name.startswith("audit_")
        }
        return Request(
            contact["contact_id"],
            moment,
            history,
            campaign_id=f"{PARTIES['campaign']}-{thread['campaign']}",
            timezone=contact["timezone"],
            country=contact["country"],
            attributes=attributes,
            channels=PLAYABLE,
            utility=self.utility,
            next_touch=NextTouch(
                relevance=float(thread["relevance"]),
                actor_id=f"{PARTIES['actor']}-{thread['actor']}",
                account_id=f"{PARTIES['account']}-{thread['account']}",
            ),
        )

    def _act(self, threads: Ints, channels: Ints, times: Ints) -> None:
        order = np.argsort(times, kind="stable")
        state = (self.people, self.threads, self.first)
        out = np.empty(len(threads) * (EVENTS_PER_TOUCH + 1) + len(self._room), EVENT)
        n = act_on(self.scene, out, state, threads[order], channels[order], times[order])
        self.rows = np.concatenate([self.rows, out[:n]])

    def _pass(self, until: int) -> None:
        n = let_pass(self.scene, self._room, (self.people, self.threads, self.first), until)
        if n:
            self.rows = np.concatenate([self.rows, self._room[:n]])
