"""What schemathesis cannot know of the API from its document: tables of names, and conditions on
two fields that JSON Schema cannot say.
"""

from __future__ import annotations

import copy
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import schemathesis
from hypothesis import strategies as st

from features.events.places import countries, timezones
from features.events.schema import AGREED_AHEAD, MAX_ID_LENGTH
from serving.stored.worklist import Place

_OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda m: timezone(timedelta(minutes=m)))
_MOMENTS = st.datetimes(datetime(1970, 1, 3), datetime(2199, 12, 29), timezones=_OFFSETS)  # noqa: DTZ001
_IDS = st.text(st.characters(min_codepoint=32, exclude_categories=["C"]), max_size=20)
_PLACES = st.builds(
    Place,
    st.tuples(st.floats(allow_nan=False, allow_infinity=False), _IDS, _IDS),
    st.integers(0, 500),
    st.floats(0, 100),
)


def register() -> None:
    """Tell schemathesis how the formats of the document are written."""
    for name, strategy in (
        ("date-time", _MOMENTS.map(datetime.isoformat)),
        ("iana-time-zone", st.sampled_from(sorted(timezones()))),
        ("iso-3166-1-alpha-2", st.sampled_from(sorted(countries()))),
        ("worklist-cursor", _PLACES.map(Place.cursor)),
    ):
        schemathesis.openapi.format(name, strategy)


def repaired(body: Any) -> Any:
    """The body with its events about its contact, and known no sooner than they happened.

    An empty time zone, or country, is none, which a format cannot say: another that is not one
    stands for it.
    """
    body = copy.deepcopy(body)
    for place in (body, body.get("contact")) if isinstance(body, dict) else ():
        for name in ("timezone", "country") if isinstance(place, dict) else ():
            if place.get(name) == "":
                place[name] = "Nowhere"
    for item in _asked(body):
        contact, since = item.get("contact"), _moment(item.get("hinted_since"))
        own = contact.get("contact_id") if isinstance(contact, dict) else None
        history = item.get("history")
        for number, event in enumerate(history if isinstance(history, list) else ()):
            if isinstance(event, dict):
                _repair(event, own, number)
        if since is not None:
            item["at"] = item["hinted_since"]
    return body


def _asked(body: Any) -> list[dict[str, Any]]:
    items = body.get("items") if isinstance(body, dict) else None
    found = items if isinstance(items, list) else [body]
    return [item for item in found if isinstance(item, dict)]


def _repair(event: dict[str, Any], contact_id: Any, number: int) -> None:
    named = event.get("contact_id")
    if isinstance(named, str) and 0 < len(named) <= MAX_ID_LENGTH:
        event["contact_id"] = contact_id
    if event.get("event_id") and isinstance(event["event_id"], str):
        event["event_id"] = f"e{number}"
    recorded, occurred = _moment(event.get("recorded_at")), _moment(event.get("occurred_at"))
    if recorded and occurred and recorded < occurred and event.get("kind") not in AGREED_AHEAD:
        event["recorded_at"] = event["occurred_at"]
    _agree(event)


def _agree(event: dict[str, Any]) -> None:
    """A date is agreed for later; one that is not is left out."""
    agreed, occurred = _moment(event.get("come_back_at")), _moment(event.get("occurred_at"))
    if agreed and occurred and agreed <= occurred:
        event["come_back_at"] = None


def _moment(value: Any) -> datetime | None:
    """A moment that events may have, or None: what is to be refused stays as it is."""
    try:
        moment = datetime.fromisoformat(value).astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        return None
    return moment if 1970 <= moment.year <= 2199 else None


@schemathesis.hook
def map_body(context: object, body: Any) -> Any:
    return repaired(body)


register()
