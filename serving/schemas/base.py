"""What all documented bodies share."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

from features.events.schema import FIRST_YEAR, LAST_YEAR, MAX_ID_LENGTH

Channel = Literal["email", "phone", "sms", "linkedin", "other"]

_NO_CONTROL = r"[^\x00-\x1f\x7f-\x9f]"
#: What ids, and texts that are kept, may be: one line, not only blanks; the second may be empty.
ID: dict[str, Any] = {
    "pattern": rf"^{_NO_CONTROL}*[^\s\x00-\x1f\x7f-\x9f]{_NO_CONTROL}*$",
    "minLength": 1,
    "maxLength": MAX_ID_LENGTH,
}
LINE: dict[str, Any] = {
    "pattern": rf"^(?:{_NO_CONTROL}*[^\s\x00-\x1f\x7f-\x9f]{_NO_CONTROL}*)?$",
    "maxLength": MAX_ID_LENGTH,
}
#: RFC 3339 within the years that events may have.
MOMENT: dict[str, Any] = {
    "type": "string",
    "format": "date-time",
    "pattern": rf"^(?:{str(FIRST_YEAR)[:2]}[7-9]\d|20\d\d|{str(LAST_YEAR)[:2]}\d\d)-",
}

#: An id that has to be there, and a text that may be empty.
Id = Annotated[str, Field(json_schema_extra=ID)]
Line = Annotated[str, Field(json_schema_extra=LINE)]
Moment = Annotated[datetime, WithJsonSchema(MOMENT)]
#: Names whose tables are long: IANA time zones and ISO 3166-1 countries; empty is unknown.
TIME_ZONE = {"format": "iana-time-zone"}
TimeZone = Annotated[str, Field(json_schema_extra=TIME_ZONE)]
Country = Annotated[
    str, Field(json_schema_extra={"format": "iso-3166-1-alpha-2", "pattern": "^(?:[A-Z]{2})?$"})
]
Attribute = Annotated[
    float | bool | str | None,
    WithJsonSchema({"type": ["number", "boolean", "string", "null"]}),
]
#: The contact's own fields are no attributes.
Attributes = Annotated[
    dict[str, Attribute],
    Field(
        json_schema_extra={
            "properties": {"phone": {"type": ["string", "null"]}},
            "propertyNames": {"not": {"enum": ["contact_id", "timezone", "country"]}},
        }
    ),
]


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
