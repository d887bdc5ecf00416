"""What browser tests share: a browser, a page that must log no fault, and the app on a port."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

pytest.importorskip("playwright")
from playwright.sync_api import Browser, Page, sync_playwright

from models.decide import Decider
from models.decision import ModelRef
from serving.app import create_app
from tests.browser.chromium import launched, missing, served
from tests.pages import at_now, filled, settings_of
from training.dataset import prepare
from training.simulate.history import simulate
from training.train import fit_model


@pytest.fixture(scope="session")
def agency() -> tuple[pa.Table, pa.Table]:
    """An agency whose people like to hear from it, so that there is something to nudge."""
    return simulate(2500, 7, "fatigue")


@pytest.fixture(scope="session")
def decider(agency: tuple[pa.Table, pa.Table], small_trees: None) -> Decider:
    data, encoding = prepare(*agency)
    card = {"trained_at": "2026-01-01T00:00:00Z"}
    return Decider(fit_model(data, encoding, card), ModelRef("fineline", "1"))


@pytest.fixture(scope="module")
def home(
    tmp_path_factory: pytest.TempPathFactory, agency: tuple[pa.Table, pa.Table], decider: Decider
) -> Path:
    """The folder with the store of 60 people."""
    found = tmp_path_factory.mktemp("page")
    filled(found, agency, decider, 60)
    return found


@pytest.fixture(scope="module")
def address(home: Path, decider: Decider) -> Iterator[str]:
    with served(at_now(create_app(settings_of(home), lambda: decider))) as found:
        yield found


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        if reason := missing(playwright):
            pytest.skip(reason)
        found = launched(playwright)
        yield found
        found.close()


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    context = browser.new_context(base_url=address, timezone_id="Asia/Tokyo")
    context.set_default_timeout(60_000)
    found = context.new_page()
    faults: list[str] = []
    found.on("console", lambda m: faults.append(m.text) if m.type == "error" else None)
    found.on("pageerror", lambda e: faults.append(str(e)))
    yield found
    context.close()
    assert not [f for f in faults if "404" not in f and "401" not in f], faults
