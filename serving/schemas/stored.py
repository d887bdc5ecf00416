"""What the routes of the event store take and answer."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from serving.schemas.base import Attributes, Country, Id, Line, Moment, ProblemOut, Strict, TimeZone
from serving.schemas.decisions import ContactIn, DecisionOut, EventIn


class StoredEventIn(EventIn):
    """One thing that happened, to be kept; see docs/events.md."""

    event_id: Id = Field(description="Unique: the idempotency key.")
    contact_id: Id = Field(description="One person has one id, whoever writes to them.")


class WebhookRowIn(BaseModel):
    """One activity as the other system has it, flat or under `properties` or `sobject`.

    Several may come as a list; what the map of that system needs has to be there.
    """

    properties: dict[str, Any] | None = Field(None, description="Of HubSpot's objects.")
    sobject: dict[str, Any] | None = Field(None, description="Of Salesforce's objects.")


class DescribedIn(Strict):
    """What describes a contact; what is left out is unknown from now on."""

    timezone: TimeZone | None = Field(None, description="IANA name, such as Europe/Berlin.")
    country: Country | None = Field(None, description="ISO 3166-1 alpha-2, such as DE.")
    attributes: Attributes | None = Field(
        None, description="The contact columns that models are trained with."
    )


class StoredContactIn(ContactIn):
    """A contact to be kept, in place of what was known."""


class PersonOut(Strict):
    """What describes a contact, as it is stored."""

    contact_id: str = Field(description="The person.")
    timezone: str | None = Field(description="IANA name; null if unknown.")
    country: str | None = Field(description="ISO 3166-1 alpha-2; null if unknown.")
    attributes: dict[str, float | str | None] = Field(
        description="Numbers and texts; true and false are stored as 1 and 0."
    )


class CampaignIn(Strict):
    """What holds for all threads of a campaign."""

    closes_at: Moment | None = Field(
        None, description="When the role closes; null, or left out, where that is open."
    )


class CampaignOut(Strict):
    """A campaign as it is kept."""

    campaign_id: str = Field(description="The role.")
    closes_at: datetime | None = Field(description="When it closes, in UTC; null where open.")
    set_at: datetime = Field(description="Since when that holds, in UTC.")


class ReceiptOut(BaseModel):
    """What became of one of the list."""

    id: str | None = Field(description="Its event_id or contact_id; null if it has none.")
    status: Literal["accepted", "duplicate", "refused"] = Field(
        description="Stored now, stored before with the same content, or not stored."
    )
    error: ProblemOut | None = Field(None, description="Why it was refused.")


class ReceiptsOut(Strict):
    """What became of each, in the order sent; what is accepted is stored for good."""

    accepted: int = Field(description="How many are stored now.")
    duplicates: int = Field(description="How many were stored before.")
    refused: int = Field(description="How many are not stored; each says why.")
    items: list[ReceiptOut] = Field(description="One for each, in the order sent.")


#: Where a page of the work list begins: opaque, as `next_cursor` was answered.
CURSOR: dict[str, Any] = {"format": "worklist-cursor", "pattern": "^[A-Za-z0-9_-]*$"}


class WorklistOut(Strict):
    """Whom to nudge first."""

    at: datetime = Field(description="When the list was made, in UTC.")
    items: list[DecisionOut] = Field(description="Nudges, highest score first.")
    next_cursor: str | None = Field(description="Where the next page begins; null at the end.")
    pending: int = Field(
        description="People about whom something changed that is not yet decided upon; 0 if all is."
    )
    capacity_left: int | None = Field(
        description="Touches left today of the capacity asked for; null if none was."
    )


class FeedbackIn(Strict):
    """What a recruiter did with a decision."""

    action: Literal["followed", "overridden"] = Field(description="Whether the hint was followed.")
    reason: Line | None = Field(None, description="Why, at most 1,000 characters on one line.")
    actor_id: Line | None = Field(None, description="The recruiter.")


class FeedbackOut(FeedbackIn):
    """Feedback as it is kept."""

    decision_id: str = Field(description="What it is about.")
    given_at: datetime = Field(description="When it came, in UTC.")
