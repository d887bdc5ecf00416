"""A Chromium to test with: the machine's own, or the one that `make test-browser` installs."""

from __future__ import annotations

import shutil
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI
from playwright.sync_api import Browser, Error, Playwright

_QUIET = ("--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking",
          "--disable-component-update", "--disable-sync")  # fmt: skip


def launched(playwright: Playwright) -> Browser:
    """A browser without a window; raises Error if there is none."""
    found = map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))
    own = next((path for path in found if path), None)
    return playwright.chromium.launch(executable_path=own, args=list(_QUIET))


def missing(playwright: Playwright) -> str | None:
    """Why no browser can be started, or None."""
    try:
        launched(playwright).close()
    except Error as error:
        return f"no Chromium here (make test-browser installs one): {error.message.splitlines()[0]}"
    return None


@contextmanager
def served(app: FastAPI) -> Iterator[str]:
    """The app on a port of its own on the loopback address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(app, "127.0.0.1", port, log_level="warning"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until = time.monotonic() + 60
    while not server.started and time.monotonic() < until:
        time.sleep(0.02)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()
