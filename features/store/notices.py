"""What others are told of: the kinds of messages, and what each says, no more than is needed."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from features.moments import moment_of
from features.store.suppression import FOR_GOOD
from features.store.threads import Thread

WINDOW_OPENED = "window.opened"
HINT_CHANGED = "hint.changed"
OPT_OUT_RECORDED = "opt_out.recorded"
MODEL_PROMOTED = "model.promoted"
KINDS = (WINDOW_OPENED, HINT_CHANGED, OPT_OUT_RECORDED, MODEL_PROMOTED)


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that happened at `at_us`; one `key` is told once, and without one each is new."""

    kind: str
    at_us: int
    data: Mapping[str, object]
    contact_id: str | None = None
    key: str = field(default_factory=lambda: uuid.uuid4().hex)

    def body(self) -> str:
        """The message as JSON: `type`, `timestamp` and `data`."""
        message = {"type": self.kind, "timestamp": moment_of(self.at_us), "data": self.data}
        return orjson.dumps(message, option=orjson.OPT_UTC_Z).decode()


def opt_outs(events: Sequence[Mapping[str, Any]], now_us: int) -> list[Notice]:
    """That opt-outs and complaints are stored, of rows of events; each is told once."""
    return [
        Notice(
            OPT_OUT_RECORDED,
            now_us,
            {
                "contact_id": event["contact_id"],
                "kind": event["kind"],
                "occurred_at": moment_of(event["occurred_us"]),
            },
            event["contact_id"],
            _key(OPT_OUT_RECORDED, event["event_id"]),
        )
        for event in events
        if event["kind"] in FOR_GOOD
    ]


def of_thread(before: Thread | None, after: Thread | None, now_us: int) -> list[Notice]:
    """What is to be told of a thread that was thought of otherwise before; one of them may be None.

    A thread that is over is one to stop. That a window opened is told once for each next touch.
    """
    one = after or before
    assert one is not None
    was, now = before.hint if before else None, after.hint if after else "stop"
    if was == now:
        return []
    own = {"contact_id": one.contact_id, "campaign_id": one.campaign_id or None}
    best = {
        "channel": after.channel if after else None,
        "nudge_at": None if after is None or after.nudge_us is None else moment_of(after.nudge_us),
    }
    told = [
        Notice(
            HINT_CHANGED, now_us, {**own, "hint": now, "before": was, **best}, one.contact_id
        )
    ]  # fmt: skip
    if was == "wait" and now == "nudge":
        key = _key(WINDOW_OPENED, one.contact_id, one.campaign_id, str(one.touched_us))
        told.append(Notice(WINDOW_OPENED, now_us, {**own, **best}, one.contact_id, key))
    return told


def promoted(name: str, version: str, previous: str | None, now_us: int) -> Notice:
    """That another version of the model answers."""
    data = {"name": name, "version": version, "previous": previous}
    return Notice(MODEL_PROMOTED, now_us, data)


def _key(*parts: str) -> str:
    """Texts of any length as one of a length that a database can look up."""
    return hashlib.sha256(orjson.dumps(parts)).hexdigest()
