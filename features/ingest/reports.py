"""Machine-readable reports about mails: their fields, and the mail they return."""

from __future__ import annotations

import re
from email import message_from_string
from email.message import Message

from features.ingest.addresses import addresses, person
from features.ingest.reply_text import own_parts, part_text


def part_of(mail: Message, *types: str) -> Message | None:
    """The first part of one of these types."""
    return next((part for part in own_parts(mail) if part.get_content_type() in types), None)


def blocks(report: Message) -> list[Message]:
    """The header blocks of a machine-readable report, however the parser cut them."""
    payload = report.get_payload()
    found: list[Message] = []
    for part in payload if isinstance(payload, list) else [payload]:
        if isinstance(part, Message):
            found.append(part)
            rest = part.get_payload()
            found += _parsed_blocks(rest) if isinstance(rest, str) else []
        elif isinstance(part, str):
            found += _parsed_blocks(part)
    return found


def _parsed_blocks(text: str) -> list[Message]:
    return [message_from_string(block) for block in re.split(r"\n\s*\n", text) if block.strip()]


def original_mail(mail: Message) -> Message | None:
    """The mail a report returns, whole or its headers only."""
    for part in own_parts(mail):
        payload = part.get_payload()
        enclosed = ("message/rfc822", "message/global", "message/global-headers")
        if part.get_content_type() in enclosed and isinstance(payload, list) and payload:
            return payload[0] if isinstance(payload[0], Message) else None
        if part.get_content_type() == "text/rfc822-headers":
            return message_from_string(part_text(part))
    return None


def id_of(original: Message | None) -> str | None:
    """The Message-ID of a returned mail."""
    found = re.search(r"<([^<>]+)>", str(original.get("Message-ID", ""))) if original else None
    return found[1].strip() if found else None


def recipients(original: Message | None) -> tuple[str, ...]:
    """To whom a returned mail was written."""
    return persons([str(value) for value in original.get_all("To", [])]) if original else ()


def persons(values: list[str]) -> tuple[str, ...]:
    """The persons in fields of a report such as Final-Recipient, without repeats."""
    # A recipient field is "type; address" (RFC 3464 section 2.3).
    texts = [value.split(";", 1)[-1] for value in values]
    found = [person(address) for text in texts for address in addresses(text)]
    return tuple(dict.fromkeys(who for who in found if who))


def all_values(blocks: list[Message], name: str) -> list[str]:
    """Every value of a field in several blocks."""
    return [str(value) for block in blocks for value in block.get_all(name, [])]


def first_value(blocks: list[Message], name: str) -> str:
    """The first value of a field, "" when there is none."""
    return next((value.strip() for value in all_values(blocks, name)), "")
