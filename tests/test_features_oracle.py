"""Counts, recencies and decayed pressures recomputed in SQL from the same events."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest

from features.events.files import read_events
from features.state import HALF_LIFE_NAMES, HALF_LIVES
from tests.built import Built, built
from tests.factories import NAMED, NAMELESS, Shape, agency
from tests.realdata import real_data

HALF_LIFE = dict(zip(HALF_LIFE_NAMES, HALF_LIVES, strict=True))

# What each touch q of a thread or person can know: k, recorded before q was made.
_KNOWN = """
with e as (
    select *, epoch_us(occurred_at) as at, epoch_us(recorded_at) as known,
           case when kind in ('meeting', 'placement') then least(epoch_us(occurred_at),
                epoch_us(recorded_at)) else epoch_us(occurred_at) end as counts_at
    from events)
select q.event_id, {columns}
from e q left join e k on k.known < q.at and ({scope})
where q.kind = 'touch' group by q.event_id order by q.event_id
"""
_PERSON = "k.contact_id = q.contact_id"
_THREAD = f"{_PERSON} and k.campaign_id is not distinct from q.campaign_id"
# Nothing is known of a sender or a client that is not named.
_ACTOR = "k.actor_id = q.actor_id"
_ACCOUNT = "k.account_id = q.account_id"
_CONTACT = "k.actor_id = q.contact_id"

_TOUCH = "k.kind = 'touch'"
_ANSWER = "k.kind in ('reply', 'meeting', 'placement')"
_NOT_NOW = "k.kind = 'reply' and k.sentiment = 'neutral'"


def count(where: str) -> str:
    return f"count(k.event_id) filter ({where})"


def days_since(where: str, aggregate: str = "max", time: str = "k.counts_at") -> str:
    then = f"{aggregate}({time}) filter ({where})"
    days = f"(greatest(any_value(q.at), {then}) - {then}) / 86400e6"
    return f"case when {count(where)} = 0 then 3650 else least({days}, 3650) end"


def decayed(where: str, half_life: float) -> str:
    left = f"exp(-ln(2) * greatest(q.at - k.counts_at, 0) / (86400e6 * {half_life!r}))"
    return f"coalesce(sum({left}) filter ({where}), 0)"


def rate(part: str, whole: str, prior: float, weight: float) -> str:
    return f"({part} + {prior * weight!r}) / ({whole} + {weight!r})"


def faded(prefix: str, where: str, names: tuple[str, ...] = HALF_LIFE_NAMES) -> dict[str, str]:
    return {f"{prefix}_{n}": decayed(where, HALF_LIFE[n]) for n in names}


_MEAN_GAP = (
    f"case when {count(_TOUCH)} < 2 then 3650 else (max(k.at) filter ({_TOUCH}) - min(k.at)"
    f" filter ({_TOUCH})) / 86400e6 / ({count(_TOUCH)} - 1) end"
)
THREAD = {
    "thread_touches": count(_TOUCH),
    "thread_touches_on_channel": count(f"{_TOUCH} and k.channel = q.channel"),
    "thread_emails": count(f"{_TOUCH} and k.channel = 'email'"),
    "thread_calls": count(f"{_TOUCH} and k.channel = 'phone'"),
    "thread_channels_tried": f"count(distinct k.channel) filter ({_TOUCH})",
    "thread_days_since_touch": days_since(_TOUCH),
    "thread_days_since_first_touch": days_since(_TOUCH, "min"),
    "thread_days_since_channel": days_since(f"{_TOUCH} and k.channel = q.channel"),
    "thread_days_since_email": days_since(f"{_TOUCH} and k.channel = 'email'"),
    "thread_mean_gap": _MEAN_GAP,
    "thread_opens": count("k.kind = 'open'"),
    "thread_clicks": count("k.kind = 'click'"),
    "thread_days_since_open": days_since("k.kind in ('open', 'click')"),
    "thread_not_now": count(_NOT_NOW),
    "thread_days_since_not_now": days_since(_NOT_NOW),
    "thread_days_since_auto_reply": days_since("k.kind = 'auto_reply'"),
    "thread_bounces": count("k.kind = 'bounce'"),
    **faded("thread_pressure", _TOUCH),
}
PERSON = {
    "person_touches": count(_TOUCH),
    "person_days_since_touch": days_since(_TOUCH),
    "person_threads": f"count(distinct coalesce(k.campaign_id, '')) filter ({_TOUCH})",
    "person_answers": count(_ANSWER),
    "person_answer_rate": rate(count(_ANSWER), count(_TOUCH), 0.1, 3),
    "person_days_since_answer": days_since(_ANSWER),
    "person_not_now": count(_NOT_NOW),
    "person_days_since_not_now": days_since(_NOT_NOW),
    "person_open_rate": rate(
        count("k.kind in ('open', 'click')"), count(f"{_TOUCH} and k.channel <> 'phone'"), 0.3, 3
    ),
    "person_clicks": count("k.kind = 'click'"),
    "person_auto_replies": count("k.kind = 'auto_reply'"),
    "person_bounces": count("k.kind = 'bounce'"),
    "person_days_since_activity": days_since("k.kind not in ('touch', 'auto_reply', 'bounce')"),
    "person_other_pressure_8d": decayed(
        f"{_TOUCH} and k.campaign_id is distinct from q.campaign_id", HALF_LIFE["8d"]
    ),
    **faded("person_pressure", _TOUCH),
    **faded("person_answers", _ANSWER, ("3h", "12h", "8d", "32d")),
}
ACTOR = {
    "actor_touches": count(_TOUCH),
    # Of other people's touches only the moment of recording counts.
    "actor_days_since_touch": days_since(_TOUCH, time="k.known"),
}
ACCOUNT = {"account_touches": count(_TOUCH)}
CONTACT = {"contact_touches": count(_TOUCH)}
SCOPES = {
    _THREAD: THREAD,
    _PERSON: PERSON,
    _ACTOR: ACTOR,
    _ACCOUNT: ACCOUNT,
    _CONTACT: CONTACT,
}
COLUMNS = [name for columns in SCOPES.values() for name in columns]


@dataclass(frozen=True)
class Case:
    """Events built by the compiled fold and recomputed by SQL, both in order of event id."""

    folded: Built
    recomputed: dict[str, npt.NDArray[np.float64]]

    def assert_equal(self, column: str) -> None:
        np.testing.assert_allclose(
            self.folded.column(column), self.recomputed[column], rtol=2e-6, atol=2e-6
        )


def case_of(events: pa.Table) -> Case:
    recomputed: dict[str, npt.NDArray[np.float64]] = {}
    with duckdb.connect() as db:
        db.execute("set timezone = 'UTC'; set threads = 1")
        db.register("events", events)
        for scope, columns in SCOPES.items():
            text = ", ".join(f"{sql} as {name}" for name, sql in columns.items())
            rows = db.execute(_KNOWN.format(columns=text, scope=scope)).fetchnumpy()
            recomputed |= {name: np.asarray(rows[name], np.float64) for name in columns}
    return Case(built(events), recomputed)


@cache
def random_case(shape: Shape) -> Case:
    """Every answer here says which thread it is about."""
    return case_of(agency(7, shape))


@cache
def real_case(path: Path) -> Case:
    return case_of(read_events(path))


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("shape", [NAMED, NAMELESS], ids=["named", "nameless"])
def test_sql_says_the_same_of_random_histories(column: str, shape: Shape) -> None:
    random_case(shape).assert_equal(column)


@pytest.mark.parametrize("column", COLUMNS)
def test_sql_says_the_same_of_real_histories(column: str) -> None:
    real_case(real_data("loan_calls") / "events.parquet").assert_equal(column)
