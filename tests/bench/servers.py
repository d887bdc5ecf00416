"""The servers of `make bench-serve`: started, waited for, their processor time read, stopped."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Running:
    """A server: its port, and the processes it has."""

    port: int
    process: subprocess.Popen[bytes]

    def cpu(self) -> float:
        """Processor seconds that it and its children have used so far (Linux)."""
        return sum(_cpu(pid) for pid in _tree(self.process.pid))


@contextmanager
def running(words: Sequence[str], ready: str, **environment: str) -> Iterator[Running]:
    """A server of its own process group; `{port}` in `words` is filled in."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [word.replace("{port}", str(port)) for word in words],
        env=os.environ | {"OMP_NUM_THREADS": "1", **environment},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        _wait(process, f"http://127.0.0.1:{port}{ready}")
        yield Running(port, process)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)


def fineline(home: Path) -> tuple[list[str], str, dict[str, str]]:
    """`fineline serve` with one worker, which looks at stored threads only when asked."""
    words = [sys.executable, "-m", "serving.cli", "serve", "--port", "{port}"]
    return words, "/readyz", {"FINELINE_HOME": str(home), "FINELINE_REFRESH_SECONDS": "0"}


def bare() -> tuple[list[str], str, dict[str, str]]:
    """The route that only parses, under the same server."""
    words = [sys.executable, "-m", "uvicorn", "tests.bench.bare:app", "--port", "{port}"]
    return [*words, "--log-level", "warning", "--no-access-log"], "/readyz", {}


def mlflow(model: Path) -> tuple[list[str], str, dict[str, str]]:
    """`mlflow models serve` of an MLflow model in a folder."""
    words = [sys.executable, "-m", "mlflow", "models", "serve", "-m", str(model), "--port",
             "{port}", "--env-manager", "local", "--workers", "1"]  # fmt: skip
    # It calls uvicorn by its name.
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return words, "/ping", {"MLFLOW_DISABLE_TELEMETRY": "true", "PATH": path}


def _wait(process: subprocess.Popen[bytes], url: str) -> None:
    for _ in range(1500):
        if process.poll() is not None:
            raise RuntimeError(f"the server for {url} ended with status {process.returncode}")
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            time.sleep(0.2)
    raise RuntimeError(f"{url} did not answer within five minutes")


def _tree(pid: int) -> Iterator[int]:
    yield pid
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return
    for child in children:
        yield from _tree(int(child))


def _cpu(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / _TICK
