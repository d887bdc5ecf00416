"""What all documented bodies share."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Channel = Literal["email", "phone", "sms", "linkedin", "other"]


class Strict(BaseModel):
    """A body in which nothing else may stand."""

    model_config = ConfigDict(extra="forbid")


class FieldErrorOut(Strict):
    """A field that was refused."""

    field: str = Field(description="Such as history[3].occurred_at.")
    message: str = Field(description="What is wrong with it.")


class ProblemOut(Strict):
    """RFC 9457 problem details."""

    type: str = Field(description="about:blank: the status says it all.")
    title: str = Field(description="The name of the status.")
    status: int = Field(description="The HTTP status.")
    detail: str = Field(description="One sentence.")
    instance: str | None = Field(None, description="The path asked.")
    errors: list[FieldErrorOut] = Field([], description="The fields at fault, at most 100.")
