"""Taking a named cause out of a history: the question asked again as if it had not been."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa

from features.events.schema import EVENTS, TIMES
from features.localtime import representative_zone
from models.decision import Request

Row = dict[str, Any]

#: Touches no older than this are recent, as they are in models.story.
RECENT = timedelta(days=14)
_LONG_BEFORE = timedelta(days=60)
_HOUR = timedelta(hours=1)
_RESPONSES = ("reply", "meeting", "placement")


@dataclass(frozen=True, slots=True)
class Scene:
    """A question about one thread on one channel, its events as rows in order of time.

    `usual`: the usual touch by column; `pressing`: touches weigh more than usual here; `senders`
    and `clients`: others who could have been the ones to reach out.
    """

    request: Request
    rows: tuple[Row, ...]
    usual: Mapping[str, float]
    pressing: bool
    senders: tuple[str, ...]
    clients: tuple[str, ...]

    def own(self, row: Row) -> bool:
        """Whether a row is a touch of the thread asked about."""
        return row["kind"] == "touch" and bool(
            (row["campaign_id"] or "") == self.request.campaign_id
        )

    def recent(self, row: Row) -> bool:
        """Whether a row is a recent touch, of any thread."""
        return row["kind"] == "touch" and bool(self.request.at - row["occurred_at"] <= RECENT)

    def keeping(self, wanted: Callable[[Row], bool]) -> list[Request]:
        """The question with only the events that are `wanted`."""
        return [self.asked(r for r in self.rows if wanted(r))]

    def changing(self, which: Callable[[Row], bool], **values: Any) -> list[Request]:
        """The question with other values in some of the events."""
        return [self.asked({**r, **values} if which(r) else r for r in self.rows)]

    def moving(self, which: Callable[[Row], bool], by: timedelta) -> Request:
        """The question with some of the events, and what was agreed in them, so much later."""

        def later(row: Row) -> Row:
            return {**row, **{k: row[k] + by for k in TIMES if row[k] is not None}}

        return self.asked(later(r) if which(r) else r for r in self.rows)

    def asked(self, rows: Iterable[Row]) -> Request:
        """The question about another history."""
        history = pa.Table.from_pylist(list(rows), schema=EVENTS)
        return dataclasses.replace(self.request, history=history)


def attempts(s: Scene) -> list[Request]:
    """Only the last touch of the thread was made; where there are few, two more long before."""
    own = [r for r in s.rows if s.own(r)]
    if s.pressing or len(own) > s.usual["thread_touches"]:
        return s.keeping(lambda r: not s.own(r) or r is own[-1])
    return [s.asked((*_long_before(s), *s.rows))]


def recency(s: Scene) -> list[Request]:
    """The recent touches were not made; after a rest, the last one is only as long ago as usual."""
    touches = [r for r in s.rows if r["kind"] == "touch"]
    if not touches:
        return attempts(s)
    pause = s.request.at - touches[-1]["occurred_at"]
    usual = timedelta(days=s.usual["person_days_since_touch"])
    if s.pressing or pause < usual:
        return s.keeping(lambda r: not s.recent(r))
    sooner = pause - min(usual, pause / 2)
    return [s.moving(lambda r: r["kind"] == "touch", sooner)]


def others(s: Scene) -> list[Request]:
    """Nobody wrote in other threads."""
    return s.keeping(lambda r: r["kind"] != "touch" or s.own(r))


def answers(s: Scene) -> list[Request]:
    """The person never answered."""
    return s.keeping(lambda r: r["kind"] not in _RESPONSES)


def not_now(s: Scene) -> list[Request]:
    """The person never said "not now"."""
    return s.keeping(lambda r: r["sentiment"] != "neutral")


def pushback(s: Scene) -> list[Request]:
    """The person never pushed back."""
    return s.keeping(lambda r: r["sentiment"] != "negative")


def interest(s: Scene) -> list[Request]:
    """Nothing was opened or clicked; where nothing was, every touch of the thread was opened."""
    if any(r["kind"] in ("open", "click") for r in s.rows):
        return s.keeping(lambda r: r["kind"] not in ("open", "click"))
    opened = []
    for i, r in enumerate(filter(s.own, s.rows)):
        when = min(r["occurred_at"] + _HOUR, s.request.at)
        blank = {**dict.fromkeys(EVENTS.names), "event_id": f"opened {i}", "kind": "open"}
        known = {n: r[n] for n in ("contact_id", "campaign_id", "channel")}
        opened.append({**blank, **known, "occurred_at": when, "recorded_at": when})
    return [s.asked((*s.rows, *opened))]


def away(s: Scene) -> list[Request]:
    """No automatic answer came."""
    return s.keeping(lambda r: r["kind"] != "auto_reply")


def bounces(s: Scene) -> list[Request]:
    """Everything arrived."""
    return s.keeping(lambda r: r["kind"] != "bounce")


def moment(s: Scene) -> list[Request]:
    """Asked at the usual hour of the usual day, within three days and a half."""
    zone = representative_zone(s.request.timezone, s.request.country)
    here = s.request.at.astimezone(ZoneInfo(zone or "UTC"))
    week = (here.weekday() + here.hour / 24 + here.minute / 1440) % 7
    day = int(s.usual["local_weekday"]) + s.usual["local_hour"] / 24
    off = timedelta(days=(day - week + 3.5) % 7 - 3.5)
    return [dataclasses.replace(s.request, at=s.request.at + off)]


def season(s: Scene) -> list[Request]:
    """All of it happened, and is asked about, half a year later, on the same days of the week."""
    later = timedelta(weeks=26)
    return [dataclasses.replace(s.moving(lambda _: True, later), at=s.request.at + later)]


def channel(s: Scene) -> list[Request]:
    """Asked about the usual channel."""
    names = ("email", "phone", "sms", "linkedin")
    usual = next((c for c in names if s.usual[f"channel_{c}"] == 1), "other")
    return [dataclasses.replace(s.request, channels=(usual,))]


def handover(s: Scene) -> list[Request]:
    """One sender made all touches."""
    named = [r["actor_id"] for r in s.rows if s.own(r) and r["actor_id"]]
    return s.changing(lambda r: r["kind"] == "touch", actor_id=named[-1] if named else None)


def fit(s: Scene) -> list[Request]:
    """The approach fits as well as usual."""
    return s.changing(s.own, relevance=s.usual["relevance"])


def personal(s: Scene) -> list[Request]:
    """Written for the person, or not, as is usual."""
    return s.changing(s.own, personalized=bool(s.usual["personalized"]))


def sender(s: Scene) -> list[Request]:
    """Another sender made the thread's touches: each of those there are."""
    return [request for name in s.senders for request in s.changing(s.own, actor_id=name)]


def client(s: Scene) -> list[Request]:
    """They were made for another client: each of those there are."""
    return [request for name in s.clients for request in s.changing(s.own, account_id=name)]


def attribute(s: Scene, name: str) -> list[Request]:
    """A column of the contact is as usual."""
    prefix = f"contact.{name}="
    levels = [c.removeprefix(prefix) for c, v in s.usual.items() if c.startswith(prefix) and v == 1]
    value = levels[0] if levels else s.usual.get(f"contact.{name}")
    attributes = {**s.request.attributes, name: value}
    return [dataclasses.replace(s.request, attributes=attributes)]


#: By topic (models.topics); a contact's own column has `attribute`.
REMOVED: dict[str, Callable[[Scene], list[Request]]] = {
    f.__name__: f
    for f in (attempts, recency, others, answers, not_now, pushback, interest, away, bounces,
              moment, season, channel, handover, fit, personal, sender, client)
}  # fmt: skip


def _long_before(s: Scene) -> Iterable[Row]:
    """Two touches on the thread's channel before anything else."""
    first = min((r["occurred_at"] for r in s.rows), default=s.request.at)
    blank = dict.fromkeys(EVENTS.names)
    for i in (1, 2):
        when = first - i * _LONG_BEFORE
        yield {
            **blank,
            "event_id": f"long before {i}",
            "contact_id": s.request.contact_id,
            "occurred_at": when,
            "recorded_at": when,
            "kind": "touch",
            "channel": (s.request.channels or ("email",))[0],
            "campaign_id": s.request.campaign_id or None,
        }
