"""The bodies of requests and answers as OpenAPI documents them.

Requests are checked by serving.parse and answers written from models.decision without passing
through these models; tests hold both to them.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Channel = Literal["email", "phone", "sms", "linkedin", "other"]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid")


class EventIn(BaseModel):
    """One thing that happened; see docs/events.md."""

    event_id: str | None = Field(None, description="Unique within the history; may be left out.")
    contact_id: str | None = Field(None, description="The contact's own id; may be left out.")
    occurred_at: datetime = Field(description="RFC 3339 with offset.")
    recorded_at: datetime | None = Field(None, description="When it was learned of.")
    kind: Literal[
        "touch", "open", "click", "reply", "auto_reply", "meeting", "placement", "opt_out",
        "complaint", "bounce",
    ]  # fmt: skip
    channel: Channel | None = Field(None, description="Required for a touch.")
    sentiment: Literal["positive", "neutral", "negative", ""] | None = None
    actor_id: str | None = Field(None, description="The recruiter.")
    account_id: str | None = Field(None, description="The client.")
    campaign_id: str | None = Field(None, description="The role; names the thread.")
    relevance: float | None = Field(None, ge=0, le=1, description="How well the approach fits.")
    personalized: bool | None = Field(None, description="Written for this person.")


class ContactIn(_Model):
    """The person, as far as known."""

    contact_id: str
    timezone: str | None = Field(None, description="IANA name, such as Europe/Berlin.")
    country: str | None = Field(None, description="ISO 3166-1 alpha-2, such as DE.")
    attributes: dict[str, float | bool | str | None] | None = None


class UtilityIn(_Model):
    """What outcomes are worth, in any unit."""

    land: float = Field(1.0, ge=0, description="Worth of a good answer.")
    annoy: float = Field(2.0, ge=0, description="Cost of an annoyed person.")
    touch: float = Field(0.01, ge=0, description="Cost of one attempt.")


class ScoreIn(_Model):
    """One thread at one moment."""

    contact: ContactIn
    history: list[EventIn]
    at: datetime | None = Field(None, description="The moment asked about; now if left out.")
    campaign_id: str | None = Field(None, description="The thread; the latest if left out.")
    channels: list[Channel] | None = Field(None, description="Channels that can be used.")
    utility: UtilityIn | None = None


class ScoresIn(_Model):
    """Many threads."""

    items: list[ScoreIn]


class ChanceOut(_Model):
    """Calibrated chances within 30 days."""

    p_land: float
    p_annoy: float


class BoundedChanceOut(ChanceOut):
    """The same with 90 % intervals."""

    p_land_interval: tuple[float, float]
    p_annoy_interval: tuple[float, float]


class PlanOut(_Model):
    """The best cadence from here."""

    further_touches: int = Field(description="How many more touches.")
    gap_days: float | None = Field(description="Days between them; null for one or none.")
    stop_after: datetime | None = Field(description="When to give up; null without a touch.")


class CurvePointOut(_Model):
    """A touch made after `delay_days`."""

    delay_days: float
    p_land: float
    p_annoy: float
    value: float = Field(description="Worth of the best course whose first touch is then.")


class ReasonOut(_Model):
    """One feature's contribution."""

    feature: str
    outcome: Literal["land", "annoy"]
    effect: float = Field(description="Signed change of the log-hazard.")
    text: str


class RuleOut(_Model):
    """A rule that decided or bounded the answer."""

    rule: str
    text: str


class EvidenceOut(_Model):
    """How much history like this the model has seen."""

    level: Literal["strong", "fair", "weak", "none"]
    text: str


class ModelRefOut(_Model):
    """The version that answered."""

    name: str
    version: str


class DecisionOut(_Model):
    """What to do about one open thread at one moment."""

    decision_id: str
    contact_id: str
    campaign_id: str | None
    at: datetime
    valid_until: datetime
    hint: Literal["nudge", "wait", "stop"]
    channel: Channel | None
    nudge_at: datetime | None
    score: float = Field(description="Worth of touching now less that of the best alternative.")
    if_nudged: BoundedChanceOut
    if_left_alone: ChanceOut
    plan: PlanOut
    curve: list[CurvePointOut]
    reasons: list[ReasonOut]
    rules: list[RuleOut]
    evidence: EvidenceOut
    model: ModelRefOut


class FieldErrorOut(_Model):
    """A field that was refused."""

    field: str
    message: str


class ProblemOut(_Model):
    """RFC 9457 problem details."""

    type: str
    title: str
    status: int
    detail: str
    instance: str | None = None
    errors: list[FieldErrorOut] = []


class FailedOut(_Model):
    """An item that could not be answered."""

    error: ProblemOut


class ScoresOut(_Model):
    """Answers in the order of the items."""

    items: list[DecisionOut | FailedOut]


class ModelOut(BaseModel):
    """The model that answers."""

    name: str
    version: str
    alias: str
    trained_at: str | None = None
    trained_on: dict[str, Any] | None = None
    metrics: dict[str, Any] | None = None


class StatusOut(BaseModel):
    """Whether the service lives, or is ready."""

    status: str


_TOUCHES = [
    {
        "kind": "touch", "channel": "email", "occurred_at": "2026-11-09T09:30:00+01:00",
        "actor_id": "recruiter-7", "campaign_id": "data-engineer", "relevance": 0.8,
    },
    {"kind": "open", "occurred_at": "2026-11-09T12:05:00+01:00", "campaign_id": "data-engineer"},
    {
        "kind": "touch", "channel": "email", "occurred_at": "2026-11-13T10:00:00+01:00",
        "actor_id": "recruiter-7", "campaign_id": "data-engineer",
    },
]  # fmt: skip
SCORE_EXAMPLE: dict[str, Any] = {
    "contact": {
        "contact_id": "anna",
        "timezone": "Europe/Berlin",
        "country": "DE",
        "attributes": {"seniority": "senior", "years_experience": 9},
    },
    "history": _TOUCHES,
    "at": "2026-11-23T10:15:00+01:00",
    "campaign_id": "data-engineer",
    "channels": ["email", "phone"],
    "utility": {"land": 1.0, "annoy": 2.0, "touch": 0.01},
}
SCORES_EXAMPLE: dict[str, Any] = {
    "items": [SCORE_EXAMPLE, {"contact": {"contact_id": "ben"}, "history": []}]
}
