"""Touches and responses from mails: who was written to, what came back, when a thread ended."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from features.ingest.conversations import conversations
from features.ingest.event import Event, stable_id
from features.ingest.mail import Mail
from features.ingest.signals import Signal

#: After the answer, mails are conversation; after this much silence a new thread begins.
NEW_THREAD_AFTER = timedelta(days=90)
#: An automatic answer without references belongs to a touch of the same person this recent.
AUTOMATIC_WITHIN = timedelta(days=7)


@dataclass
class Thread:
    """What was said between the organisation and one contact in one conversation."""

    contact: str
    conversation: str
    actor: str
    last_at: datetime
    round: int = 1
    ended: bool = False

    @property
    def campaign(self) -> str:
        return self.conversation if self.round == 1 else f"{self.conversation}#{self.round}"


@dataclass(frozen=True, slots=True)
class MailEvents:
    """Events in order of time, and how many mails they come from."""

    events: list[Event]
    used: int


def events_of(mails: Sequence[Mail], own: Collection[str]) -> MailEvents:
    """The events in mails of which every Message-ID is there once."""
    reading = _Reading(_in_order(mails, own), own)
    for mail, conversation in zip(reading.mails, reading.names, strict=True):
        if mail.sender in own:
            reading.sent(mail, conversation)
        else:
            reading.received(mail, conversation)
    return MailEvents(reading.events, len(reading.used))


def _in_order(mails: Sequence[Mail], own: Collection[str]) -> list[Mail]:
    """By time; an answer never stands before the mail of ours it answers, whatever its clock."""
    sent = {mail.message_id: mail.at for mail in mails if mail.sender in own}
    kept = []
    for mail in mails:
        asked = sent.get(mail.parents[-1]) if mail.parents and mail.sender not in own else None
        late = asked is not None and mail.at < asked
        kept.append(replace(mail, at=max(asked, mail.known_at)) if asked and late else mail)
    return sorted(kept, key=lambda mail: (mail.at, mail.sender not in own))


class _Reading:
    """Mails read in order, with what is known so far."""

    def __init__(self, mails: list[Mail], own: Collection[str]) -> None:
        self.mails, self.own = mails, own
        self.lists = {address for mail in mails for address in mail.lists}
        self.names = conversations(mails, own, self.lists)
        self.events: list[Event] = []
        self.used: set[str] = set()
        self._by_id = {mail.message_id: mail for mail in mails}
        self._threads: dict[tuple[str, str], Thread] = {}
        self._touched: dict[str, list[Thread]] = {}
        self._latest: dict[str, tuple[datetime, Thread]] = {}
        self._unsubscribe: dict[str, str] = {}

    def sent(self, mail: Mail, conversation: str) -> None:
        """A mail of the organisation touches each contact whose thread has not ended."""
        if mail.automatic:
            return
        for contact in self._contacts(mail):
            thread = self._opened(contact, conversation, mail)
            if not thread.ended:
                self._emit(mail, thread, "touch", None)
                thread.actor = mail.sender
                self._touched.setdefault(mail.message_id, []).append(thread)
                self._latest[contact] = (mail.at, thread)
            thread.last_at = mail.at
        for address in mail.unsubscribe:
            # An address used for several mails tells only who writes to it, not about which.
            known = self._unsubscribe.setdefault(address, mail.message_id)
            self._unsubscribe[address] = mail.message_id if known == mail.message_id else ""

    def received(self, mail: Mail, conversation: str) -> None:
        """A mail from outside responds to a thread, or is left out."""
        signal = mail.signal
        if signal is None or signal.kind == "none":
            return
        if any(address in self._unsubscribe for address in mail.addressed):
            self._opt_out_by_address(mail, conversation)
        elif signal.kind in ("bounce", "complaint") or signal.about:
            for reported in self._reported(signal):
                self._respond(mail, reported, signal)
        elif (answered := self._answered(mail, conversation, signal)) is not None:
            self._respond(mail, answered, signal)

    def _respond(self, mail: Mail, thread: Thread, signal: Signal) -> None:
        final = signal.kind in ("meeting", "opt_out", "complaint")
        if final or not thread.ended:
            self._emit(mail, thread, signal.kind, signal.sentiment)
        thread.last_at = mail.at
        thread.ended |= final or (signal.kind == "reply" and signal.sentiment != "neutral")

    def _opened(self, contact: str, conversation: str, mail: Mail) -> Thread:
        fresh = Thread(contact, conversation, mail.sender, mail.at)
        thread = self._threads.setdefault((contact, conversation), fresh)
        if thread.ended and mail.at - thread.last_at > NEW_THREAD_AFTER:
            thread = replace(fresh, round=thread.round + 1)
            self._threads[contact, conversation] = thread
        return thread

    def _contacts(self, mail: Mail) -> tuple[str, ...]:
        """Whom a mail of ours approaches: To, else Cc, else (on a list) whom it answers."""
        seen = set[str]()
        while mail.message_id not in seen:
            seen.add(mail.message_id)
            for persons in (mail.to, mail.cc):
                if outside := self._outside(persons):
                    return outside
            addressed = (*mail.to, *mail.cc)
            if addressed and not any(who in self.lists for who in addressed):
                return ()  # among ourselves
            parent = next((self._by_id[p] for p in mail.parents[::-1] if p in self._by_id), None)
            if parent is None:
                return ()
            if parent.sender not in self.own:
                return self._outside([parent.sender])
            # A follow-up to our own mail goes to whom that one went.
            mail = parent
        return ()

    def _outside(self, persons: Iterable[str]) -> tuple[str, ...]:
        return tuple(who for who in persons if who not in self.own and who not in self.lists)

    def _reported(self, signal: Signal) -> list[Thread]:
        """The threads a bounce or complaint is about: by the mail returned, else by the person."""
        if signal.original in self._by_id:
            threads = self._touched.get(signal.original or "", [])
            named = [thread for thread in threads if thread.contact in signal.about]
            return named or (threads if len(threads) == 1 else [])
        return [self._latest[who][1] for who in signal.about if who in self._latest]

    def _answered(self, mail: Mail, conversation: str, signal: Signal) -> Thread | None:
        for parent in reversed(mail.parents):
            for thread in self._touched.get(parent, []):
                if thread.contact == mail.sender:
                    return self._threads[thread.contact, thread.conversation]
        same = self._threads.get((mail.sender, conversation))
        to_us = any(who in self.own for who in (*mail.to, *mail.cc))
        # On a list an answer to somebody else is none to us; one to a mail not in here may be.
        if same and (to_us or not mail.parents or mail.parents[-1] not in self._by_id):
            return same
        return self._from_elsewhere(mail) or self._without_reference(mail, signal, to_us)

    def _from_elsewhere(self, mail: Mail) -> Thread | None:
        """A contact who answers from another address: the mail answered had one recipient."""
        parent = mail.parents[-1] if mail.parents else ""
        threads = self._touched.get(parent, [])
        if len(threads) != 1 or mail.lists or mail.sender in self._latest:
            return None
        asked = self._by_id[parent]
        alone = self._outside([*asked.to, *asked.cc]) == (threads[0].contact,)
        listed = any(who in self.lists for who in (*asked.to, *asked.cc))
        return threads[0] if alone and not listed else None

    def _without_reference(self, mail: Mail, signal: Signal, to_us: bool) -> Thread | None:
        at, thread = self._latest.get(mail.sender, (mail.at, None))
        if signal.kind == "auto_reply":
            return thread if mail.at - at <= AUTOMATIC_WITHIN else None
        return thread if signal.kind == "opt_out" and to_us else None

    def _opt_out_by_address(self, mail: Mail, conversation: str) -> None:
        """A mail to an address of a List-Unsubscribe header, whatever it says."""
        about = [self._unsubscribe.get(address, "") for address in mail.addressed]
        threads = next((self._touched[one] for one in about if one in self._touched), [])
        named = [thread for thread in threads if thread.contact == mail.sender]
        found = named or (threads if len(threads) == 1 else [])
        found = found or [self._latest[mail.sender][1]] if mail.sender in self._latest else found
        signal = Signal("opt_out", "List-Unsubscribe")
        if found:
            self._respond(mail, found[0], signal)
        else:
            self._emit(mail, Thread(mail.sender, conversation, "", mail.at), "opt_out", None)

    def _emit(self, mail: Mail, thread: Thread, kind: str, sentiment: str | None) -> None:
        self.used.add(mail.message_id)
        self.events.append(
            Event(
                event_id=stable_id(f"{mail.message_id}>{thread.contact}"),
                contact_id=thread.contact,
                occurred_at=mail.at,
                recorded_at=mail.at if kind == "touch" else mail.known_at,
                kind=kind,
                channel="email",
                sentiment=sentiment,
                actor_id=thread.actor if kind != "touch" else mail.sender,
                campaign_id=thread.campaign,
            )
        )
