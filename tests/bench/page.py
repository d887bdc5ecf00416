"""`make bench-page`: the recruiters' page with 10,000 open threads, beside the same with few.

`python -m tests.bench.page --home DIR` uses the champion of a home that is there; without it, an
agency is simulated and a model trained first. The store is filled through the code of the API, and
every open thread is decided about; both services answer in turns, in one run.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from urllib.parse import quote

import click
import pyarrow.compute as pc
from playwright.sync_api import Browser, sync_playwright

from features.events.contacts import read_contacts
from features.events.files import read_events
from features.store import listing
from features.store.database import Database
from features.store.listing import Filter
from features.store.tenants import DEFAULT_TENANT
from models import registry
from models.settings import Settings
from serving.sample import fill, moved_to
from serving.stored.looking import look
from tests.bench import servers
from tests.bench.load import Job, generate, request
from tests.bench.serve import run_fineline, trained
from tests.bench.servers import Running, running
from tests.browser.chromium import launched, missing

#: People of an agency of which some 10,000, and some 350, threads are open.
PEOPLE = {"many": 12_000, "few": 400}
THREADS, SERVER_MS, USABLE_MS = 10_000, 150, 1000
#: Pages that a browser opens anew, without a cache.
OPENED = 7


@dataclass(frozen=True, slots=True)
class Store:
    """A filled store: its address, its threads by hint, and what can be asked about."""

    url: str
    threads: Mapping[str, int]
    contact: str
    actor: str

    @property
    def open(self) -> int:
        """Threads that are not stopped."""
        return self.threads.get("nudge", 0) + self.threads.get("wait", 0)

    def pages(self) -> dict[str, str]:
        """Paths by what they show; the deepest page is the slowest one of a list."""
        deep = max(self.threads.get("wait", 0) // 50, 1)
        return {
            "today": "/",
            "waiting": "/?show=wait",
            "waiting, the last page": f"/?show=wait&page={deep}",
            "stopped": "/?show=stop",
            "a recruiter's": f"/?actor={quote(self.actor)}",
            "searched": f"/?q={quote(self.contact[-3:])}",
            "a contact": f"/contacts/{quote(self.contact)}",
            "GET /v1/worklist": "/v1/worklist?limit=100",
        }


def stored(home: Path, url: str, agency: Path, people: int, now: datetime) -> Store:
    """An agency's first people stored, and every open thread decided about."""
    contacts = read_contacts(agency / "contacts.parquet").slice(0, people)
    events = moved_to(read_events(agency / "events.parquet"), now)
    own = pc.is_in(events["contact_id"], value_set=contacts["contact_id"])
    decider = registry.load(Settings(home=home, tracking_uri=""))
    with closing(Database(url)) as database:
        fill(database, DEFAULT_TENANT, events.filter(own), contacts, now)
        look(database, decider, now, sys.maxsize)
        with database.reading() as connection:
            counts = listing.counted(connection, DEFAULT_TENANT, Filter())
            first = next(
                thread
                for hint in ("nudge", "wait", "stop")
                for thread in listing.listed(connection, DEFAULT_TENANT, hint, Filter(), 0, 1)
            )
            actors = listing.options(connection, DEFAULT_TENANT, "actor_id")
    return Store(url, counts, first.contact_id, actors[0])


def answered(server: Running, path: str, seconds: float) -> tuple[float, float]:
    """Median and 99th percentile of milliseconds to the last byte, one request at a time."""
    job = Job(server.port, [request("GET", path)], 1, seconds)
    generate(Job(server.port, job.requests, 1, once=True))  # the first fills caches
    found = generate(job)
    if found.failed:
        raise click.ClickException(f"{path}: {found.failed} of {found.count} were not 200")
    return found.p50, found.p99


def usable(browser: Browser, server: Running) -> float:
    """Milliseconds from the address to a list on which the keyboard moves; no cache, a median.

    It is the list of those who wait: at a weekend there is nobody to nudge.
    """
    address = f"http://127.0.0.1:{server.port}/?show=wait"
    return median(_once(browser, address) for _ in range(OPENED))


def _once(browser: Browser, address: str) -> float:
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(address, wait_until="load")
        page.keyboard.press("j")
        # A function that is waited for would be evaluated in the page, which its policy forbids.
        page.wait_for_selector("main :focus", state="attached")
        return float(page.evaluate("performance.now()"))


def lines(stores: Mapping[str, Store], serving: Mapping[str, Running], seconds: float) -> list[str]:
    """The report."""
    found = [
        f"{s.open:,} open threads, {s.threads.get('stop', 0):,} stopped" for s in stores.values()
    ]
    made = ["Beside each other: " + "; ".join(found)]
    for name in stores["many"].pages():
        (many, tail), (few, _) = (
            answered(serving[size], stores[size].pages()[name], seconds) for size in stores
        )
        aim = f"   aim {SERVER_MS}: {_met(tail < SERVER_MS)}"
        made.append(f"  {name:<24}p50 {many:6.1f} ms, p99 {tail:6.1f} ms{aim}"
                    f"   {many / few:.2f} times the time with few")  # fmt: skip
    return made


def browsed(serving: Mapping[str, Running]) -> str:
    """How soon the list can be used in a real browser."""
    with sync_playwright() as playwright:
        if reason := missing(playwright):
            return f"  no browser: {reason}"
        browser = launched(playwright)
        many, few = (usable(browser, serving[size]) for size in PEOPLE)
        browser.close()
    return (
        f"  usable in a browser     {many:.0f} ms   aim {USABLE_MS}: {_met(many < USABLE_MS)}"
        f"   {many / few:.2f} times the time with few"
    )


def _met(good: bool) -> str:
    return "met" if good else "missed"


@click.command()
@click.option("--home", type=click.Path(path_type=Path, exists=True), help="With a champion.")
@click.option("--seconds", default=3.0, show_default=True, help="For each page.")
def main(home: Path | None, seconds: float) -> None:
    """Measure the page on this machine."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name, ExitStack() as stack:
        folder, now = Path(name), datetime.now(UTC)
        used = trained(folder) if home is None else home.absolute()
        agency = folder / "many"
        words = ["--world", "agency", "--contacts", str(PEOPLE["many"]), "--seed", "1"]
        run_fineline(used, "simulate", *words, "--out", str(agency))
        stores = {
            size: stored(used, f"sqlite:///{folder}/{size}.db", agency, people, now)
            for size, people in PEOPLE.items()
        }
        if stores["many"].open < THREADS:
            raise click.ClickException(f"only {stores['many'].open:,} threads are open")
        words, ready, environment = servers.fineline(used)
        serving = {
            size: stack.enter_context(
                running(words, ready, FINELINE_DATABASE_URL=store.url, **environment)
            )
            for size, store in stores.items()
        }
        click.echo("\n".join([*lines(stores, serving, seconds), browsed(serving)]))


if __name__ == "__main__":
    main()
