"""Bodies of requests: read as far as the limit allows, then from JSON, refused in a sentence."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import orjson
from starlette.types import Receive, Scope

from features.events.problems import quoted
from serving.problems import Problem


async def body_of(scope: Scope, receive: Receive, most: int, also: Sequence[str] = ()) -> bytes:
    """The request's body, JSON or of a type of `also`; 413 once it is longer than `most` bytes."""
    headers = dict(scope["headers"])
    kind = headers.get(b"content-type", b"").split(b";")[0].strip().lower()
    if kind not in (b"application/json", b"", *(name.encode() for name in also)):
        raise Problem(415, "The body must be application/json.")
    if headers.get(b"content-encoding", b"identity").strip().lower() != b"identity":
        raise Problem(415, "The body must not be compressed.")
    length = headers.get(b"content-length", b"0")
    if length.isdigit() and int(length) > most:
        raise _too_large(most)
    parts, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Problem(400, "The connection was closed before the body was complete.")
        part = message.get("body", b"")
        size += len(part)
        if size > most:
            raise _too_large(most)
        parts.append(part)
        if not message.get("more_body"):
            return b"".join(parts)


def _too_large(most: int) -> Problem:
    return Problem(413, f"The body is larger than {most // 1_000_000} MB; send less at once.")


def load_json(body: bytes) -> Any:
    """Parse a body; 400 with a sentence if it is not JSON, or says one thing twice."""
    try:
        found = orjson.loads(body)
        if _may_say_twice(body, found):
            _STRICT.decode(body.decode())
    except orjson.JSONDecodeError as error:
        raise Problem(400, f"The body is not JSON: {error}.") from None
    except RecursionError:
        raise Problem(400, "The body is nested too deeply.") from None
    return found


def _may_say_twice(body: bytes, found: Any) -> bool:
    """Whether two members of an object may have one name; which was meant, nobody would know.

    Of those orjson keeps the last: written again, what it found has fewer colons than the body.
    """
    if b"\\u003" in body:
        return True
    try:
        return orjson.dumps(found).count(b":") != body.count(b":")
    except orjson.JSONEncodeError:
        return True


def _members(pairs: list[tuple[str, Any]]) -> None:
    names = set()
    for name, _ in pairs:
        if name in names:
            raise Problem(400, f"The body has {quoted(name)} twice in one object; keep one.")
        names.add(name)


# Integers are read as floats, since Python refuses those of thousands of digits.
_STRICT = json.JSONDecoder(object_pairs_hook=_members, parse_int=float)
