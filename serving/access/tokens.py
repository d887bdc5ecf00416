"""Secrets that are handed out once and kept as digests.

A token has 256 random bits, so nobody can guess or enumerate it, and a plain SHA-256 of it tells
nothing: slow password hashes are for secrets that people choose.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass

_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"
_FORM = re.compile(r"fl_([a-z2-7]{8})_[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class Token:
    """A token, and the part of it that may be shown: `fl_` and `key_id`."""

    key_id: str
    text: str


def new_token() -> Token:
    """A token that nobody had before."""
    key_id = "".join(secrets.choice(_ALPHABET) for _ in range(8))
    return Token(key_id, f"fl_{key_id}_{secrets.token_urlsafe(32)}")


def token_of(text: str) -> Token | None:
    """The token that was sent; None for anything that is not of the form of ours.

    >>> token_of("fl_abcdefgh_" + "x" * 43).key_id
    'abcdefgh'
    >>> token_of("secret") is None
    True
    """
    found = _FORM.fullmatch(text)
    return None if found is None else Token(found[1], text)


def digest(text: str) -> str:
    """What is kept of a token: SHA-256, in hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def same(one: str, two: str) -> bool:
    """Whether two digests are equal, in a time that does not tell how much of them is."""
    return hmac.compare_digest(one, two)
