"""A mailbox to events: mails of the organisation are touches, what comes back are responses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pyarrow as pa

from features.errors import BadInput, BadSetting
from features.ingest.addresses import person
from features.ingest.event import events_table
from features.ingest.mail import Mail, Unreadable, parse_mail
from features.ingest.mail_files import mail_files, read_mails
from features.ingest.mail_threads import MailEvents, events_of

#: So many unusable mails are named in the summary.
NAMED = 3


@dataclass
class MailboxRead:
    """What a mailbox held."""

    mails: int = 0
    copies: int = 0
    left_out: int = 0
    threads: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    sentiments: Counter[str] = field(default_factory=Counter)
    unusable: list[str] = field(default_factory=list)

    def sentence(self) -> str:
        counts = [_count(self.kinds[kind], one, many) for kind, one, many in _NAMES]
        moods = ", ".join(f"{n:,} {mood}" for mood, n in sorted(self.sentiments.items()))
        text = (
            f"{_count(self.mails, 'mail', 'mails')}: {_count(self.threads, 'thread', 'threads')} "
            f"with {', '.join(counts[:-1])} and {counts[-1]}"
            + (f" (replies: {moods})" if moods else "")
            + f"; left out {_count(self.left_out, 'mail', 'mails')} outside of threads or after "
            f"the answer, {self.copies:,} copies and {self.unusable_count:,} unusable"
        )
        named = "; ".join(self.unusable[:NAMED])
        more = ", ..." if self.unusable_count > NAMED else ""
        return f"{text} ({named}{more})." if named else f"{text}."

    @property
    def unusable_count(self) -> int:
        return len(self.unusable)


_NAMES = (
    ("touch", "touch", "touches"),
    ("reply", "reply", "replies"),
    ("meeting", "meeting", "meetings"),
    ("opt_out", "opt-out", "opt-outs"),
    ("complaint", "complaint", "complaints"),
    ("auto_reply", "automatic answer", "automatic answers"),
    ("bounce", "bounce", "bounces"),
)


def read_mailbox(
    path: Path, me: Sequence[str], progress: Callable[[int], object] = lambda _: None
) -> tuple[pa.Table, MailboxRead]:
    """The events of a mailbox (mbox file, Maildir, .eml, or a folder of these), ordered by time.

    `me` are the organisation's own addresses; `progress` is told the bytes read. Raises
    `BadSetting` for an address that is none and `BadInput` when there is no mail or none from `me`.
    """
    own = own_addresses(me)
    summary = MailboxRead()
    mails = _usable(mail_files(path), own, summary, progress)
    if not any(mail.sender in own for mail in mails):
        raise BadInput(
            f"has no usable mail from {', '.join(sorted(own))}; name your own addresses with --me",
            source=str(path),
        )
    found = events_of(mails, own)
    if not found.events:
        raise BadInput("has mail from you, but none of it to a person", source=str(path))
    _count_events(found, summary)
    return events_table(found.events), summary


def own_addresses(me: Sequence[str]) -> frozenset[str]:
    """The addresses given with `--me`, spelt as in mails: small letters, no tag, "x at y" read."""
    found = {given: person(given) for given in me}
    for given, who in found.items():
        if who is None:
            raise BadSetting(f"--me {given} is not a mail address such as ann@example.org")
    return frozenset(who for who in found.values() if who)


def _usable(
    files: Iterable[Path],
    own: frozenset[str],
    summary: MailboxRead,
    progress: Callable[[int], object],
) -> list[Mail]:
    """Every mail once; of several copies the first counts, with the lists any of them names."""
    mails: dict[str, Mail] = {}
    for file in files:
        for raw in read_mails(file):
            summary.mails += 1
            try:
                mail = parse_mail(raw, own)
            except Unreadable as problem:
                summary.unusable.append(f"{raw.place} {problem}")
            else:
                first = mails.setdefault(mail.message_id, mail)
                summary.copies += first is not mail
                mails[mail.message_id] = replace(first, lists=first.lists + mail.lists)
            progress(len(raw.data))
    return list(mails.values())


def _count_events(found: MailEvents, summary: MailboxRead) -> None:
    events = found.events
    summary.kinds.update(event.kind for event in events)
    summary.sentiments.update(
        event.sentiment or "unknown" for event in events if event.kind == "reply"
    )
    summary.threads = len({(e.contact_id, e.campaign_id) for e in events if e.kind == "touch"})
    usable = summary.mails - summary.copies - summary.unusable_count
    summary.left_out = usable - found.used


def _count(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"
