"""One mail as the importer sees it: who, to whom, when, in answer to what, and what it says."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import Message
from email.utils import parsedate_to_datetime

from features.events.schema import FIRST_YEAR, LAST_YEAR
from features.ingest.addresses import addresses, decoded, exact, people
from features.ingest.event import digest
from features.ingest.mail_files import RawMail
from features.ingest.signals import Signal, signal_of

#: A mail server gives up after days (RFC 5321 section 4.5.4.1): a Date further from the time of
#: receipt is a wrong clock.
EARLIEST_BEFORE_RECEIPT = timedelta(days=7)
LATEST_AFTER_RECEIPT = timedelta(days=1)

_ID = re.compile(r"<([^<>]+)>")
_MAILTO = re.compile(r"<mailto:([^?>]+)", re.IGNORECASE)
_LIST_ID = re.compile(r"<([^<>.@\s]+)\.([^<>@\s]+)>")


class Unreadable(ValueError):
    """A mail that cannot be used; the text says why."""


@dataclass(frozen=True, slots=True)
class Mail:
    """A parsed mail; persons are spelt as by `addresses.person`.

    `parents` are Message-IDs of the mails it stands on, oldest first. `signal` is None for the
    organisation's own mails. `received_at` is None where no server left a mark.
    """

    place: str
    message_id: str
    parents: tuple[str, ...]
    sender: str
    to: tuple[str, ...]
    cc: tuple[str, ...]
    addressed: tuple[str, ...]
    lists: tuple[str, ...]
    unsubscribe: tuple[str, ...]
    subject: str
    at: datetime
    received_at: datetime | None
    signal: Signal | None
    automatic: bool

    @property
    def known_at(self) -> datetime:
        """When it was learned of: at receipt, never before it was sent."""
        return max(self.at, self.received_at or self.at)


def parse_mail(raw: RawMail, own: Collection[str]) -> Mail:
    """Read one mail; raises `Unreadable` when it has no sender or no date, or cannot be parsed.

    `own` are the organisation's addresses: their mails are not searched for what they say.
    """
    try:
        # The compat32 policy reads headers as they are; the default one parses each on access
        # and fails on malformed ones.
        message = message_from_bytes(raw.data)
        mail = _mail(message, raw)
        if mail.sender in own:
            return replace(mail, automatic=_automatic(message))
        return replace(mail, signal=signal_of(message))
    except Unreadable:
        raise
    except Exception as problem:  # the standard parser raises nearly anything on hostile mail
        raise Unreadable(f"cannot be parsed ({type(problem).__name__})") from problem


def _mail(message: Message, raw: RawMail) -> Mail:
    senders = people(_all(message, "From") or _all(message, "Sender"))
    # A bounce may come from nobody.
    sender = senders[0] if senders else "mailer-daemon"
    if not senders and message.get_content_type() != "multipart/report":
        raise Unreadable("has no sender")
    received_at = _received(message)
    at = _sent(message, received_at) or received_at or moment(raw.separator[5:])
    if at is None:
        raise Unreadable("has no usable date")
    to = _all(message, "To")
    hidden = _all(message, "Cc") + _all(message, "Bcc")
    ids = _ID.findall(" ".join(_all(message, "Message-ID")))
    return Mail(
        place=raw.place,
        message_id=_clean(ids[0]) if ids else f"blake2-{digest(raw.data)}",
        parents=_parents(message),
        sender=sender,
        to=people(to),
        cc=people(hidden),
        addressed=tuple(exact(a) for header in to + hidden for a in addresses(header)),
        lists=_lists(message),
        unsubscribe=tuple(
            exact(a) for h in _all(message, "List-Unsubscribe") for a in _MAILTO.findall(h)
        ),
        subject=decoded(" ".join(_all(message, "Subject")[:1])),
        at=at,
        received_at=received_at,
        signal=None,
        automatic=False,
    )


def _parents(message: Message) -> tuple[str, ...]:
    """References, then In-Reply-To's first id, which is the mail answered (RFC 5322 3.6.4)."""
    references = _ID.findall(" ".join(_all(message, "References")))
    answered = _ID.findall(" ".join(_all(message, "In-Reply-To")))[:1]
    found = [_clean(one) for one in references + answered]
    # Keep the last place of an id that is in both.
    return tuple(dict.fromkeys(reversed(found)))[::-1]


def _lists(message: Message) -> tuple[str, ...]:
    """Addresses of the mailing lists that carried it (RFC 2369, RFC 2919, Mailman)."""
    post = [a for header in _all(message, "List-Post") for a in _MAILTO.findall(header)]
    named = [f"{a}@{b}" for header in _all(message, "List-Id") for a, b in _LIST_ID.findall(header)]
    return people(post + named + _all(message, "X-BeenThere"))


def _sent(message: Message, received_at: datetime | None) -> datetime | None:
    at = next((found for value in _all(message, "Date") if (found := moment(value))), None)
    if at is None or received_at is None:
        return at
    ahead = at - received_at
    return at if -EARLIEST_BEFORE_RECEIPT <= ahead <= LATEST_AFTER_RECEIPT else None


def _received(message: Message) -> datetime | None:
    """The last server's mark, which stands first."""
    marks = (moment(value.rsplit(";", 1)[-1]) for value in _all(message, "Received"))
    return next((mark for mark in marks if mark), None)


def moment(text: str) -> datetime | None:
    """A mail date in UTC; None when it is none. Without an offset it is read as UTC.

    >>> moment("Wed, 4 Apr 2018 14:15:16 -0700").isoformat()
    '2018-04-04T21:15:16+00:00'
    >>> moment("u1 at example.org  Wed Apr  4 15:41:03 2018").isoformat(), moment("soon")
    ('2018-04-04T15:41:03+00:00', None)
    """
    found = re.search(r"\w{3} (\w{3}) +(\d{1,2}) (\d\d:\d\d(?::\d\d)?)(?: \S+)? (\d{4})", text)
    if found:
        month, day, clock, year = found.groups()
        text = f"{day} {month} {year} {clock}"
    try:
        at = parsedate_to_datetime(text.strip())
        at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return at if FIRST_YEAR < at.year <= LAST_YEAR else None


def _automatic(message: Message) -> bool:
    value = str(message.get("Auto-Submitted", "no")).split(";")[0].strip().lower()
    return value == "auto-replied"


def _all(message: Message, name: str) -> list[str]:
    return [" ".join(str(value).split()) for value in message.get_all(name, [])]


def _clean(message_id: str) -> str:
    return "".join(message_id.split())
