"""Moments: aware datetimes, and microseconds since 1970 UTC, in which all is stored and counted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from features.errors import BadInput, BadSetting

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def microseconds(moment: datetime) -> int:
    """Microseconds since 1970 of an aware datetime; raises BadSetting for one without an offset.

    >>> microseconds(datetime(1970, 1, 2, tzinfo=UTC))
    86400000000
    """
    try:
        return (moment - EPOCH) // MICROSECOND
    except TypeError:
        said = f"{moment.isoformat()} has no UTC offset; write it as '...+00:00'"
        raise BadSetting(said) from None


def moment_of(us: int) -> datetime:
    """The moment, in UTC, so many microseconds after 1970.

    >>> moment_of(86_400_000_000).isoformat()
    '1970-01-02T00:00:00+00:00'
    """
    return EPOCH + us * MICROSECOND


def moment_said(text: str, option: str) -> datetime:
    """The moment that an option names; raises BadInput for none, or one without an offset.

    >>> moment_said("2026-06-01T00:00:00Z", "--at").year
    2026
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        message = f"{text!r} is not a time such as 2026-06-01T00:00:00Z"
        raise BadInput(message, field=option) from None
    if moment.tzinfo is None:
        raise BadInput(f"{text!r} has no offset; write {moment.isoformat()}Z for UTC", field=option)
    return moment
