"""What is known about a contact by a moment, as far as rules care."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, NamedTuple

import pyarrow as pa

#: A thread: its `campaign_id`, or None for events without one.
Thread = str | None


class Touched(NamedTuple):
    """A touch: when (microseconds since 1970 UTC), on which channel, in which thread."""

    when_us: int
    channel: str
    thread: Thread


class Agreed(NamedTuple):
    """That the contact asked, at `made_us`, to be contacted from `until_us` on."""

    made_us: int
    until_us: int


_ANSWERS = ("reply", "meeting", "placement")


@dataclass(frozen=True, slots=True)
class HistorySummary:
    """One contact's history; all times are microseconds since 1970 UTC.

    `touches` ascends in time, over all senders, channels and campaigns; `touches_us` are their
    times. `answered_us` maps a thread to its last answer of any kind, `landed` and `pushed_back` to
    when it came to that, `bounced` a channel to its last bounce; `not_now_us` is the latest neutral
    reply, in any thread, since a person is busy whoever asks. `agreed` is the date agreed last, in
    any thread; a later answer without one lifts it.
    """

    opted_out_us: int | None = None
    complained_us: int | None = None
    landed: Mapping[Thread, int] = field(default_factory=dict)
    pushed_back: Mapping[Thread, int] = field(default_factory=dict)
    bounced: Mapping[str, int] = field(default_factory=dict)
    touches: tuple[Touched, ...] = ()
    touches_us: tuple[int, ...] = ()
    answered_us: Mapping[Thread, int] = field(default_factory=dict)
    not_now_us: int | None = None
    agreed: Agreed | None = None


def summarise(history: pa.Table, at_us: int) -> HistorySummary:
    """The summary of one contact's events (`features.events.schema.EVENTS`, in any order)."""
    return summaries(history, (0, len(history)), (at_us,))[0]


def summaries(events: pa.Table, ends: Sequence[int], at_us: Sequence[int]) -> list[HistorySummary]:
    """The summary of every contact by a moment; the events of each stand together.

    Those of contact i are the rows from `ends[i]` to `ends[i + 1]`.
    """
    columns = _columns(events)
    return [
        _summary(columns, range(*rows), at) for rows, at in zip(pairwise(ends), at_us, strict=True)
    ]


def _columns(events: pa.Table) -> tuple[list[Any], ...]:
    times = (events.column(name).to_numpy() for name in ("occurred_at", "recorded_at"))
    agreed = events.column("come_back_at")
    dates = [None] * len(events) if agreed.null_count == len(events) else _moments(agreed)
    texts = (events.column(name).to_pylist() for name in ("kind", "channel", "sentiment"))
    campaigns = events.column("campaign_id").to_pylist()
    return (*(time.astype("int64").tolist() for time in times), *texts, campaigns, dates)


def _moments(column: pa.ChunkedArray) -> list[int | None]:
    found: list[int | None] = column.cast(pa.int64()).to_pylist()
    return found


def _summary(columns: tuple[list[Any], ...], rows: Iterable[int], at_us: int) -> HistorySummary:
    occurred, recorded, kinds, channels, sentiments, campaigns, dates = columns
    touches: list[Touched] = []
    answered: dict[Thread, int] = {}
    landed: dict[Thread, int] = {}
    pushed_back: dict[Thread, int] = {}
    bounced: dict[str, int] = {}
    last: dict[str, int] = {}
    agreed, lifted = Agreed(-1, 0), -1
    for row in rows:
        if recorded[row] > at_us:
            continue
        kind, when = kinds[row], occurred[row]
        if kind == "touch":
            touches.append(Touched(when, channels[row], campaigns[row]))
        elif kind == "bounce":
            # Mail servers report bounces, so one without a channel is an e-mail's.
            _keep_latest(bounced, channels[row] or "email", when)
        elif kind in _ANSWERS:
            _keep_latest(answered, campaigns[row], when)
            if dates[row] is None:
                # A meeting is agreed upon when it is recorded, ahead of itself.
                lifted = max(lifted, min(when, recorded[row]))
            else:
                agreed = max(agreed, Agreed(when, dates[row]))
        outcome = _outcome(kind, sentiments[row])
        if outcome == "landed":
            _keep_latest(landed, campaigns[row], when)
        elif outcome == "pushed_back":
            _keep_latest(pushed_back, campaigns[row], when)
        elif outcome:
            _keep_latest(last, outcome, when)
    touches.sort(key=lambda t: (t.when_us, t.channel, t.thread or ""))
    return HistorySummary(
        opted_out_us=last.get("opt_out"),
        complained_us=last.get("complaint"),
        landed=landed,
        pushed_back=pushed_back,
        bounced=bounced,
        touches=tuple(touches),
        touches_us=tuple(t.when_us for t in touches),
        answered_us=answered,
        not_now_us=last.get("not_now"),
        agreed=agreed if agreed.made_us >= max(lifted, 0) else None,
    )


def _outcome(kind: str, sentiment: str | None) -> str | None:
    if kind in ("opt_out", "complaint"):
        return kind
    if kind in ("meeting", "placement"):
        return "landed"
    if kind == "reply":
        return {"negative": "pushed_back", "neutral": "not_now"}.get(sentiment or "", "landed")
    return None


def _keep_latest(times: dict[Any, int], key: Any, when: int) -> None:
    times[key] = max(when, times.get(key, when))
