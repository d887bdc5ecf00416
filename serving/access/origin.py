"""Where a request came from: this machine, this site, or elsewhere."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import ip_address
from urllib.parse import urlsplit

from fastapi import Request

SAFE = ("GET", "HEAD", "OPTIONS")


@lru_cache(1000)
def is_loopback(host: str) -> bool:
    """Whether an address to listen on is reached from this machine alone.

    >>> [is_loopback(h) for h in ("127.0.0.1", "::1", "localhost", "0.0.0.0", "", "db.example")]
    [True, True, True, False, False, False]
    """
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def from_this_machine(request: Request) -> bool:
    """Whether a request was made on this machine, and not forwarded to it.

    A name with a dot that stands for this machine may be of a web site that a browser here shows.
    """
    client = request.client.host if request.client else ""
    return not _is_elsewhere(client) and _names_this_machine(request.headers.get("host", ""))


def from_this_site(request: Request) -> bool:
    """Whether a browser, if it was one, says that a page of ours made this request."""
    site, origin = (request.headers.get(name) for name in ("sec-fetch-site", "origin"))
    if site is not None:
        return site in ("same-origin", "none")
    return origin is None or urlsplit(origin).netloc == request.headers.get("host")


@lru_cache(1000)
def _names_this_machine(host: str) -> bool:
    try:
        named = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    return is_loopback(named) or named.endswith(".localhost") or not ("." in named or ":" in named)


@lru_cache(1000)
def _is_elsewhere(host: str) -> bool:
    try:
        return not ip_address(host).is_loopback
    except ValueError:
        return False
