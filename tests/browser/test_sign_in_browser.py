"""Signing in as a recruiter does it: by keys, on small screens, in the dark, without scripts."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pyarrow as pa
import pytest

pytest.importorskip("playwright")
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect

from features.moments import microseconds
from features.store import users
from features.store.database import Database
from features.store.users import User
from models.decide import Decider
from serving.access import passwords
from serving.app import create_app
from tests.browser.chromium import served
from tests.pages import NOW, filled, settings_of
from tests.stored import TENANT

ANNA, PASSWORD = "anna@agency.example", "correct horse battery"


@pytest.fixture(scope="module")
def quick() -> Iterator[None]:
    """Hashes that take no time."""
    with pytest.MonkeyPatch.context() as patch:
        hasher = passwords.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        patch.setattr(passwords, "_HASHER", hasher)
        passwords._nobody.cache_clear()
        yield


@pytest.fixture(scope="module")
def address(
    tmp_path_factory: pytest.TempPathFactory,
    quick: None,
    agency: tuple[pa.Table, pa.Table],
    decider: Decider,
) -> Iterator[str]:
    home = tmp_path_factory.mktemp("sign-in")
    filled(home, agency, decider, 60)
    database = Database(settings_of(home).store_url)
    anna = User(
        ANNA,
        TENANT,
        "Anna Arends",
        "read feedback",
        passwords.hashed(PASSWORD, ANNA),
        microseconds(NOW),
    )
    database.write(lambda c: users.add(c, anna))
    database.close()
    app = create_app(settings_of(home).model_copy(update={"require_keys": True}), lambda: decider)

    app.state.clock = lambda: NOW
    with served(app) as found:
        yield found


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    context = browser.new_context(base_url=address)
    yield context.new_page()
    context.close()


def sign_in(page: Page) -> None:
    page.goto("/")
    page.get_by_label("Name or e-mail").fill(ANNA)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator("h1")).to_have_text("Today")


def test_by_keys_alone_to_where_one_wanted_to_go_and_out_again(page: Page) -> None:
    page.goto("/?show=wait")
    expect(page.locator("h1")).to_have_text("Sign in")
    expect(page.get_by_label("Name or e-mail")).to_be_focused()
    page.keyboard.type(ANNA)
    page.keyboard.press("Tab")
    page.keyboard.type("not the password")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("do not belong together")
    expect(page.get_by_label("Password")).to_be_focused()
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/\?show=wait$"))
    expect(page.locator(".signed-in")).to_contain_text("Anna Arends")
    page.get_by_role("button", name="Sign out").click()
    expect(page.locator("h1")).to_have_text("Sign in")
    page.go_back()
    page.reload()
    expect(page.locator("h1")).to_have_text("Sign in")


def test_buttons_and_the_widget_work_for_who_is_signed_in(page: Page) -> None:
    sign_in(page)
    page.goto("/?show=wait")
    contact = page.locator("[data-open]").first.inner_text()
    page.goto(f"/demo?contact={contact}")
    expect(page.locator("fineline-hint .advice")).to_be_visible()
    expect(page.frame_locator("iframe").locator("fineline-hint .advice")).to_be_visible()
    page.goto(f"/contacts/{contact}")
    page.locator("summary", has_text="Not now").click()
    page.locator("button[value='They are away']").click()
    expect(page.locator(".said")).to_be_visible()


def test_without_scripts(browser: Browser, address: str) -> None:
    context = browser.new_context(base_url=address, java_script_enabled=False)
    sign_in(context.new_page())
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["/sign-in", "wrong", "/"])
def test_axe_finds_nothing_and_360_pixels_are_enough(
    browser: Browser, address: str, path: str, scheme: str
) -> None:
    context: BrowserContext = browser.new_context(
        base_url=address,
        color_scheme=scheme,  # type: ignore[arg-type]
        bypass_csp=True,
    )
    page = context.new_page()
    if path == "/":
        sign_in(page)
    else:
        page.goto("/sign-in")
    if path == "wrong":
        page.get_by_label("Name or e-mail").fill("ben")
        page.get_by_label("Password").fill("x")
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert")).to_be_visible()
    for width in (1280, 640, 360):
        page.set_viewport_size({"width": width, "height": 800})
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    context.close()
