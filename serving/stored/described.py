"""What describes a contact, checked: by the rules of contacts in files."""

from __future__ import annotations

from features.events.contacts import contact_row
from features.store.events import MAX_ID_BYTES
from features.store.people import Person
from serving.problems import FieldError, invalid

_DESCRIBES = ("timezone", "country", "attributes")


def contact_id_of(text: str) -> str:
    """An id out of a path, checked; raises Problem."""
    _, problems = contact_row(text)
    errors = [FieldError(p.field or "", p.message) for p in problems] or too_long(
        "contact_id", text
    )
    if errors:
        raise invalid(errors)
    return text


def person_of(value: object, contact_id: str | None = None) -> Person:
    """A person from JSON: an object with what describes them, and with their id if none is given.

    Raises Problem naming the fields at fault.
    """
    known = _DESCRIBES if contact_id is not None else ("contact_id", *_DESCRIBES)
    if not isinstance(value, dict):
        raise invalid([FieldError("", f"must be a JSON object with {', '.join(known)}")])
    errors = [
        FieldError(str(name)[:100], "is not a field; put it into attributes")
        for name in value
        if name not in known
    ]
    attributes = value.get("attributes")
    if attributes is not None and not isinstance(attributes, dict):
        errors.append(FieldError("attributes", "must be an object"))
        attributes = None
    own = value.get("contact_id") if contact_id is None else contact_id
    row, problems = contact_row(own, value.get("timezone"), value.get("country"), attributes)
    errors += [FieldError(p.field or "", p.message) for p in problems] or too_long(
        "contact_id", own
    )
    if errors:
        raise invalid(errors)
    timezone, country = row["timezone"], row["country"]
    given = {name: row[name] for name in row if name in (attributes or {})}
    return Person(
        str(own),
        None if timezone is None else str(timezone),
        None if country is None else str(country),
        given,
    )


def too_long(field: str, value: object) -> list[FieldError]:
    """What is wrong with the length of an id, if anything."""
    size = len(str(value).encode())
    if size <= MAX_ID_BYTES:
        return []
    return [FieldError(field, f"is {size:,} bytes long; at most {MAX_ID_BYTES:,} are stored")]
