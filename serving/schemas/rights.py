"""What the routes about a person's rights answer."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from serving.schemas.base import Strict
from serving.schemas.decisions import DecisionOut
from serving.schemas.stored import FeedbackOut, PersonOut, StoredEventIn


class KeptEventOut(StoredEventIn):
    """An event, and when the store got it."""

    stored_at: datetime = Field(description="In UTC.")


class ThreadOut(Strict):
    """An open thread as it was last looked at."""

    campaign_id: str = Field(description="The role; empty for the thread without one.")
    actor_id: str | None = Field(description="Who touched it last.")
    touched_at: datetime = Field(description="When that was, in UTC.")
    hint: str = Field(description="What the hint was.")
    score: float = Field(description="What the score was.")
    p_annoy: float = Field(description="What the risk to annoy was.")


class KeptDecisionOut(Strict):
    """A decision on record."""

    made_at: datetime = Field(description="When it was made, in UTC.")
    propensity: float = Field(description="The chance that the hint would be this one.")
    asked: dict[str, Any] = Field(description="What was asked, but for the history.")
    answer: DecisionOut = Field(description="What was answered.")


class ShadowOut(Strict):
    """What a challenger would have answered."""

    decision_id: str = Field(description="The decision that was answered.")
    model_version: str = Field(description="The challenger's version in the registry.")
    made_at: datetime = Field(description="When it was asked, in UTC.")
    answer: DecisionOut | None = Field(None, description="What it answers; null where it failed.")


class TrainedOut(Strict):
    """A model version whose training data held the person."""

    name: str = Field(description="Name of the registered model.")
    version: str = Field(description="Version in the registry.")
    trained_at: datetime = Field(description="When, in UTC.")


class ToldOut(Strict):
    """A message to others about the person."""

    type: str = Field(description="What happened, as in docs/webhooks.md.")
    timestamp: datetime = Field(description="When, in UTC.")
    data: dict[str, Any] = Field(description="What was said of it.")


class ExportOut(Strict):
    """Everything that is stored about a person."""

    contact: PersonOut = Field(description="What describes them.")
    events: list[KeptEventOut] = Field(description="What happened, in the order it was stored.")
    threads: list[ThreadOut] = Field(description="Open threads.")
    decisions: list[KeptDecisionOut] = Field(description="Decisions on record.")
    shadows: list[ShadowOut] = Field(description="What a challenger would have answered.")
    feedback: list[FeedbackOut] = Field(description="What was done with them.")
    messages: list[ToldOut] = Field(description="What others were told of the last 30 days.")
    models: list[TrainedOut] = Field(description="Who learned from these events.")


class ErasedOut(Strict):
    """What was removed."""

    events: int = Field(description="How many events.")
    decisions: int = Field(description="How many decisions.")
    feedback: int = Field(description="How many pieces of feedback.")
    opt_out_kept: bool = Field(
        description="Whether an opt-out or complaint is remembered, by a keyed digest of the id."
    )
    models: list[TrainedOut] = Field(description="Models that learned from the events removed.")
