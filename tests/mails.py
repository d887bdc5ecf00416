"""Mails and mailboxes for tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pyarrow as pa

from features.ingest.mbox import MailboxRead, read_mailbox

ME = "ann@agency.test"
BOB = "bob@home.test"
START = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


@dataclass
class Mail:
    """One mail; `day` counts from `START`, `extra` are further header lines."""

    sender: str
    to: str = ""
    day: float = 0.0
    subject: str = "Backend engineer"
    id: str = ""
    answers: str = ""
    extra: str = ""
    body: str = "Hello"
    kind: str = "text/plain; charset=utf-8"

    def text(self) -> str:
        at = START + timedelta(days=self.day)
        lines = [f"From: {self.sender}", f"Date: {format_datetime(at)}", f"Subject: {self.subject}"]
        lines += [f"To: {self.to}"] if self.to else []
        lines += [f"Message-ID: <{self.id}>"] if self.id else []
        if self.answers:
            lines += [f"In-Reply-To: <{self.answers}>", f"References: <{self.answers}>"]
        lines += [self.extra.strip("\n")] if self.extra else []
        return "\n".join([*lines, f"Content-Type: {self.kind}", "", self.body, ""])


def sent(id: str, day: float = 0.0, to: str = BOB, **more: str) -> Mail:
    return Mail(ME, to, day, id=id, **more)


def answer(id: str, answers: str, day: float, body: str = "Sounds good.", **more: str) -> Mail:
    sender = more.pop("sender", BOB)
    subject = more.pop("subject", "Re: Backend engineer")
    return Mail(sender, ME, day, subject, id, answers, body=body, **more)


def write_mbox(path: Path, mails: Sequence[Mail | str]) -> Path:
    texts = [mail if isinstance(mail, str) else mail.text() for mail in mails]
    parts = [f"From x at y  Mon Jan  5 09:00:00 2026\n{text}\n" for text in texts]
    path.write_bytes("".join(parts).encode("utf-8", "surrogatepass"))
    return path


def read(folder: Path, mails: Sequence[Mail | str], me: str = ME) -> tuple[pa.Table, MailboxRead]:
    return read_mailbox(write_mbox(folder / "box.mbox", mails), [me])


def story(table: pa.Table) -> list[tuple[str, ...]]:
    """Each event as (kind, contact, sentiment or "")."""
    rows = table.to_pylist()
    return [(row["kind"], row["contact_id"], row["sentiment"] or "") for row in rows]
