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
    ]
)
