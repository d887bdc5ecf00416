"""A world to play against step by step: look, act, and let time pass."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from features.errors import BadInput
from features.events.schema import CHANNELS, TIMESTAMP
from features.moments import microseconds
from training.simulate.history import START
from training.simulate.playing import act_on, let_pass, truth_of
from training.simulate.population import populate
from training.simulate.records import (
    COMPLAINED,
    EVENT,
    EVENTS_PER_END,
    EVENTS_PER_TOUCH,
    LANDED,
    LINKEDIN,
    NEGATIVE_REPLY,
    OPTED_OUT,
)
from training.simulate.tables import PARTIES, events_table
from training.simulate.world import World
from training.simulate.worlds import world_named

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
#: Either one moment for all, or one per row in microseconds since 1970 UTC.
Moments = datetime | Ints

#: Channels a player can use; the code of a channel is its place in CHANNELS.
PLAYABLE = CHANNELS[: LINKEDIN + 1]


class Tally(NamedTuple):
    """What has truly happened to each contact; shape (contacts,) each.

    `landed` and `annoyed` count threads; an opt-out or complaint counts once, not per thread.
    """

    landed: Ints
    annoyed: Ints
    touches: Ints


class Environment:
    """Fresh people of a world, whom nobody has touched, and the truth about them.

    A player sees `contacts`, `threads`, `open_threads` and `observe`; `truth` and `tally` are for
    the clear-sighted and the referee. A person's clock never runs backwards.
    """

    def __init__(
        self,
        world: str | World,
        contacts: int,
        seed: int,
        start: datetime = START,
        spread_days: float = 0.0,
    ) -> None:
        """First threads open over `spread_days` from `start`, further ones weeks later.

        Raises BadSetting for an unknown world, no contacts, a negative seed or a naive `start`.
        """
        self.world = world_named(world) if isinstance(world, str) else world
        self._population = p = populate(self.world, contacts, seed, start, spread_days)
        self._state = (p.people, p.threads, p.first)
        self._written: list[NDArray[np.void]] = []
        self.contacts: pa.Table = p.contacts
        self.threads: pa.Table = _threads_table(p.threads, p.contacts)

    def act(self, threads: Ints, channels: Ints, at: Moments) -> None:
        """Touch `threads` (rows of `self.threads`) on `channels` (codes), shape (n,) each.

        The thread's recruiter decides whether the message is written by hand. A touch in a thread
        that has truly ended, known or not, is made and brings nothing.
        Raises BadInput for an unknown thread or channel, a moment that has passed for the person,
        or one before the thread opens.
        """
        rows, codes, times = self._checked(threads, channels, at)
        _refuse(times < self._population.threads["opens_at"][rows], rows, "has not opened yet")
        out = self._buffer(self._population.threads["contact"][rows], len(rows))
        order = np.argsort(times, kind="stable")
        n = act_on(
            self._population.scene, out, self._state, rows[order], codes[order], times[order]
        )
        self._written.append(out[:n])

    def observe(self, at: datetime, since: datetime | None = None) -> pa.Table:
        """Events recorded up to `at` (and after `since`), as `simulate` gives them.

        Advances everybody to `at`.
        """
        until = microseconds(at)
        self._pass(until)
        rows = np.concatenate([np.empty(0, EVENT), *self._written])
        self._written = [rows]
        seen = rows["recorded"] <= until
        if since is not None:
            seen &= rows["recorded"] > microseconds(since)
        rows = rows[seen]
        rows = rows[np.lexsort((rows["number"], rows["contact"]))]
        return events_table(rows, len(self._population.people))

    def open_threads(self, at: datetime) -> Ints:
        """Rows of the threads that have opened and whose end is not recorded by `at`.

        Advances everybody to `at`.
        """
        until = microseconds(at)
        self._pass(until)
        threads = self._population.threads
        opted_out = self._population.people["opted_out_known"][threads["contact"]]
        known_end = np.minimum(threads["ended_known"], opted_out)
        return np.flatnonzero((threads["opens_at"] <= until) & (known_end > until))

    def truth(self, threads: Ints, channels: Ints, at: Moments) -> tuple[Floats, Floats]:
        """`(p_land, p_annoy)` of a touch at `at`, within 30 days if no further touch follows.

        Averaged over whether the message is written by hand; zero where the thread has truly
        ended or not yet opened, or the address does not work. Of this touch alone: what earlier
        ones may still bring is not counted. Advances these people to `at`; raises as `act`.
        """
        rows, codes, times = self._checked(threads, channels, at)
        out = self._buffer(self._population.threads["contact"][rows], 0)
        order = np.argsort(times, kind="stable")
        chance = np.empty((len(rows), 2))
        scene, state = self._population.scene, self._state
        n = truth_of(scene, out, state, rows[order], codes[order], times[order], chance)
        self._written.append(out[:n])
        answer = np.empty_like(chance)
        answer[order] = chance
        return answer[:, 0], answer[:, 1]

    def tally(self, at: datetime) -> Tally:
        """What has happened by `at`, recorded or not; advances everybody to `at`."""
        self._pass(microseconds(at))
        threads = self._population.threads
        annoyed = np.isin(threads["ended"], (NEGATIVE_REPLY, OPTED_OUT, COMPLAINED))
        counts = (threads["ended"] == LANDED, annoyed, threads["touches"])
        contact, people = threads["contact"], len(self._population.people)
        return Tally(*(np.bincount(contact, c, people).astype(np.int64) for c in counts))

    def _pass(self, until: int) -> None:
        out = self._buffer(np.arange(len(self._population.people)), 0)
        self._written.append(out[: let_pass(self._population.scene, out, self._state, until)])

    def _buffer(self, contacts: NDArray[Any], touches: int) -> NDArray[np.void]:
        """Room for all that can arrive in threads of `contacts`, and for `touches` with theirs."""
        threads = int(np.diff(self._population.first)[np.unique(contacts)].sum())
        rows = threads * (EVENTS_PER_END + 1) + touches * (EVENTS_PER_TOUCH + 1)
        return np.empty(rows, EVENT)

    def _checked(self, threads: Ints, channels: Ints, at: Moments) -> tuple[Ints, Ints, Ints]:
        rows, codes = np.asarray(threads, np.int64), np.asarray(channels, np.int64)
        moment = microseconds(at) if isinstance(at, datetime) else np.asarray(at, np.int64)
        if rows.ndim != 1 or codes.shape != rows.shape:
            shapes = f"{rows.shape} and {codes.shape}"
            raise BadInput(f"threads and channels have shapes {shapes}; give one channel a thread")
        times = np.broadcast_to(moment, rows.shape)
        _refuse((rows < 0) | (rows >= len(self._population.threads)), rows, "does not exist")
        names = ", ".join(f"{i} {name}" for i, name in enumerate(PLAYABLE))
        unknown = (codes < 0) | (codes >= len(PLAYABLE))
        _refuse(unknown, rows, f"has an unknown channel; take one of {names}")
        contact = self._population.threads["contact"][rows]
        passed = times < self._population.people["clock"][contact]
        _refuse(passed, rows, "belongs to a contact whose clock is already later")
        return rows, codes, times


def _refuse(wrong: NDArray[np.bool_], rows: Ints, problem: str) -> None:
    if wrong.any():
        raise BadInput(f"thread {rows[wrong.argmax()]} {problem}")


def _threads_table(threads: NDArray[np.void], contacts: pa.Table) -> pa.Table:
    """What the CRM shows of each thread; its row number is what `act` and `truth` take."""
    parties = {
        f"{who}_id": pa.array([f"{name}-{code}" for code in threads[who]])
        for who, name in PARTIES.items()
    }
    return pa.table(
        {
            "contact_id": contacts["contact_id"].take(pa.array(threads["contact"].copy())),
            **parties,
            "opens_at": pa.array(threads["opens_at"].copy()).cast(TIMESTAMP),
            "relevance": pa.array(threads["relevance"].copy()),
        }
    )
