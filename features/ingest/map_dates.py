"""Dates as exports write them, to moments."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo


def in_zone(local: datetime, zone: ZoneInfo, ambiguous: str) -> datetime:
    """A local time in UTC.

    A time that the clocks show twice is the `earlier` or `later` of the two; one that they skip
    is read with the offset before the change, so 02:30 becomes 03:30 summer time.
    """
    at = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if ambiguous == "later" and at.astimezone(zone).replace(tzinfo=None, fold=0) == local:
        return local.replace(tzinfo=zone, fold=1).astimezone(UTC)
    return at


def parsed(text: str, date: str) -> datetime:
    """A text read by one of a map's `dates`; without a zone where the text names none.

    Raises `ValueError` or `OverflowError` when it does not fit.
    """
    if date == "iso":
        if len(text) <= 10:
            raise ValueError("a date without a time of day")
        return datetime.fromisoformat(text)
    if date == "epoch_seconds":
        return datetime.fromtimestamp(int(text), UTC)
    if date == "epoch_milliseconds":
        seconds, milliseconds = divmod(int(text), 1000)
        return datetime.fromtimestamp(seconds, UTC).replace(microsecond=milliseconds * 1000)
    return datetime.strptime(text, date)  # noqa: DTZ007
