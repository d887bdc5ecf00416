"""Ten simple counting and recency features per touch, as DuckDB, Polars and pandas do them.

Each function takes events sorted by time with `recorded_at` equal to `occurred_at` and returns
columns `event` (row of the touch in the table) and `NAMES`; days since what never happened are
null.
"""

from __future__ import annotations

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa

#: By fineline's names, in the order of the columns.
NAMES = (
    "thread_touches",
    "person_touches",
    "thread_days_since_touch",
    "person_days_since_touch",
    "thread_emails",
    "person_answers",
    "thread_opens",
    "person_days_since_answer",
    "thread_days_since_first_touch",
    "person_threads",
)
#: What the ten need of the events.
USED = ("contact_id", "campaign_id", "kind", "channel", "occurred_at")
_DAY = 86_400_000_000
_ANSWERS = ("reply", "meeting", "placement")

_SQL = f"""
with e as (
    select row_number() over () - 1 as event, contact_id, campaign_id, epoch_us(occurred_at) as t,
        kind = 'touch' as touch, kind = 'touch' and channel = 'email' as email,
        kind in {_ANSWERS} as answer, kind = 'open' as opened,
        kind = 'touch' and 1 = row_number() over (
            partition by contact_id, campaign_id, kind = 'touch' order by occurred_at) as opens
    from events),
f as (
    select event, touch,
        count(*) filter (touch) over thread as thread_touches,
        count(*) filter (touch) over person as person_touches,
        (t - max(t) filter (touch) over thread) / {_DAY} as thread_days_since_touch,
        (t - max(t) filter (touch) over person) / {_DAY} as person_days_since_touch,
        count(*) filter (email) over thread as thread_emails,
        count(*) filter (answer) over person as person_answers,
        count(*) filter (opened) over thread as thread_opens,
        (t - max(t) filter (answer) over person) / {_DAY} as person_days_since_answer,
        (t - min(t) filter (touch) over thread) / {_DAY} as thread_days_since_first_touch,
        count(*) filter (opens) over person as person_threads
    from e
    window thread as (partition by contact_id, campaign_id order by t
                      rows between unbounded preceding and 1 preceding),
           person as (partition by contact_id order by t
                      rows between unbounded preceding and 1 preceding))
select event, {", ".join(NAMES)} from f where touch
"""


def duckdb_ten(db: duckdb.DuckDBPyConnection, events: pa.Table) -> pa.Table:
    """Window functions over the Arrow table."""
    db.register("events", events)
    return db.sql(_SQL).to_arrow_table()


def polars_ten(events: pl.DataFrame) -> pl.DataFrame:
    """Expressions over thread and person; the frame shares the Arrow table's memory."""
    thread, person = ["contact_id", "campaign_id"], ["contact_id"]
    kind, at = pl.col("kind"), pl.col("occurred_at").cast(pl.Int64)
    touch, answer = kind == "touch", kind.is_in(_ANSWERS)
    first = (touch & (touch.cum_sum().over(thread) == 1)).alias("first")

    def so_far(what: pl.Expr, of: list[str]) -> pl.Expr:
        return (what.cum_sum() - what).over(of)

    def since(what: pl.Expr, of: list[str]) -> pl.Expr:
        return (at - pl.when(what).then(at).forward_fill().shift(1).over(of)) / _DAY

    return (
        events.lazy()
        .with_row_index("event")
        .with_columns(first)
        .select(
            "event",
            "kind",
            so_far(touch, thread).alias("thread_touches"),
            so_far(touch, person).alias("person_touches"),
            since(touch, thread).alias("thread_days_since_touch"),
            since(touch, person).alias("person_days_since_touch"),
            so_far(touch & (pl.col("channel") == "email"), thread).alias("thread_emails"),
            so_far(answer, person).alias("person_answers"),
            so_far(kind == "open", thread).alias("thread_opens"),
            since(answer, person).alias("person_days_since_answer"),
            since(pl.col("first"), thread).alias("thread_days_since_first_touch"),
            so_far(pl.col("first"), person).alias("person_threads"),
        )
        .filter(touch)
        .drop("kind")
        .collect()
    )


def pandas_ten(events: pd.DataFrame) -> pd.DataFrame:
    """Grouped cumulative sums and forward fills, categories for ids."""
    thread = events.groupby(["contact_id", "campaign_id"], observed=True, sort=False).ngroup()
    person = events["contact_id"].cat.codes
    at = events["occurred_at"].astype("int64")
    touch = events["kind"] == "touch"
    answer = events["kind"].isin(_ANSWERS)
    first = touch & (touch.groupby(thread).cumsum() == 1)

    def so_far(what: pd.Series[bool], of: pd.Series[int]) -> pd.Series[int]:
        return what.groupby(of).cumsum() - what.astype("int64")

    def since(what: pd.Series[bool], of: pd.Series[int]) -> pd.Series[float]:
        last = at.where(what).groupby(of).ffill().groupby(of).shift(1)
        return (at - last) / _DAY

    ten = {
        "thread_touches": so_far(touch, thread),
        "person_touches": so_far(touch, person),
        "thread_days_since_touch": since(touch, thread),
        "person_days_since_touch": since(touch, person),
        "thread_emails": so_far(touch & (events["channel"] == "email"), thread),
        "person_answers": so_far(answer, person),
        "thread_opens": so_far(events["kind"] == "open", thread),
        "person_days_since_answer": since(answer, person),
        "thread_days_since_first_touch": since(first, thread),
        "person_threads": so_far(first, person),
    }
    return pd.DataFrame(ten)[touch].rename_axis("event").reset_index()
