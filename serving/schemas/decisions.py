"""What the routes that decide take and answer."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

from features.events.schema import SENTIMENTS
from serving.schemas.base import (
    Attributes,
    Channel,
    Country,
    Id,
    Line,
    Moment,
    ProblemOut,
    Strict,
    TimeZone,
)

#: What JSON Schema can say of two fields together.
_ACROSS: dict[str, Any] = {
    "allOf": [
        {
            "if": {"properties": {"kind": {"const": "touch"}}, "required": ["kind"]},
            "then": {
                "properties": {"channel": {"enum": list(get_args(Channel))}},
                "required": ["channel"],
            },
        },
        {
            "if": {"properties": {"sentiment": {"enum": list(SENTIMENTS)}},
                   "required": ["sentiment"]},
            "then": {"properties": {"kind": {"const": "reply"}}, "required": ["kind"]},
        },
        {
            "if": {"properties": {"come_back_at": {"type": "string", "minLength": 1}},
                   "required": ["come_back_at"]},
            "then": {"properties": {"kind": {"const": "reply"}}, "required": ["kind"]},
        },
    ]
}  # fmt: skip


class EventIn(BaseModel):
    """One thing that happened; see docs/events.md."""

    model_config = ConfigDict(json_schema_extra=_ACROSS)

    event_id: Line | None = Field(None, description="Unique within the history; may be left out.")
    contact_id: Line | None = Field(None, description="The contact's own id; may be left out.")
    occurred_at: Moment = Field(description="RFC 3339 with offset.")
    recorded_at: Moment | Literal[""] | None = Field(
        None,
        description="When it was learned of; not before it happened, but of meeting and placement.",
    )
    kind: Literal[
        "touch", "open", "click", "reply", "auto_reply", "meeting", "placement", "opt_out",
        "complaint", "bounce",
    ] = Field(description="What happened.")  # fmt: skip
    channel: Channel | Literal[""] | None = Field(None, description="Required for a touch.")
    sentiment: Literal["positive", "neutral", "negative", ""] | None = Field(
        None, description="Of a reply; unknown if left out."
    )
    actor_id: Line | None = Field(None, description="The recruiter.")
    account_id: Line | None = Field(None, description="The client.")
    campaign_id: Line | None = Field(None, description="The role; names the thread.")
    relevance: float | None = Field(None, ge=0, le=1, description="How well the approach fits.")
    personalized: bool | None = Field(None, description="Written for this person.")
    come_back_at: Moment | Literal[""] | None = Field(
        None, description="From when on the reply asks to be contacted; later than occurred_at."
    )


class ContactIn(Strict):
    """The person, as far as known."""

    contact_id: Id = Field(description="One person has one id, whoever writes to them.")
    timezone: TimeZone | None = Field(None, description="IANA name, such as Europe/Berlin.")
    country: Country | None = Field(None, description="ISO 3166-1 alpha-2, such as DE.")
    attributes: Attributes | None = Field(
        None, description="The contact columns the model was trained with."
    )


class UtilityIn(Strict):
    """What outcomes are worth, in any unit."""

    land: float = Field(1.0, ge=0, le=1e9, description="Worth of a good answer.")
    annoy: float = Field(2.0, ge=0, le=1e9, description="Cost of an annoyed person.")
    touch: float = Field(0.01, ge=0, le=1e9, description="Cost of one attempt.")


class NextTouchIn(Strict):
    """The touch that is considered; what is left out is as in the thread so far."""

    relevance: float | None = Field(None, ge=0, le=1, description="How well it would fit.")
    personalized: bool | None = Field(None, description="Written for this person.")
    actor_id: Line | None = Field(None, description="The recruiter who would reach out.")
    account_id: Line | None = Field(None, description="The client it would be for.")


class ScoreIn(Strict):
    """One thread at one moment."""

    contact: ContactIn = Field(description="The person.")
    history: list[EventIn] = Field(
        description="All that is known of the person, of every thread; may be empty."
    )
    at: Moment | None = Field(None, description="The moment asked about; now if left out.")
    campaign_id: Line | None = Field(None, description="The thread; the latest if left out.")
    channels: list[Channel] | None = Field(
        None, min_length=1, description="Channels that can be used."
    )
    utility: UtilityIn | None = Field(None, description="What outcomes are worth.")
    closes_at: Moment | None = Field(
        None,
        description="When the role closes: answers that come later are worth nothing. Some four "
        "months after the thread's first touch, if left out.",
    )
    next_touch: NextTouchIn | None = Field(None, description="The touch that is considered.")
    hinted_since: Moment | None = Field(
        None,
        description="When a nudge for the next touch was first hinted, by your record of decisions "
        "(at, if never); with it a share of nudges is held back at random, without it none.",
    )


class ScoresIn(Strict):
    """Many threads."""

    items: list[ScoreIn | Any] = Field(
        description="At most 5,000, unless set otherwise. Anything else than what is described is "
        "answered by an error in its place."
    )


class ChanceOut(Strict):
    """Calibrated chances within 30 days."""

    p_land: float = Field(description="Chance of a good answer, 0 to 1.")
    p_annoy: float = Field(description="Risk of an annoyed one, 0 to 1.")


class BoundedChanceOut(ChanceOut):
    """The same with 90 % intervals."""

    p_land_interval: tuple[float, float] = Field(description="Low and high, 90 %.")
    p_annoy_interval: tuple[float, float] = Field(description="Low and high, 90 %.")


class UpliftOut(Strict):
    """What a touch changes of the chances within 30 days."""

    p_land: float = Field(description="Of a good answer, -1 to 1.")
    p_annoy: float = Field(description="Of an annoyed one, -1 to 1.")


class PlanOut(Strict):
    """The best cadence from here."""

    further_touches: int = Field(description="How many more touches.")
    gap_days: float | None = Field(description="Days between them; null for one or none.")
    stop_after: datetime | None = Field(description="When to give up; null without a touch.")
    open_ended: bool = Field(
        description="Whether the plan ends only because nothing beyond it was looked at, so that "
        "later touches may pay as well."
    )


class CurvePointOut(Strict):
    """A touch made after `delay_days`."""

    delay_days: float = Field(description="Days from now, 0 to 30.")
    p_land: float = Field(description="Chance that this touch lands within 30 days.")
    p_annoy: float = Field(description="Risk that it annoys within 30 days.")
    value: float = Field(
        description="Worth of the best course whose first touch is then, or as soon after as the "
        "rules allow."
    )


class ReasonOut(Strict):
    """One feature's contribution."""

    feature: str = Field(description="Its name, as in docs/features.md.")
    outcome: Literal["land", "annoy"] = Field(description="What it makes more or less likely.")
    effect: float = Field(description="Signed change of the log-hazard.")
    text: str = Field(description="The same in words.")


class ChangeOut(Strict):
    """Something that would change the answer."""

    what: Literal["time", "channel", "response"] = Field(
        description="Time passing, another channel, or a response of the person."
    )
    outcome: Literal["land", "annoy"] | None = Field(None, description="Whose chance it changes.")
    hint: Literal["nudge", "wait", "stop"] | None = Field(
        None, description="The hint it would become."
    )
    before: float | None = Field(None, description="The chance as it is.")
    after: float | None = Field(None, description="The chance as it would be.")
    delay_days: float | None = Field(None, description="Days from now, where time is what changes.")
    channel: Channel | None = Field(None, description="The channel, where that is what changes.")
    text: str = Field(description="The same in words.")


class RuleOut(Strict):
    """A rule that decided or bounded the answer."""

    rule: str = Field(description="Its name, as in docs/rules.md.")
    text: str = Field(description="What it says about this thread.")


class EvidenceOut(Strict):
    """How much history like this the model has seen."""

    level: Literal["strong", "fair", "weak", "none"] = Field(description="How much, graded.")
    text: str = Field(description="The same in words.")


class ModelRefOut(Strict):
    """The version that answered."""

    name: str = Field(description="Name of the registered model.")
    version: str = Field(description="Version in the registry.")


class DecisionOut(Strict):
    """What to do about one open thread at one moment."""

    decision_id: str = Field(description="The same question to the same version has the same id.")
    contact_id: str = Field(description="The person asked about.")
    campaign_id: str | None = Field(description="The thread; null for the one without.")
    at: datetime = Field(description="The moment asked about, in UTC.")
    valid_until: datetime = Field(description="Ask again after this.")
    hint: Literal["nudge", "wait", "stop"] = Field(
        description="Touch now, wait until nudge_at, or let it be."
    )
    channel: Channel | None = Field(description="Where the next touch is best; null for stop.")
    nudge_at: datetime | None = Field(description="When it is best, in UTC; null for stop.")
    score: float = Field(
        description="Worth of touching now and going on well less that of the best course that "
        "does not touch now, in the unit of utility."
    )
    if_nudged: BoundedChanceOut = Field(description="What a touch made now brings if none follows.")
    if_left_alone: ChanceOut = Field(description="What touches already made may still bring.")
    uplift: UpliftOut = Field(description="What a touch made now changes of that.")
    plan: PlanOut = Field(description="How many more touches, how far apart, and until when.")
    curve: list[CurvePointOut] = Field(description="The fine line: a touch made sooner or later.")
    advice: str = Field(description="The hint and the plan as one sentence.")
    reasons: list[ReasonOut] = Field(description="Up to 5, strongest first.")
    changes: list[ChangeOut] = Field(description="What would change the answer.")
    rules: list[RuleOut] = Field(description="Rules that decided or bounded the answer.")
    evidence: EvidenceOut = Field(description="How far to trust the numbers.")
    model: ModelRefOut = Field(description="Which model answered.")
    touch_number: int = Field(description="Which touch of the thread the next one is, from 1.")
    held: bool = Field(description="Whether this would be a nudge, but was held back at random.")
    propensity: float = Field(
        description="The chance, before the draw, that the hint would be this one; 1 if not drawn."
    )
    over: bool = Field(
        description="Whether a rule says to stop, whatever another touch were worth."
    )


class FailedOut(Strict):
    """An item that could not be answered."""

    error: ProblemOut = Field(description="Why.")


class ScoresOut(Strict):
    """Answers in the order of the items."""

    items: list[DecisionOut | FailedOut] = Field(description="A decision or an error each.")


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
