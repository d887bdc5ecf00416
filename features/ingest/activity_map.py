"""What a map file says: how the columns and values of an export become events."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from features.errors import BadInput
from features.events.problems import listed
from features.events.schema import CATEGORIES

EventField = Literal[
    "event_id",
    "contact_id",
    "occurred_at",
    "recorded_at",
    "kind",
    "channel",
    "sentiment",
    "actor_id",
    "account_id",
    "campaign_id",
    "relevance",
    "personalized",
    "come_back_at",
]
#: Besides formats as `strptime` reads them.
NAMED_DATES = ("iso", "epoch_seconds", "epoch_milliseconds")
NEEDED: tuple[EventField, ...] = ("contact_id", "occurred_at", "kind")


def _as_list(value: object) -> object:
    return value if isinstance(value, list) else [value]


def _as_text(value: object) -> object:
    # YAML reads an unquoted yes, 1 or 2026 as something else than text.
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float) else "" if value is None else value


Text = Annotated[str, BeforeValidator(_as_text)]
Values = Annotated[list[Text], BeforeValidator(_as_list)]
Match = dict[str, Values]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Case(_Strict):
    """A value that holds `when` every named column has one of the values."""

    when: Match = Field(min_length=1)
    value: Text = Field(alias="is")


class ActivityMap(_Strict):
    """A map file; `docs/ingest.md` explains each key."""

    about: str = ""
    delimiter: str = ","
    encoding: str = "utf-8-sig"
    skip_lines: int = Field(default=0, ge=0)
    dates: Annotated[list[str], BeforeValidator(_as_list)] = Field(default=["iso"], min_length=1)
    timezone: str | None = None
    ambiguous_times: Literal["earlier", "later"] = "earlier"
    id_prefix: str = ""
    where: list[Match] = []
    skip: list[Match] = []
    columns: dict[EventField, str]
    optional: list[str] = []
    constants: dict[EventField, Text] = {}
    values: dict[EventField, dict[Text, Text]] = {}
    cases: dict[EventField, list[Case]] = {}
    unknown: dict[EventField, Literal["refuse", "ignore"]] = {}
    split: dict[Literal["contact_id"], str] = {}

    @model_validator(mode="after")
    def _sensible(self) -> Self:
        for problem in self._problems():
            raise ValueError(problem)
        return self

    def _problems(self) -> Iterator[str]:
        given = {*self.columns, *self.constants, *self.cases}
        yield from (
            f"nothing gives {need}, which every event needs" for need in NEEDED if need not in given
        )
        if "channel" not in given:
            yield "nothing gives channel, which every touch needs"
        if len(self.separator) != 1:
            yield f"delimiter is {self.delimiter!r}, but must be one character or the word tab"
        try:
            codecs.lookup(self.encoding)
        except LookupError:
            yield f"encoding {self.encoding!r} is not known"
        yield from self._date_problems()
        yield from self._category_problems()

    def _date_problems(self) -> Iterator[str]:
        try:
            ZoneInfo(self.timezone or "UTC")
        except (ZoneInfoNotFoundError, ValueError, OSError):
            yield f"timezone {self.timezone!r} is not an IANA name such as Europe/Berlin"
        for date in self.dates:
            if date in NAMED_DATES:
                continue
            if "%" not in date:
                known = ", ".join(NAMED_DATES)
                yield f"dates has {date!r}, but must be {known} or a format like %d.%m.%Y %H:%M"
            elif "%z" not in date and self.timezone is None:
                yield f"dates has {date!r} without %z; add timezone, the zone it is written in"

    def _category_problems(self) -> Iterator[str]:
        for field, allowed in CATEGORIES.items():
            for where, value in self._outcomes(field):
                if value and value not in allowed:
                    yield f"{where}.{field} has {value!r}, but must be one of {', '.join(allowed)}"

    def _outcomes(self, field: str) -> Iterator[tuple[str, str]]:
        yield from (("constants", value) for name, value in self.constants.items() if name == field)
        for name, translation in self.values.items():
            yield from (("values", value) for value in translation.values() if name == field)
        for name, cases in self.cases.items():
            yield from (("cases", case.value) for case in cases if name == field)

    @property
    def separator(self) -> str:
        return "\t" if self.delimiter == "tab" else self.delimiter

    @property
    def needed_columns(self) -> set[str]:
        """Columns the export must have."""
        matches = [*self.where, *self.skip, *(c.when for cs in self.cases.values() for c in cs)]
        named = {*self.columns.values(), *(column for match in matches for column in match)}
        return named - set(self.optional)


def ready_maps() -> list[str]:
    """Names of the maps that come with fineline."""
    folder = files("features.ingest") / "maps"
    return sorted(
        f.name.removesuffix(".yaml") for f in folder.iterdir() if f.name.endswith(".yaml")
    )


def load_map(name: str) -> ActivityMap:
    """A ready map by its name, or the map in a file.

    Raises `BadInput` naming the file and the key that is wrong.
    """
    if name in ready_maps():
        text = (files("features.ingest") / "maps" / f"{name}.yaml").read_text("utf-8")
    else:
        try:
            text = Path(name).read_text("utf-8")
        except FileNotFoundError:
            known = listed(ready_maps())
            raise BadInput(
                f"is neither a file nor one of the ready maps: {known}", source=name
            ) from None
        except (OSError, UnicodeDecodeError) as error:
            raise BadInput(f"cannot be read ({error})", source=name) from error
    return parse_map(text, name)


def parse_map(text: str, source: str) -> ActivityMap:
    """A map from the text of its file."""
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f" at line {mark.line + 1}" if mark else ""
        raise BadInput(f"is not YAML{line}", source=source) from error
    if not isinstance(content, dict):
        raise BadInput(
            "must have keys such as columns and dates (see docs/ingest.md)", source=source
        )
    try:
        return ActivityMap.model_validate(content)
    except ValidationError as error:
        raise BadInput(_sentence(error), source=source) from None


def _sentence(error: ValidationError) -> str:
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"] if part != "[key]")
    if first["type"] == "extra_forbidden":
        known = listed([*ActivityMap.model_fields] if len(first["loc"]) == 1 else ["when", "is"])
        return f"has an unknown key {place}; known are {known}"
    message = first["msg"].removeprefix("Value error, ")
    return f"{place}: {message[0].lower()}{message[1:]}" if place else message
