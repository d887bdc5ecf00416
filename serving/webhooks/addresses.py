"""Where messages may go: over TLS, and not into the network that the service itself is in.

Whoever may name an endpoint could otherwise have the service call what only it can reach.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from features.errors import BadInput
from features.events.problems import quoted

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

#: IPv4 addresses inside of IPv6 ones, as translators read them.
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_DEFAULT_PORTS = {"https": 443, "http": 80}
_LONGEST = 2000


class NotAllowed(Exception):
    """An address that messages may not go to; says why."""


@dataclass(frozen=True, slots=True)
class Target:
    """A checked URL in parts; `path` with the query."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """What the header `host` says."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    def at(self, address: Address) -> str:
        """The URL with an address in place of the name."""
        host = f"[{address}]" if address.version == 6 else str(address)
        return f"{self.scheme}://{host}:{self.port}{self.path}"


def target_of(url: str) -> Target:
    """A URL in parts; raises BadInput for one that no message may go to."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
        plain = url.isascii() and url.isprintable() and " " not in url and len(url) <= _LONGEST
    except ValueError:
        host, port, plain = "", None, False
    if not plain or not host or parts.scheme not in _DEFAULT_PORTS:
        raise BadInput(f"{quoted(url)} is no address such as https://crm.example/fineline")
    if parts.username is not None or parts.fragment:
        raise BadInput("an address may hold neither a password nor a fragment")
    if parts.scheme == "http" and not _may_be_loopback(host):
        raise BadInput(f"{quoted(url)} is not https, which only loopback addresses need not be")
    query = f"?{parts.query}" if parts.query else ""
    return Target(
        parts.scheme, host, port or _DEFAULT_PORTS[parts.scheme], (parts.path or "/") + query
    )


def _may_be_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


async def resolve(target: Target) -> list[Address]:
    """The addresses behind a name, as they are now."""
    found = await asyncio.get_running_loop().getaddrinfo(
        target.host, target.port, type=socket.SOCK_STREAM
    )
    return [ipaddress.ip_address(str(info[4][0]).partition("%")[0]) for info in found]


def chosen(target: Target, addresses: Sequence[Address], allowed: Sequence[Network]) -> Address:
    """The address to connect to, once all of them are in order; raises NotAllowed.

    `allowed` are networks that may be reached although they are not public.
    """
    for address in addresses:
        inner = _inner(address)
        public = inner.is_global and not inner.is_multicast
        if not public and not any(inner in network for network in allowed):
            raise NotAllowed("its address is not public (see FINELINE_WEBHOOK_NETWORKS)")
        if target.scheme == "http" and not inner.is_loopback:
            raise NotAllowed("its address is not a loopback one, and so has to be https")
    if not addresses:
        raise NotAllowed("its name has no address")
    return addresses[0]


def _inner(address: Address) -> Address:
    """The IPv4 address that an IPv6 one stands for, where it does."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address
