"""The load generator of `make bench-serve`: a process of its own, as light as Python allows.

It sends requests that were written ahead, byte for byte, over connections that stay open. With a
rate, requests are due at fixed moments whatever the answers do, and a latency counts from the
moment the request was due; without one, each connection sends the next when it has its answer.
"""

from __future__ import annotations

import asyncio
import json
import pickle
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import uvloop


@dataclass(frozen=True, slots=True)
class Job:
    """What to send where: until `seconds` have passed, or once each if `once`."""

    port: int
    requests: Sequence[bytes]
    connections: int = 8
    seconds: float = 3.0
    rate: float | None = None
    once: bool = False


@dataclass(frozen=True, slots=True)
class Answers:
    """What came back; latencies in milliseconds."""

    count: int
    failed: int
    seconds: float
    p50: float
    p99: float

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.count / self.seconds


def request(method: str, path: str, body: bytes = b"") -> bytes:
    """A request as it goes over the wire."""
    head = f"{method} {path} HTTP/1.1\r\nhost: bench\r\n"
    if body:
        head += f"content-type: application/json\r\ncontent-length: {len(body)}\r\n"
    return head.encode() + b"\r\n" + body


def generate(job: Job) -> Answers:
    """Run a job in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "job"
        path.write_bytes(pickle.dumps(asdict(job)))
        words = [sys.executable, "-m", "tests.bench.load", str(path)]
        done = subprocess.run(words, check=True, capture_output=True, text=True)
    return Answers(**json.loads(done.stdout))


class _Connection(asyncio.Protocol):
    """One connection, one request at a time."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._answer: asyncio.Future[bool] | None = None

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def ask(self, request: bytes) -> asyncio.Future[bool]:
        """Whether it was answered with 200."""
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return self._answer

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        head = bytes(self._buffer[:end]).lower()
        length = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
        if len(self._buffer) >= end + 4 + length:
            del self._buffer[: end + 4 + length]
            assert self._answer is not None
            self._answer.set_result(head.split(b" ", 2)[1] == b"200")

    def connection_lost(self, error: Exception | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(False)


async def _run(job: Job) -> Answers:
    loop = asyncio.get_running_loop()
    taken: list[float] = []
    failed = 0
    started = time.perf_counter()
    sent = iter(range(len(job.requests) if job.once else 1 << 60))

    async def ask(one: _Connection) -> None:
        nonlocal failed
        for number in sent:
            due = time.perf_counter()
            if job.rate is not None:
                due = started + number / job.rate
                await asyncio.sleep(max(due - time.perf_counter(), 0))
            if due - started > job.seconds and not job.once:
                return
            good = await one.ask(job.requests[number % len(job.requests)])
            failed += not good  # after the wait: `failed` may have grown meanwhile
            taken.append(time.perf_counter() - due)

    pairs = [
        await loop.create_connection(_Connection, "127.0.0.1", job.port)
        for _ in range(job.connections)
    ]
    started = time.perf_counter()
    await asyncio.gather(*(ask(protocol) for _, protocol in pairs))
    seconds = time.perf_counter() - started
    for transport, _ in pairs:
        transport.close()
    p50, p99 = np.quantile(taken, [0.5, 0.99]) * 1000
    return Answers(len(taken), failed, seconds, float(p50), float(p99))


if __name__ == "__main__":
    content: dict[str, Any] = pickle.loads(Path(sys.argv[1]).read_bytes())
    print(json.dumps(asdict(uvloop.run(_run(Job(**content))))))
