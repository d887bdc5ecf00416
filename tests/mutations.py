"""Requests gone wrong in every way that clients, networks and malice have come up with; seeded."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import Any

_STRANGE: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 10**30, -(10**400), 1e308, -0.0, 5e-324, "", " ", "\0", "a\0b",
    "\ud800", "\udfff\ud800", "é" * 400, "x" * 5000, "\u202e\u200b", "𝒳" * 300, "NaN", "null",
    "2026-13-45T99:99:99Z", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59",
    "2026-06-30T23:59:60Z", "2026-02-29T00:00:00Z", "1969-12-31T23:59:59Z", "'; drop table events;",
    "../../etc/passwd", "{{7*7}}", [], {}, [[]], {"": None}, [None] * 50, {"a": {"b": {"c": []}}},
)  # fmt: skip
_NUMBERS = (b"NaN", b"Infinity", b"-Infinity", b"1e999", b"-1e999", b"1" * 5000, b"0x10", b"01")
_TYPES = (
    "text/plain", "application/xml", "multipart/form-data; boundary=x",
    "application/json; charset=x",
    "application/x-www-form-urlencoded", "", "application/problem+json", "\x7f",
)  # fmt: skip

Sent = tuple[bytes, str]


def mutated(rng: random.Random, sound: Any) -> Sent:
    """A sound body changed in one to three ways: its bytes, and its content type."""
    value = json.loads(json.dumps(sound))
    for _ in range(rng.randint(1, 3)):
        value = _changed(rng, value)
    body = json.dumps(value, ensure_ascii=rng.random() < 0.5).encode(errors="surrogatepass")
    if rng.random() < 0.3:
        body = rng.choice(_ON_BYTES)(rng, body)
    kind = rng.choice(_TYPES) if rng.random() < 0.05 else "application/json"
    return body, kind


def _changed(rng: random.Random, value: Any) -> Any:
    """The value with one part of it, anywhere, replaced, removed, doubled, renamed or wrapped."""
    if isinstance(value, dict) and value and rng.random() < 0.85:
        name = rng.choice(sorted(value))
        way = rng.random()
        if way < 0.6:
            return {**value, name: _changed(rng, value[name])}
        if way < 0.75:
            return {k: v for k, v in value.items() if k != name}
        new = rng.choice(("", "\0", "é" * 200, "__proto__", "audit_x", name.upper(), "id"))
        return {**value, new: rng.choice(_STRANGE)}
    if isinstance(value, list) and value and rng.random() < 0.85:
        place = rng.randrange(len(value))
        way = rng.random()
        if way < 0.7:
            return [*value[:place], _changed(rng, value[place]), *value[place + 1 :]]
        return value + value[place:] if way < 0.85 else value[:place]
    return [value] if rng.random() < 0.1 else rng.choice(_STRANGE)


def _truncated(rng: random.Random, body: bytes) -> bytes:
    return body[: rng.randrange(len(body))]


def _flipped(rng: random.Random, body: bytes) -> bytes:
    place = rng.randrange(len(body))
    return body[:place] + bytes([rng.randrange(256)]) + body[place + 1 :]


def _number(rng: random.Random, body: bytes) -> bytes:
    return body.replace(b"null", rng.choice(_NUMBERS)).replace(b"0.8", rng.choice(_NUMBERS))


def _twice(_: random.Random, body: bytes) -> bytes:
    return body.replace(b"{", b'{"kind": "open", "kind": "click", "contact_id": "x", ', 1)


def _nested(rng: random.Random, body: bytes) -> bytes:
    depth = rng.choice((10, 1000, 100_000))
    return b"[" * depth + body + b"]" * depth


def _encoded(rng: random.Random, body: bytes) -> bytes:
    text = body.decode(errors="replace")
    return text.encode(rng.choice(("utf-16", "utf-32", "utf-8-sig")), errors="replace")


def _junk(rng: random.Random, _: bytes) -> bytes:
    return rng.randbytes(rng.randrange(300))


def _surrogate(_: random.Random, body: bytes) -> bytes:
    return body.replace(b'"anna"', rb'"\ud800"').replace(b"role", b"\xed\xa0\x80")


_ON_BYTES: tuple[Callable[[random.Random, bytes], bytes], ...] = (
    _truncated, _flipped, _number, _twice, _nested, _encoded, _junk, _surrogate,
)  # fmt: skip
