"""The shape of `rulebook.yaml`: reading it, checking it, and tightening it for one tenant."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from features.errors import BadSetting
from features.events.schema import CHANNELS
from models.week import MINUTES_A_DAY, Ranges, day_span, parse_ranges

Channel = Literal["email", "phone", "sms", "linkedin", "other"]
Text = Annotated[str, Field(min_length=1)]
Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]


class Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Rule(Strict):
    """Why a rule is there and where it comes from."""

    reason: Text
    source: Text


class Cap(Rule):
    """At most `touches` touches in any `days` days."""

    touches: int = Field(ge=1)
    days: int = Field(ge=1, le=365)

    @property
    def rule(self) -> str:
        return f"cap_{self.days}_days"


class MinimumGap(Rule):
    hours: float = Field(ge=0, le=24 * 120)


class ComeBack(Rule):
    days: float = Field(ge=0, le=120)


class ComplaintBudget(Rule):
    """Shares of complaints among e-mails sent; fewer than `least` complaints are no rate."""

    days: int = Field(ge=30, le=30)
    warn: float = Field(gt=0, le=1)
    stop: float = Field(gt=0, le=1)
    least: int = Field(ge=1)


class Stops(Strict):
    """Rules that end the matter; they have no setting because nobody may switch them off."""

    opted_out: Rule
    complained: Rule
    pushed_back: Rule
    landed: Rule
    role_closed: Rule
    channel_bounced: Rule
    channel_closed: Rule


class Timing(Strict):
    """Rules that say when; their settings are the `hours`."""

    quiet_hours: Rule
    weekend: Rule
    public_holiday: Rule
    zone_unknown: Rule
    agreed_date: Rule
    never_allowed: Rule


class UnknownPlace(Strict):
    """Where someone may be of whom nothing is known, and which channels ring there."""

    ringing: tuple[Channel, ...]
    zones: tuple[Text, ...] = Field(min_length=1)


class OpeningHours(Rule):
    """When a channel may be used in some countries (None: in all), by local weekday."""

    id: Text
    channels: tuple[Channel, ...] = Field(min_length=1)
    countries: tuple[Country, ...] | None = None
    place: Text | None = None
    basis: Literal["law", "code", "house"]
    days: dict[str, Ranges] = Field(min_length=1)
    holidays: Literal["open", "closed"]

    @field_validator("days", mode="before")
    @classmethod
    def _read_days(cls, days: Any) -> Any:
        if not isinstance(days, Mapping):
            raise ValueError('write days as {mon-fri: "09:00-20:00"}')
        return {str(day): parse_ranges(hours) for day, hours in days.items()}

    @model_validator(mode="after")
    def _known_days(self) -> Self:
        named = [day for name in self.days if name != "workdays" for day in day_span(name)]
        if len(set(named)) < len(named) or (named and "workdays" in self.days):
            raise ValueError(f"{', '.join(self.days)} name a day twice; name each day once")
        return self

    def week(self, weekend: frozenset[int]) -> tuple[Ranges, ...]:
        """Open minutes of each weekday, Monday first; `weekend` holds weekday numbers 0 to 6."""
        week: list[Ranges] = [()] * 7
        workdays = tuple(day for day in range(7) if day not in weekend)
        for name, ranges in self.days.items():
            for day in workdays if name == "workdays" else day_span(name):
                week[day] = ranges
        return tuple(week)

    def any_hour(self) -> Self:
        """The same days with all their hours open."""
        return self.model_copy(update={"days": dict.fromkeys(self.days, ((0, MINUTES_A_DAY),))})


class RulebookFile(Strict):
    """All of `rulebook.yaml`."""

    stops: Stops
    timing: Timing
    minimum_gap: MinimumGap
    come_back: ComeBack
    caps: tuple[Cap, ...]
    complaint_budget: ComplaintBudget
    unknown_place: UnknownPlace
    hours: tuple[OpeningHours, ...]
    closed_channels: tuple[Channel, ...] = ()

    @model_validator(mode="after")
    def _each_once_and_none_forgotten(self) -> Self:
        for name, keys in (
            ("hours", [entry.id for entry in self.hours]),
            ("caps over the same days", [cap.days for cap in self.caps]),
        ):
            if len(set(keys)) < len(keys):
                raise ValueError(f"two {name} share one id")
        everywhere = {c for entry in self.hours if entry.countries is None for c in entry.channels}
        if missing := [channel for channel in CHANNELS if channel not in everywhere]:
            raise ValueError(f"hours name no entry without countries for {', '.join(missing)}")
        return self


class Tightening(Strict):
    """What a tenant may ask for beyond the rulebook; absent means as the rulebook has it."""

    minimum_gap_hours: float | None = Field(default=None, ge=0, le=24 * 120)
    come_back_days: float | None = Field(default=None, ge=0, le=120)
    complaint_warn: float | None = Field(default=None, gt=0, le=1)
    complaint_stop: float | None = Field(default=None, gt=0, le=1)
    caps: tuple[Cap, ...] = ()
    hours: tuple[OpeningHours, ...] = ()
    closed_channels: tuple[Channel, ...] = ()

    @field_validator("caps", "hours", mode="before")
    @classmethod
    def _as_tenants_own(cls, entries: Any) -> Any:
        own = {"reason": "Asked for by the organisation.", "source": "tenant's own rule"}
        if not isinstance(entries, list | tuple):
            return entries
        return [{**own, **entry} if isinstance(entry, Mapping) else entry for entry in entries]


def domain_of(actor_id: str | None) -> str | None:
    """The domain a sender writes from, where the id is an e-mail address; else None.

    >>> domain_of("Ann@Agency.example"), domain_of("recruiter-7")
    ('agency.example', None)
    """
    name, at, domain = (actor_id or "").rpartition("@")
    return domain.strip().casefold() or None if at and name else None


def read_rulebook(path: Path) -> RulebookFile:
    """The rulebook in a YAML file; raises BadSetting naming the file, the entry and the trouble."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise BadSetting(f"{path}: cannot be read as YAML ({_one_line(error)})") from None
    try:
        return RulebookFile.model_validate(content)
    except ValidationError as error:
        raise BadSetting(f"{path}: {_first(error)}") from None


def tighten(base: RulebookFile, overrides: Mapping[str, object]) -> RulebookFile:
    """The rulebook with a tenant's stricter rules; raises BadSetting for one that loosens."""
    try:
        asked = Tightening.model_validate(overrides)
        changed = {
            "minimum_gap": base.minimum_gap.model_copy(
                update=_at_least(
                    "minimum_gap_hours", "hours", asked.minimum_gap_hours, base.minimum_gap.hours
                )
            ),
            "come_back": base.come_back.model_copy(
                update=_at_least(
                    "come_back_days", "days", asked.come_back_days, base.come_back.days
                )
            ),
            "complaint_budget": base.complaint_budget.model_copy(
                update=_at_most("warn", asked.complaint_warn, base.complaint_budget.warn)
                | _at_most("stop", asked.complaint_stop, base.complaint_budget.stop)
            ),
            "caps": _tighter_caps(base.caps, asked.caps),
            "hours": (*base.hours, *asked.hours),
            "closed_channels": tuple({*base.closed_channels, *asked.closed_channels}),
        }
        return RulebookFile.model_validate({**dict(base), **changed})
    except ValidationError as error:
        raise BadSetting(f"the tenant's rules: {_first(error)}") from None


def _at_least(name: str, unit: str, asked: float | None, base: float) -> dict[str, float]:
    if asked is None:
        return {}
    if asked < base:
        raise BadSetting(
            f"{name} is {asked:g}, which loosens the rulebook's {base:g}; give {base:g} or more"
        )
    return {unit: asked}


def _at_most(name: str, asked: float | None, base: float) -> dict[str, float]:
    if asked is not None and asked > base:
        raise BadSetting(
            f"complaint_{name} is {asked:g}, which loosens the rulebook's {base:g}; give {base:g} "
            "or less"
        )
    return {} if asked is None else {name: asked}


def _tighter_caps(base: tuple[Cap, ...], asked: tuple[Cap, ...]) -> tuple[Cap, ...]:
    caps = {cap.days: cap for cap in base}
    for cap in asked:
        known = caps.get(cap.days)
        if known and cap.touches > known.touches:
            raise BadSetting(
                f"a cap of {cap.touches} touches in {cap.days} days loosens the rulebook's "
                f"{known.touches}; give {known.touches} or fewer"
            )
        caps[cap.days] = cap
    return tuple(caps[days] for days in sorted(caps))


def _first(error: ValidationError) -> str:
    problem = error.errors(include_url=False, include_context=False)[0]
    place = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "extra_forbidden":
        return f"{place} is not a setting; take it out or correct its name"
    message = problem["msg"].removeprefix("Value error, ")
    return f"{place}: {message}" if place else message


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
