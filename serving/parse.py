"""Items to requests: the envelope, then the events, each refusal naming its field."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from features.events.contacts import contact_row
from features.events.places import timezone_problem
from features.events.problems import quoted
from features.events.rows import events_from_items
from features.events.schema import CHANNELS, FIRST_YEAR, LAST_YEAR
from features.events.text import category_problem, id_problem
from features.events.times import RFC3339, time_problem
from models.decision import NextTouch, Request, Utility
from serving.problems import FieldError, Problem, invalid

_FIELDS = {
    "contact", "history", "at", "campaign_id", "channels", "utility", "next_touch", "hinted_since",
    "closes_at",
}  # fmt: skip
_CONTACT = {"contact_id", "timezone", "country", "attributes"}
_NEXT_TOUCH = {"relevance", "personalized", "actor_id", "account_id"}
_WORTH = ("land", "annoy", "touch")
#: Moments that can be asked about are those at which events can occur.
_FIRST, _END = (datetime(year, 1, 1, tzinfo=UTC) for year in (FIRST_YEAR, LAST_YEAR + 1))
_RFC3339 = re.compile(RFC3339, re.ASCII)


@dataclass(slots=True)
class Envelope:
    """A checked item, but for its events."""

    contact_id: str
    history: Sequence[Mapping[str, object]]
    at: datetime
    campaign_id: str | None
    timezone: str | None
    country: str | None
    attributes: Mapping[str, Any]
    channels: tuple[str, ...] | None
    utility: Utility
    next_touch: NextTouch
    hinted_since: datetime | None
    closes_at: datetime | None

    def request(self, history: pa.Table) -> Request:
        """The request, with its validated events."""
        return Request(
            self.contact_id, self.at, history, self.campaign_id, self.timezone, self.country,
            self.attributes, self.channels, self.utility, self.next_touch,
            self.hinted_since, closes_at=self.closes_at,
        )  # fmt: skip


def requests_of(checked: Sequence[Envelope | Problem]) -> list[Request | Problem]:
    """Every envelope with its events, or what is wrong with it; all events are checked together."""
    good = [e for e in checked if isinstance(e, Envelope)]
    tables = iter(
        events_from_items(
            [e.history for e in good], [e.contact_id for e in good], fill_event_ids=True
        )
    )
    found: list[Request | Problem] = []
    for one in checked:
        if not isinstance(one, Envelope):
            found.append(one)
            continue
        table, problems = next(tables)
        errors = [FieldError(_event_field(p.row, p.field), p.message) for p in problems]
        found.append(invalid(errors) if errors else one.request(table))
    return found


def _event_field(row: int, field: str | None) -> str:
    place = f"history[{row - 1}]"
    return f"{place}.{field}" if field else place


def envelope(item: object, now: datetime, longest: int, worth: Utility) -> Envelope | Problem:
    """Check everything of an item but its events.

    `worth` is what outcomes are worth where the item does not say.
    """
    if not isinstance(item, dict):
        return invalid([FieldError("", "must be a JSON object with contact and history")])
    errors: list[FieldError] = []
    errors += [
        FieldError(str(name)[:100], f"is not a field; there are {', '.join(sorted(_FIELDS))}")
        for name in item
        if name not in _FIELDS
    ]
    contact, attributes = _contact(item.get("contact"), errors)
    history = item.get("history")
    if not isinstance(history, list):
        errors.append(FieldError("history", "must be a list of events; an empty one is fine"))
        history = []
    if len(history) > longest:
        message = f"has {len(history):,} events; at most {longest:,} are taken"
        return invalid([FieldError("history", message)], 413)
    at = _moment(item.get("at"), now, errors)
    hinted_since = _hinted_since(item.get("hinted_since"), at, errors)
    closes = item.get("closes_at")
    closes_at = None if closes is None else _moment(closes, at, errors, "closes_at")
    campaign = _campaign(item.get("campaign_id"), errors)
    channels = _channels(item.get("channels"), errors)
    utility = _utility(item.get("utility"), worth, errors)
    next_touch = _next_touch(item.get("next_touch"), errors)
    if errors:
        return invalid(errors)
    return Envelope(
        contact["contact_id"], history, at, campaign, contact.get("timezone"),
        contact.get("country"), attributes, channels, utility, next_touch, hinted_since,
        closes_at,
    )  # fmt: skip


def _contact(value: object, errors: list[FieldError]) -> tuple[dict[str, Any], Mapping[str, Any]]:
    if not isinstance(value, dict):
        errors.append(FieldError("contact", "must be an object with contact_id"))
        return {}, {}
    errors += [
        FieldError(f"contact.{str(name)[:100]}", "is not a field; put it into contact.attributes")
        for name in value
        if name not in _CONTACT
    ]
    attributes = value.get("attributes")
    if attributes is not None and not isinstance(attributes, dict):
        errors.append(FieldError("contact.attributes", "must be an object"))
        attributes = None
    row, problems = contact_row(
        value.get("contact_id"), value.get("timezone"), value.get("country"), attributes
    )
    errors += [FieldError(f"contact.{p.field}", p.message) for p in problems]
    given = attributes or {}
    return row, {k: row[k] for k in row if k in given}


def _hinted_since(value: object, at: datetime, errors: list[FieldError]) -> datetime | None:
    if value is None:
        return None
    since = _moment(value, at, errors, "hinted_since")
    if since > at:
        errors.append(FieldError("hinted_since", "is later than at; give the first time"))
    return since


def _moment(value: object, now: datetime, errors: list[FieldError], field: str = "at") -> datetime:
    """A moment, `now` if left out, by the rules for times of events."""
    if value is None:
        return now
    if not isinstance(value, str):
        errors.append(FieldError(field, "must be a text such as 2026-11-23T09:30:00Z"))
        return now
    try:
        if not _RFC3339.fullmatch(value):
            raise ValueError
        moment = datetime.fromisoformat(value.upper()).astimezone(UTC)
        if _FIRST <= moment < _END:
            return moment
        message = f"is {quoted(value)}, which is outside the years {FIRST_YEAR} to {LAST_YEAR}"
    except OverflowError:
        message = f"is {quoted(value)}, which is outside the years {FIRST_YEAR} to {LAST_YEAR}"
    except ValueError:
        message = time_problem(value)
    errors.append(FieldError(field, message))
    return now


def _campaign(value: object, errors: list[FieldError]) -> str | None:
    """An id, or "" for the thread without one."""
    if value is None or value == "":
        return None if value is None else ""
    problem = id_problem(value) if isinstance(value, str) else "must be a text"
    if problem:
        errors.append(FieldError("campaign_id", problem))
    return None if problem else str(value)


def _channels(value: object, errors: list[FieldError]) -> tuple[str, ...] | None:
    if value is None:
        return None
    if not isinstance(value, list) or not value:
        known = ", ".join(CHANNELS)
        errors.append(FieldError("channels", f"must be a list of one or more of {known}"))
        return None
    for channel in value:
        if channel not in CHANNELS:
            text = isinstance(channel, str)
            problem = category_problem(channel, "channel") if text else "must be a list of texts"
            errors.append(FieldError("channels", problem))
            return None
    return tuple(dict.fromkeys(value))


def _utility(value: object, base: Utility, errors: list[FieldError]) -> Utility:
    if value is None:
        return base
    if not isinstance(value, dict):
        errors.append(FieldError("utility", "must be an object with land, annoy and touch"))
        return base
    worth: dict[str, float] = {}
    for name, number in value.items():
        field = f"utility.{str(name)[:100]}"
        if name not in _WORTH:
            errors.append(FieldError(field, f"is not a field; there are {', '.join(_WORTH)}"))
        elif isinstance(number, bool) or not isinstance(number, int | float):
            errors.append(FieldError(field, "must be a number"))
        elif not (math.isfinite(number) and 0 <= number <= 1e9):
            errors.append(FieldError(field, "must be between 0 and 1e9"))
        else:
            worth[name] = float(number)
    return replace(base, **worth)


def _next_touch(value: object, errors: list[FieldError]) -> NextTouch:
    """What is known of the touch that is considered, by the rules for events."""
    if value is None:
        return NextTouch()
    if not isinstance(value, dict):
        known = ", ".join(sorted(_NEXT_TOUCH))
        errors.append(FieldError("next_touch", f"must be an object with any of {known}"))
        return NextTouch()
    found: dict[str, Any] = {}
    for name, given in value.items():
        problem = _next_touch_problem(str(name), given)
        if problem:
            errors.append(FieldError(f"next_touch.{str(name)[:100]}", problem))
        elif given != "":
            found[name] = given
    return NextTouch(**found)


def _next_touch_problem(name: str, given: object) -> str | None:
    if name not in _NEXT_TOUCH:
        return f"is not a field; there are {', '.join(sorted(_NEXT_TOUCH))}"
    if given is None:
        return None
    if name == "personalized":
        return None if isinstance(given, bool) else "must be true or false"
    if name == "relevance":
        number = isinstance(given, int | float) and not isinstance(given, bool)
        return None if number and 0 <= given <= 1 else "must be a number from 0 to 1"  # type: ignore[operator]
    return id_problem(given) if isinstance(given, str) else "must be a text"


def actor_asked(actor_id: str | None) -> str | None:
    """The recruiter named in an address, or None; raises Problem."""
    problem = id_problem(actor_id) if actor_id else None
    if problem:
        raise invalid([FieldError("actor_id", problem)])
    return actor_id or None


def timezone_asked(timezone: str | None) -> str:
    """The time zone named in an address, UTC if none; raises Problem."""
    problem = timezone_problem(timezone) if timezone else None
    if problem:
        raise invalid([FieldError("timezone", problem)])
    return timezone or "UTC"


def thread_asked(
    campaign_id: str | None, at: str | None, now: datetime
) -> tuple[str | None, datetime | None]:
    """The thread and the moment of a question put in an address; raises Problem."""
    errors: list[FieldError] = []
    campaign = _campaign(campaign_id, errors)
    moment = None if at is None else _moment(at, now, errors)
    if errors:
        raise invalid(errors)
    return campaign, moment


def closing_told(value: object, now: datetime) -> datetime | None:
    """When a role closes, None where that is open, out of `{"closes_at": ...}`; raises Problem."""
    if not isinstance(value, dict):
        raise invalid([FieldError("", "must be a JSON object with closes_at")])
    errors = [
        FieldError(str(name)[:100], "is not a field; there is closes_at")
        for name in value
        if name != "closes_at"
    ]
    closes = value.get("closes_at")
    closes_at = None if closes is None else _moment(closes, now, errors, "closes_at")
    if errors:
        raise invalid(errors)
    return closes_at
