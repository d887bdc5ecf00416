"""Mail addresses as people: one spelling per person, from the headers of any dialect."""

from __future__ import annotations

import re
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.utils import getaddresses

_PLAIN = re.compile(r"[^@\s<>,;:\"()]+@[^@\s<>,;:\"()]+")
#: RFC 5321 section 4.5.3.1: 64 for the local part, 255 for the domain.
_LONGEST = 320
_AT = re.compile(r"(?<![\w@.])([^\s<>()\",;:@]+) at ((?:[\w-]+\.)+[\w-]+)", re.ASCII)
#: Mailman 2 archives may hide addresses further: "m@rk @ending from gm@il@com (Mark)".
_VEILED = re.compile(r"\s*(\S.*@.*?)\s*(?:\([^()]*\)\s*)?")


def person(address: str) -> str | None:
    """The one spelling of a person's address: small letters, no `+tag`; None when it is none.

    Archives hide addresses: "x at y" is `x@y`; a veiled one that cannot be undone is kept as is.

    >>> person("Ann.Lee+jobs@Example.ORG"), person("ann.lee at example.org"), person("the team")
    ('ann.lee@example.org', 'ann.lee@example.org', None)
    """
    text = " ".join(address.split()).lower()
    if "@" not in text:
        text = _AT.sub(r"\1@\2", text)
    if len(text) > _LONGEST or not text.isprintable():
        return None
    if not _PLAIN.fullmatch(text):
        return text if "@" in text and " " in text else None
    local, domain = text.rsplit("@", 1)
    return f"{local.split('+', 1)[0] or local}@{domain.rstrip('.')}"


def exact(address: str) -> str:
    """An address with its tag, for addresses made for one mail (unsubscribe, bounces)."""
    return address.strip().strip("<>").lower()


def people(headers: list[str]) -> tuple[str, ...]:
    """The persons in address headers such as To or Cc, in order, without repeats.

    >>> people(['"Lee, Ann" <Ann@Example.org>, bob@example.org', "undisclosed-recipients:;"])
    ('ann@example.org', 'bob@example.org')
    >>> people(["m@rk @ending from gm@il@com (Mark)"])
    ('m@rk @ending from gm@il@com',)
    """
    found = [person(address) for header in headers for address in addresses(header)]
    return tuple(dict.fromkeys(who for who in found if who))


def addresses(header: str) -> list[str]:
    """The addresses in one header as written."""
    text = decoded(header)
    if "@" not in text:
        text = _AT.sub(r"\1@\2", text)
    found = [address for _, address in getaddresses([text]) if _PLAIN.fullmatch(address)]
    if found or "@" not in text:
        return found
    loose = _PLAIN.findall(text)
    if len(loose) == 1 and " @" not in text:
        return loose
    veiled = _VEILED.fullmatch(text)
    return [veiled[1]] if veiled else []


def decoded(header: str) -> str:
    """A header on one line with its encoded words (RFC 2047) read."""
    text = " ".join(header.split())
    if "=?" not in text:
        return text
    try:
        return str(make_header(decode_header(text)))
    except (HeaderParseError, LookupError, ValueError):
        return text
