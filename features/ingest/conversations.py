"""Which mails belong together: by references, then by subject, people and time.

After J. Zawinski's threading algorithm (jwz.org/doc/threading.html), of which only the sets of
mails are needed here, not the trees.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta

from features.ingest.event import stable_id
from features.ingest.mail import Mail

#: Mails with one subject between the same people belong together when no further apart.
SUBJECT_WINDOW = timedelta(days=90)

_PREFIX = re.compile(
    r"^(?:(?:re|fwd?|aw|wg|sv|vs|antw|antwort|tr|rv|doorst|r)(?:\[\d+\]|\(\d+\)|\^\d+)? ?:"
    r"|\[[^\]]{1,40}\]) *",
    re.IGNORECASE,
)
_ANSWER = re.compile(
    r"^(?:\[[^\]]{1,40}\] *)?(?:re|aw|sv|vs|antw|antwort|r)(?:\[\d+\]|\(\d+\)|\^\d+)? ?:",
    re.IGNORECASE,
)


def base_subject(subject: str) -> str:
    """The subject without reply marks and list tags, in small letters.

    >>> base_subject("AW: [jobs] Re: Fwd:  Backend  engineer")
    'backend engineer'
    """
    text = " ".join(subject.split())
    while (shorter := _PREFIX.sub("", text, count=1)) != text:
        text = shorter
    return text.lower()


def conversations(mails: Sequence[Mail], own: Collection[str], lists: Collection[str]) -> list[str]:
    """The conversation of each mail, named after the Message-ID of its first known mail.

    `mails` are in the order of time.
    """
    sets = _Sets()
    for mail in mails:
        sets.join([*mail.parents, mail.message_id])
    _join_by_subject(mails, sets, {*own, *lists})
    first: dict[str, str] = {}
    for mail in mails:
        first.setdefault(sets.root(mail.message_id), (*mail.parents, mail.message_id)[0])
    return [stable_id(first[sets.root(mail.message_id)]) for mail in mails]


def _join_by_subject(mails: Sequence[Mail], sets: _Sets, aside: Collection[str]) -> None:
    """Join a mail without known parents to the last one of its subject among its people."""
    latest: dict[tuple[str, str], tuple[datetime, str]] = {}
    known: set[str] = set()
    for mail in mails:
        subject = base_subject(mail.subject)
        outsiders = [who for who in (mail.sender, *mail.to, *mail.cc) if who not in aside]
        keys = [(subject, who) for who in outsiders]
        if _ANSWER.match(mail.subject):
            # An archive names no recipients: there "Re:" alone joins.
            keys += [(subject, "")] if not mail.to and not mail.cc else []
        if subject and known.isdisjoint(mail.parents):
            near = [latest[key] for key in keys if key in latest]
            near = [(at, other) for at, other in near if mail.at - at <= SUBJECT_WINDOW]
            if near:
                sets.join([max(near)[1], mail.message_id])
        for key in [*keys, (subject, "")]:
            latest[key] = (mail.at, mail.message_id)
        known.add(mail.message_id)


class _Sets:
    """Disjoint sets of names, joined as they are found to belong together."""

    def __init__(self) -> None:
        self._above: dict[str, str] = {}

    def join(self, names: Iterable[str]) -> None:
        first, *others = (self.root(name) for name in names)
        for other in others:
            self._above[self.root(other)] = self.root(first)

    def root(self, name: str) -> str:
        path = []
        while (above := self._above.get(name, name)) != name:
            path.append(name)
            name = above
        for passed in path:
            self._above[passed] = name
        return name
