"""Moments as options of commands give them."""

from __future__ import annotations

from datetime import datetime

from features.errors import BadInput


def moment_of(text: str, option: str) -> datetime:
    """The moment that an option names; raises BadInput for none, or one without an offset.

    >>> moment_of("2026-06-01T00:00:00Z", "--at").year
    2026
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        message = f"{text!r} is not a time such as 2026-06-01T00:00:00Z"
        raise BadInput(message, field=option) from None
    if moment.tzinfo is None:
        raise BadInput(f"{text!r} has no offset; write {text}Z for UTC", field=option)
    return moment
