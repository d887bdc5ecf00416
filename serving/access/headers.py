"""Headers that every answer carries, and which sites' scripts may read one."""

from __future__ import annotations

from typing import Any

from starlette.applications import Starlette
from starlette.middleware.cors import CORSMiddleware
from starlette.types import Scope

from serving.settings import ServiceSettings

Header = tuple[bytes, bytes]
#: What an answer says of itself unless it has something of its own, as pages and scripts do.
_ALWAYS: list[Header] = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (
        b"content-security-policy",
        b"default-src 'none'; style-src 'self'; img-src 'self'; frame-ancestors 'none'",
    ),
    (b"cache-control", b"no-store"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
]
_ENCRYPTED = [*_ALWAYS, (b"strict-transport-security", b"max-age=31536000")]


def is_https(scope: Scope, settings: ServiceSettings) -> bool:
    """Whether whoever asks does so by https, here or at the proxy in front."""
    return scope["scheme"] == "https" or settings.public_url.startswith("https://")


def security_headers(scope: Scope) -> list[Header]:
    """The headers of an answer to the request of `scope`."""
    settings: Any = scope["app"].state.settings
    return _ENCRYPTED if is_https(scope, settings) else _ALWAYS


def let_sites_read(app: Starlette, settings: ServiceSettings) -> None:
    """Let scripts of the sites that may show hints read answers; no other site's.

    They send a key in a header, never a cookie: sites cannot borrow who somebody is.
    """
    if not settings.embedding:
        return
    app.add_middleware(
        CORSMiddleware,
        allow_origins=settings.embedding,
        allow_methods=["GET"],
        allow_headers=["authorization"],
        expose_headers=["x-request-id", "retry-after", "ratelimit", "ratelimit-policy"],
    )
