"""One row of an export to events, by a map."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import NoReturn
from zoneinfo import ZoneInfo

from features.errors import BadInput
from features.events.problems import listed, quoted
from features.events.schema import AGREED_AHEAD, CATEGORIES, REQUIRED
from features.ingest.activity_map import ActivityMap, EventField, Match
from features.ingest.event import Event, digest
from features.ingest.map_dates import in_zone, parsed

Row = Mapping[str, object]
#: For each column of a `Match`: the folded values, and whether any text will do.
Test = tuple[tuple[str, frozenset[str], bool], ...]

_YES, _NO = ("true", "1", "yes"), ("false", "0", "no")


class RowReader:
    """One map, ready to read rows."""

    def __init__(self, activity_map: ActivityMap, source: str) -> None:
        self.map, self.source = activity_map, source
        self._zone = ZoneInfo(activity_map.timezone) if activity_map.timezone else None
        self._translations = {
            field: {_folded(old): new for old, new in pairs.items()}
            for field, pairs in activity_map.values.items()
        }
        self._fields = tuple(
            {**activity_map.columns, **activity_map.cases, **activity_map.constants}
        )
        self._where = [_test(match) for match in activity_map.where]
        self._skip = [_test(match) for match in activity_map.skip]
        self._cases = {
            field: [(_test(case.when), case.value) for case in cases]
            for field, cases in activity_map.cases.items()
        }

    def refuse(self, message: str, row: int, field: str) -> NoReturn:
        raise BadInput(message, source=self.source, row=row, field=field)

    def events(self, row: Row, number: int) -> list[Event]:
        """The events of one row: none when the map leaves it out, several when it is split."""
        wanted = not self._where or any(_matches(row, test) for test in self._where)
        if not wanted or any(_matches(row, test) for test in self._skip):
            return []
        values: dict[EventField, str] = {}
        for field in self._fields:
            value = self._value(field, row, number)
            if value is None and field in REQUIRED:
                return []
            values[field] = value or ""
        separator = self.map.split.get("contact_id")
        contacts = values["contact_id"].split(separator) if separator else [values["contact_id"]]
        contacts = [name.strip() for name in contacts if name.strip()]
        if not contacts:
            self.refuse("is empty", number, "contact_id")
        made = [self._event(values, contact, number) for contact in contacts]
        return made if len(made) == 1 else [_named_after_contact(event) for event in made]

    def _value(self, field: EventField, row: Row, number: int) -> str | None:
        """The text of a field; None when its value is unknown and to be ignored."""
        for test, outcome in self._cases.get(field, ()):
            if _matches(row, test):
                return outcome
        column = self.map.columns.get(field)
        text = _cell(row, column) if column else ""
        known = self._translations.get(field)
        if text and (known is None or _folded(text) in known):
            return known[_folded(text)] if known else text
        if not text and field in self.map.constants:
            return self.map.constants[field]
        if not text and field not in self._cases:
            return ""
        if self.map.unknown.get(field) == "ignore":
            return None
        if not text and field not in REQUIRED:
            return ""
        return self._refuse_unknown(field, text, number)

    def _refuse_unknown(self, field: EventField, text: str, number: int) -> NoReturn:
        way = f"add it to the map, or set unknown: {{{field}: ignore}}"
        if text:
            column = self.map.columns[field]
            self.refuse(
                f"has {quoted(text)} in column {column}, which the map does not know; {way}",
                number,
                field,
            )
        self.refuse(f"fits none of the map's cases; {way}", number, field)

    def _event(self, values: dict[EventField, str], contact: str, number: int) -> Event:
        get = values.get
        at = self._moment(get("occurred_at", ""), number, "occurred_at")
        kind = self._category("kind", values, number) or ""
        draft = Event(
            event_id="",
            contact_id=contact,
            occurred_at=at,
            recorded_at=self._recorded(get("recorded_at", ""), at, kind, number),
            kind=kind,
            channel=self._category("channel", values, number),
            sentiment=self._category("sentiment", values, number),
            actor_id=get("actor_id") or None,
            account_id=get("account_id") or None,
            campaign_id=get("campaign_id") or None,
            relevance=self._number(get("relevance", ""), number),
            personalized=self._flag(get("personalized", ""), number),
            come_back_at=self._come_back(get("come_back_at", ""), at, kind, number),
        )
        # Without an id of its own an event is named after all it says.
        said = f"{draft!r}{draft.come_back_at or ''}"
        name = get("event_id") or digest(said.encode("utf-8", "surrogateescape"))
        return replace(draft, event_id=self.map.id_prefix + name)

    def _recorded(self, text: str, at: datetime, kind: str, number: int) -> datetime | None:
        """A record made before the thing happened was a plan: it is known when it happens."""
        if not text:
            return None
        recorded = self._moment(text, number, "recorded_at")
        return recorded if kind in AGREED_AHEAD else max(recorded, at)

    def _come_back(self, text: str, at: datetime, kind: str, number: int) -> datetime | None:
        """A date agreed in a reply; exports have dates of other kinds in the same column."""
        if not text or kind != "reply":
            return None
        agreed = self._moment(text, number, "come_back_at")
        return agreed if agreed > at else None

    def _category(
        self, field: EventField, values: dict[EventField, str], number: int
    ) -> str | None:
        value = values.get(field, "").lower()
        if value and value not in CATEGORIES[field]:
            allowed = listed(CATEGORIES[field])
            self.refuse(
                f"is {quoted(value)}, but must be one of {allowed}; translate it under values",
                number,
                field,
            )
        return value or None

    def _number(self, text: str, number: int) -> float | None:
        try:
            return float(text) if text else None
        except ValueError:
            self.refuse(f"is {quoted(text)}, but must be a number from 0 to 1", number, "relevance")

    def _flag(self, text: str, number: int) -> bool | None:
        small = text.lower()
        if small and small not in _YES + _NO:
            self.refuse(f"is {quoted(text)}, but must be true or false", number, "personalized")
        return small in _YES if small else None

    def _moment(self, text: str, number: int, field: str) -> datetime:
        if not text:
            self.refuse("is empty", number, field)
        for date in self.map.dates:
            try:
                found = parsed(text, date)
            except (ValueError, OverflowError):
                continue
            if found.tzinfo is not None:
                return found.astimezone(UTC)
            if self._zone is None:
                self.refuse(
                    f"is {quoted(text)} without an offset; add timezone to the map", number, field
                )
            return in_zone(found, self._zone, self.map.ambiguous_times)
        known = listed(self.map.dates)
        return self.refuse(f"is {quoted(text)}, none of the map's dates: {known}", number, field)


def _test(match: Match) -> Test:
    return tuple(
        (column, frozenset(_folded(value) for value in values), "*" in values)
        for column, values in match.items()
    )


def _matches(row: Row, test: Test) -> bool:
    """Whether each named column has one of the values; `*` is any text, an empty one nothing."""
    for column, values, any_text in test:
        cell = _cell(row, column)
        if not (any_text and cell) and _folded(cell) not in values:
            return False
    return True


def _cell(row: Row, column: str) -> str:
    value = row.get(column)
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value).strip()


def _folded(text: str) -> str:
    return text.strip().casefold()


def _named_after_contact(event: Event) -> Event:
    return replace(event, event_id=f"{event.event_id}>{event.contact_id}")
