"""What the service says of itself."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field


class InServiceOut(BaseModel):
    """Whether the version that answers is the one that should."""

    champion: str | None = Field(
        None, description="The version the registry names, null if unknown."
    )
    since: datetime | None = Field(None, description="When the version that answers began to.")
    kept_copy: bool = Field(
        description="The registry was away: the copy of the last good version answers."
    )
    trouble: str | None = Field(None, description="Why another version answers, or may soon.")


class ReadyOut(InServiceOut):
    """The service can answer, and with which version."""

    status: str = Field(description="ready.")
    version: str = Field(description="The version that answers.")
    store_up: bool | None = Field(
        None, description="Whether the event store answered last; null before its first use."
    )


class ChallengerOut(BaseModel):
    """A version in shadow: asked what the champion is asked, never answering."""

    version: str = Field(description="Version in the registry.")
    asked: bool = Field(description="Whether it is in place; if not, trouble says why.")
    since: datetime | None = Field(None, description="Since when it is asked.")
    trouble: str | None = Field(None, description="What is in its way.")


class ModelOut(BaseModel):
    """The model that answers."""

    name: str = Field(description="Name of the registered model.")
    version: str = Field(description="Version in the registry.")
    alias: str = Field(description="Why this version answers.")
    trained_at: str | None = Field(None, description="When, in UTC.")
    trained_on: dict[str, Any] | None = Field(
        None, description="Counts, times and fingerprint of the events."
    )
    metrics: dict[str, Any] | None = Field(
        None, description="On later touches than it learned from, each with its interval."
    )
    service: InServiceOut = Field(description="Whether it is the version that should answer.")
    challenger: ChallengerOut | None = Field(None, description="Who is in shadow, null if nobody.")


class StatusOut(BaseModel):
    """Whether the service lives, or is ready."""

    status: str = Field(description="alive or ready.")
