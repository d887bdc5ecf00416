"""One attempt to deliver a message, and when the next is due if it fails."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from importlib.metadata import version
from random import Random

import httpx2

from serving.webhooks.addresses import Network, NotAllowed, chosen, resolve, target_of

#: An answer has to have begun by then, whatever the network does.
TIMEOUT = timedelta(seconds=15)
#: Pauses after failed attempts: tripled from five seconds to eight hours, about a day together.
PAUSES = tuple(timedelta(seconds=min(5 * 3**k, 28_800)) for k in range(10))
#: Each pause is longer or shorter by up to this share, so that what failed together comes apart.
JITTER = 0.2
#: Statuses of an endpoint that has too much to do, which is left alone for a moment.
_BUSY = (429, 502, 503, 504)
_BREATHE = timedelta(seconds=10)
_GONE = 410


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an attempt: a status, or without one a failure in words (`said`)."""

    said: str
    status: int | None = None
    retry_after: timedelta | None = None

    @property
    def delivered(self) -> bool:
        """Only 2xx is; where a redirection leads nobody has checked."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def gone(self) -> bool:
        """The endpoint wants no more messages, ever."""
        return self.status == _GONE

    @property
    def pause(self) -> timedelta | None:
        """For how long the endpoint is left alone altogether; None if it need not be."""
        if self.status is not None and self.status not in _BUSY:
            return None
        return max(self.retry_after or _BREATHE, _BREATHE)


def next_attempt(attempts: int, outcome: Outcome, rng: Random) -> timedelta | None:
    """The pause after so many failed attempts, or None once it was the last."""
    if attempts > len(PAUSES):
        return None
    pause = PAUSES[attempts - 1] * rng.uniform(1 - JITTER, 1 + JITTER)
    return max(pause, outcome.retry_after or timedelta())


def client() -> httpx2.AsyncClient:
    """A client that goes nowhere by itself.

    No connection is used twice: one that was made for a name must not carry what is for another
    name at the same address.
    """
    return httpx2.AsyncClient(
        verify=ssl.create_default_context(), trust_env=False, follow_redirects=False,
        limits=httpx2.Limits(max_keepalive_connections=0),
        headers={"user-agent": f"fineline/{version('fineline')}"},
    )  # fmt: skip


async def attempt(
    http: httpx2.AsyncClient,
    url: str,
    headers: Mapping[str, str],
    body: str,
    allowed: Sequence[Network],
) -> Outcome:
    """Post a message; nothing is raised. What is answered beyond the status is not read."""
    try:
        async with asyncio.timeout(TIMEOUT.total_seconds()):
            return await _posted(http, url, headers, body, allowed)
    except TimeoutError:
        return Outcome(f"no answer within {TIMEOUT.total_seconds():g} seconds")
    except NotAllowed as refused:
        return Outcome(f"not sent: {refused}")
    except OSError:
        return Outcome("its name could not be resolved")
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        return Outcome(f"no connection ({type(error).__name__})")
    except Exception as error:
        return Outcome(f"not sent: {error}" if str(error) else type(error).__name__)


async def _posted(
    http: httpx2.AsyncClient,
    url: str,
    headers: Mapping[str, str],
    body: str,
    allowed: Sequence[Network],
) -> Outcome:
    target = target_of(url)
    # The name is looked up once, and what was checked is connected to.
    address = chosen(target, await resolve(target), allowed)
    own = {**headers, "host": target.authority, "content-type": "application/json"}
    request = http.build_request(
        "POST", target.at(address), headers=own, content=body.encode(),
        extensions={"sni_hostname": target.host}, timeout=None,
    )  # fmt: skip
    answer = await http.send(request, stream=True)
    await answer.aclose()
    return Outcome(
        f"HTTP {answer.status_code}", answer.status_code,
        _seconds(answer.headers.get("retry-after", "")),
    )  # fmt: skip


def _seconds(text: str) -> timedelta | None:
    """What `retry-after` asks for, in seconds and at most the longest pause."""
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        return None
    return min(timedelta(seconds=int(text)), PAUSES[-1])
