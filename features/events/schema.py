"""The event schema: one row per thing that happened between a contact and the organisation."""

from __future__ import annotations

import pyarrow as pa

KINDS = (
    "touch",
    "open",
    "click",
    "reply",
    "auto_reply",
    "meeting",
    "placement",
    "opt_out",
    "complaint",
    "bounce",
)
CHANNELS = ("email", "phone", "sms", "linkedin", "other")
SENTIMENTS = ("positive", "neutral", "negative")

#: Kinds agreed before they happen: `recorded_at` may be earlier than `occurred_at`.
AGREED_AHEAD = ("meeting", "placement")

TIMESTAMP = pa.timestamp("us", tz="UTC")

#: Canonical columns, in order. Strings are plain utf8 or dictionary-encoded utf8; absent values
#: are null; `recorded_at` is always filled (default `occurred_at`).
EVENTS = pa.schema(
    [
        pa.field("event_id", pa.string(), nullable=False),
        pa.field("contact_id", pa.string(), nullable=False),
        pa.field("occurred_at", TIMESTAMP, nullable=False),
        pa.field("recorded_at", TIMESTAMP, nullable=False),
        pa.field("kind", pa.string(), nullable=False),
        pa.field("channel", pa.string()),
        pa.field("sentiment", pa.string()),
        pa.field("actor_id", pa.string()),
        pa.field("account_id", pa.string()),
        pa.field("campaign_id", pa.string()),
        pa.field("relevance", pa.float64()),
        pa.field("personalized", pa.bool_()),
        pa.field("come_back_at", TIMESTAMP),
    ]
)

FIELDS = tuple(EVENTS.names)

#: Columns that must be there; `recorded_at` may be left out although it is never null afterwards.
REQUIRED = ("event_id", "contact_id", "occurred_at", "kind")

IDS = ("event_id", "contact_id", "actor_id", "account_id", "campaign_id")
CATEGORIES = {"kind": KINDS, "channel": CHANNELS, "sentiment": SENTIMENTS}
TIMES = ("occurred_at", "recorded_at", "come_back_at")

#: Columns the feature fold wants as codes; `event_id` is nearly all distinct and stays plain.
ENCODED = ("contact_id", "kind", "channel", "sentiment", "actor_id", "account_id", "campaign_id")
DICTIONARY = pa.dictionary(pa.int32(), pa.string())

MAX_ID_LENGTH = 1000
FIRST_YEAR, LAST_YEAR = 1970, 2199
