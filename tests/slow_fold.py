"""The contact columns folded in plain Python: run with NUMBA_DISABLE_JIT=1.

`python -m tests.slow_fold EVENTS.parquet OUT.npy` writes float64 rows in order of event id. The
features and the state's steps are fineline's own, uncompiled; the loop around them is not.
"""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from features import state
from features.catalog import CONTACT_COLUMNS, Moment
from features.events.schema import CHANNELS, KINDS, SENTIMENTS

Row = dict[str, Any]


def blank_thread() -> SimpleNamespace:
    """A thread in which nothing has happened."""
    n = state.N_CHANNELS
    t = SimpleNamespace(by_channel=[0] * n, last_by_channel=[0] * n, pressure=blank_sums())
    state.clear_thread(t, -1)
    return t


def blank_person() -> SimpleNamespace:
    """A person of whom nothing is known."""
    p = SimpleNamespace(pressure=blank_sums(), answer_pressure=blank_sums())
    state.clear_person(p)
    return p


def blank_sums() -> list[float]:
    return [0.0] * state.N_DECAYS


class Person:
    """One contact's threads, by campaign, as far as they are known."""

    def __init__(self) -> None:
        self.person = blank_person()
        self.threads: dict[Any, SimpleNamespace] = {}
        self.touched_last: SimpleNamespace | None = None

    def learn(self, e: Row) -> None:
        """Advance by an event that has become known."""
        if e["kind"] == "touch":
            thread = self.touched_last = self.threads.setdefault(e["campaign_id"], blank_thread())
            state.advance_by_touch(
                thread, self.person, e["at"], CHANNELS.index(e["channel"]), e["actor"],
                number(e["personalized"]),
            )  # fmt: skip
            return
        if e["campaign_id"] in self.threads or e["campaign_id"] or self.touched_last is None:
            thread = self.threads.setdefault(e["campaign_id"], blank_thread())
        else:
            thread = self.touched_last
        time = min(e["at"], e["known"])
        sentiment = SENTIMENTS.index(e["sentiment"]) if e["sentiment"] else -1
        state.advance_by_response(
            thread, self.person, time, time, KINDS.index(e["kind"]), sentiment
        )

    def row(self, e: Row) -> list[float]:
        """The contact columns of a touch, as of what is known now."""
        t, p = self.threads.get(e["campaign_id"], blank_thread()), self.person
        m = Moment(
            time=e["at"],
            local_day=e["at"] / state.DAY,
            channel=CHANNELS.index(e["channel"]),
            actor=e["actor"],
            relevance=number(e["relevance"]),
            personalized=number(e["personalized"]),
            zone_known=0.0,
            thread_fade=state.fade(t.decay_time, e["at"]),
            person_fade=state.fade(p.decay_time, e["at"]),
            answer_fade=state.fade(p.answer_decay_time, e["at"]),
        )
        return [c.feature.function(t, p, m) for c in CONTACT_COLUMNS]


def number(value: float | bool | None) -> float:
    return float("nan") if value is None else float(np.float32(value))


def rows_of(events: list[Row]) -> dict[str, list[float]]:
    """The columns of every touch of one contact, by event id."""
    known = sorted(events, key=lambda e: (e["known"], e["at"], e["event_id"]))
    rows: dict[str, list[float]] = {}
    for touch in (e for e in events if e["kind"] == "touch"):
        person = Person()
        for e in known:
            if e["known"] < touch["at"]:
                person.learn(e)
        rows[touch["event_id"]] = person.row(touch)
    return rows


def main(events_path: str, out_path: str) -> None:
    """Fold every contact of a Parquet file of events and save the rows."""
    table = pq.read_table(events_path)
    at, known = (table[n].cast("int64").to_numpy() for n in ("occurred_at", "recorded_at"))
    actors = {a: i for i, a in enumerate(table["actor_id"].unique().drop_null().to_pylist())}
    people: dict[str, list[Row]] = {}
    for i, e in enumerate(table.to_pylist()):
        more = {"at": at[i], "known": known[i], "actor": actors.get(e["actor_id"], -1)}
        people.setdefault(e["contact_id"], []).append(e | more)
    rows = {e: row for events in people.values() for e, row in rows_of(events).items()}
    np.save(out_path, np.array([rows[e] for e in sorted(rows)]))


if __name__ == "__main__":
    main(*sys.argv[1:])
