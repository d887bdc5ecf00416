"""Policies that are asked: day by day, thread by thread, with the history the CRM would send."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from features.moments import moment_of
from models.decision import NextTouch, Request, Utility
from training.playout.arena import DAYS, Arena, Outcome, Stakes, outcome_of
from training.playout.cadence import PLAYABLE
from training.simulate.playing import act_on, let_pass, truth_of
from training.simulate.records import (
    DAY,
    EVENT,
    EVENTS_PER_END,
    EVENTS_PER_TOUCH,
    STILL_OPEN,
    TOUCH,
)
from training.simulate.tables import PARTIES, as_table

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
NO_TOUCH = -1
#: Recruiters, clients and roles of an arena are strangers to a model of the world's history.
_FRESH = "new-"


class Policy(Protocol):
    """What to do about threads at one moment."""

    def choose(self, requests: Sequence[Request], at: int) -> tuple[Ints, Ints]:
        """Channel code to touch on, or NO_TOUCH, and when, microseconds.

        A touch is made at that moment, before the next look; NO_TOUCH asks again then, or as soon
        as something is recorded.
        """


class Witness(Protocol):
    """Somebody who watches a game and may ask it for the truth."""

    def look(self, game: Game, asked: Ints, requests: Sequence[Request], at: int) -> None:
        """Called with every batch of threads (rows) before the policy decides on them."""


class Game:
    """One play of a policy against an arena's people."""

    def __init__(self, arena: Arena, stakes: Stakes, witness: Witness | None = None) -> None:
        p = arena.population
        self.arena, self.scene = arena, p.scene
        self.utility = Utility(stakes.land, stakes.annoy, stakes.touch)
        self.people, self.threads, self.first = p.people.copy(), p.threads.copy(), p.first
        self.contacts: list[dict[str, Any]] = p.contacts.to_pylist()
        self.due = p.threads["opens_at"].copy()
        self.rows = np.empty(0, EVENT)
        self.asked = 0
        self.witness = witness
        self._room = np.empty(len(self.threads) * (EVENTS_PER_END + EVENTS_PER_TOUCH + 2), EVENT)

    def play(self, policy: Policy, days: int = DAYS) -> Outcome:
        """Look once a day at every person's hour; sums up what truly happened by the end."""
        return play_side_by_side([self], policy, days)[0]

    def end(self, days: int) -> Outcome:
        """Let the last of so many days pass; what truly happened."""
        self._pass(int(self.arena.looks.max()) + days * DAY)
        return outcome_of(self.threads, len(self.people))

    def truth(self, threads: Ints, channels: Ints, at: int) -> Floats:
        """`(p_land, p_annoy)` of a touch now, as `Environment.truth`; shape (n, 2).

        NaN where the thread has ended unbeknown to us, or the channel is known not to work.
        """
        chance = np.empty((len(threads), 2))
        state = (self.people, self.threads, self.first)
        moments = np.full(len(threads), at)
        truth_of(self.scene, self._room, state, threads, channels, moments, chance)
        bounced = self.people["bounced"][self.threads["contact"][threads]] >> channels & 1
        chance[(self.threads["ended"][threads] != STILL_OPEN) | (bounced > 0)] = np.nan
        return chance

    def ask(self, begin: int, day: int) -> tuple[Ints, list[Request]]:
        """Threads to decide on at the look that begins its days at `begin`, microseconds."""
        persons, at = np.flatnonzero(self.arena.looks == begin), begin + day * DAY
        if not len(persons):
            return np.empty(0, np.int64), []
        self._pass(at)
        asked = self._to_ask(persons, at)
        self.asked += len(asked)
        requests = self._requests(asked, at) if len(asked) else []
        if requests and self.witness is not None:
            self.witness.look(self, asked, requests, at)
        return asked, requests

    def follow(self, asked: Ints, channels: Ints, when: Ints, at: int) -> None:
        """Do what was chosen for the threads that were asked about."""
        touched = channels != NO_TOUCH
        self.due[asked] = np.where(touched, at + DAY // 2, when)
        self._act(asked[touched], channels[touched], when[touched])

    def _to_ask(self, persons: Ints, at: int) -> Ints:
        """Open threads of these people that are due, or of whose person something was heard."""
        th, recorded = self.threads, self.rows["recorded"]
        news, mine = np.zeros((2, len(self.people)), bool)
        news[self.rows["contact"][(recorded > at - DAY) & (recorded <= at)]] = True
        mine[persons] = True
        wanted = mine[th["contact"]] & (th["opens_at"] <= at) & (self._known_end() > at)
        return np.flatnonzero(wanted & ((self.due <= at) | news[th["contact"]]))

    def _requests(self, asked: Ints, at: int) -> list[Request]:
        contact = self.threads["contact"][asked]
        # Whoever follows a hint knows at once what they did; the CRM may be told of a call late.
        own = self.rows["kind"] == TOUCH
        recorded = np.where(own, self.rows["occurred"], self.rows["recorded"])
        told = (recorded <= at) & np.isin(self.rows["contact"], contact)
        rows = self.rows[told]
        rows["recorded"] = recorded[told]
        rows = rows[np.lexsort((rows["occurred"], rows["contact"]))]
        table = as_table(rows, len(self.people), _FRESH)
        starts = np.searchsorted(rows["contact"], contact)
        ends = np.searchsorted(rows["contact"], contact, side="right")
        moment = moment_of(at)
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
            campaign_id=f"{_FRESH}{PARTIES['campaign']}-{thread['campaign']}",
            timezone=contact["timezone"],
            country=contact["country"],
            attributes=attributes,
            channels=PLAYABLE,
            utility=self.utility,
            next_touch=NextTouch(
                relevance=float(thread["relevance"]),
                actor_id=f"{_FRESH}{PARTIES['actor']}-{thread['actor']}",
                account_id=f"{_FRESH}{PARTIES['account']}-{thread['account']}",
            ),
        )

    def _act(self, threads: Ints, channels: Ints, times: Ints) -> None:
        """Make the touches in order of time, but those of threads whose end is heard of before."""
        order = np.argsort(times, kind="stable")
        while len(order):
            # One touch a person at a time: what it brings may come before the next one.
            _, firsts = np.unique(self.threads["contact"][threads[order]], return_index=True)
            now, order = order[np.sort(firsts)], np.delete(order, firsts)
            self._let(truth_of, threads[now], channels[now], times[now], np.empty((len(now), 2)))
            now = now[self._known_end()[threads[now]] > times[now]]
            self._let(act_on, threads[now], channels[now], times[now])

    def _let(self, happen: Any, threads: Ints, *what: Any) -> None:
        """Let something happen in threads and keep what is written of it."""
        out = np.empty(len(threads) * (EVENTS_PER_TOUCH + 1) + len(self._room), EVENT)
        n = happen(self.scene, out, (self.people, self.threads, self.first), threads, *what)
        self.rows = np.concatenate([self.rows, out[:n]])

    def _known_end(self) -> Ints:
        """When the end of each thread is recorded, if it has come about."""
        opted_out = self.people["opted_out_known"][self.threads["contact"]]
        return np.asarray(np.minimum(self.threads["ended_known"], opted_out))

    def _pass(self, until: int) -> None:
        n = let_pass(self.scene, self._room, (self.people, self.threads, self.first), until)
        if n:
            self.rows = np.concatenate([self.rows, self._room[:n]])


def play_side_by_side(games: Sequence[Game], policy: Policy, days: int = DAYS) -> list[Outcome]:
    """What games that know nothing of each other come to; whoever looks at once is asked at once.

    A batch is decided in little more time than a single thread.
    """
    moments = np.unique(np.concatenate([game.arena.looks for game in games])).tolist()
    for day in range(days):
        for begin in moments:
            at = begin + day * DAY
            asked, requests = zip(*(game.ask(begin, day) for game in games), strict=True)
            if not any(requests):
                continue
            channels, when = policy.choose([r for some in requests for r in some], at)
            ends = np.cumsum([len(threads) for threads in asked])[:-1]
            chosen = zip(games, asked, np.split(channels, ends), np.split(when, ends), strict=True)
            for game, threads, on, times in chosen:
                game.follow(threads, on, times, at)
    return [game.end(days) for game in games]
