"""The page as a recruiter uses it: keys, forms, small screens, dark, and axe on every page."""

from __future__ import annotations

import re
from datetime import datetime

import pytest

pytest.importorskip("playwright")
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect


def shown_first(page: Page, hint: str = "wait") -> str:
    page.goto(f"/?show={hint}")
    return page.locator("[data-open]").first.inner_text()


def test_the_list_is_worked_through_by_keys_alone(page: Page) -> None:
    first = shown_first(page)
    page.keyboard.press("j")
    expect(page.locator("[data-open]").first).to_be_focused()
    page.keyboard.press("j")
    expect(page.locator("[data-open]").nth(1)).to_be_focused()
    page.keyboard.press("k")
    page.keyboard.press("?")
    expect(page.locator("dialog.help")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    expect(page.locator("[data-search]")).to_be_focused()
    page.keyboard.type(first)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"q={first}"))
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text(first)


def test_times_are_in_the_readers_zone(page: Page) -> None:
    page.goto(f"/contacts/{shown_first(page)}")
    expect(page.locator("[data-zone]")).to_have_text("Times in Asia/Tokyo")
    time = page.locator(".timeline time").first
    moment = datetime.fromisoformat(str(time.get_attribute("datetime")))
    assert f":{moment.minute:02}" in time.inner_text()
    assert "UTC" not in time.inner_text()


def test_did_it_with_a_mouse_changes_the_timeline(page: Page) -> None:
    contact = shown_first(page)
    page.goto(f"/contacts/{contact}")
    before = page.locator(".timeline li").count()
    page.locator("summary", has_text="Did it").click()
    page.locator("button[name=channel][value=linkedin]").click()
    expect(page.locator(".said")).to_be_visible()
    assert page.locator(".timeline li").count() == before + 1


def test_leaving_alone_takes_two_steps(page: Page) -> None:
    page.goto(f"/contacts/{shown_first(page)}")
    button = page.locator("button.danger").first
    expect(button).to_be_hidden()
    page.locator("summary", has_text="Leave this person alone").click()
    button.click()
    expect(page.locator(".hint-card .chip")).to_contain_text("Stop")


def test_forms_work_without_scripts(browser: Browser, address: str) -> None:
    context = browser.new_context(base_url=address, java_script_enabled=False)
    page = context.new_page()
    page.goto(f"/contacts/{shown_first(page)}")
    page.locator("summary", has_text="Not now").click()
    page.locator("button[value='They are away']").click()
    expect(page.locator(".said")).to_be_visible()
    expect(page.locator(".timeline time").first).to_contain_text("UTC")
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/?show=wait",
        "/?q=zzzz",
        "/contacts/nobody",
        "contact",
        "/demo",
        "/embed/hint",
        "/team",
        "/team?by=recruiter",
        "/dials",
        "/dials?annoy=6&week_cap=1",
        "/dials?annoy=-1",
    ],
)
def test_axe_finds_nothing_and_360_pixels_are_enough(
    browser: Browser, address: str, path: str, scheme: str
) -> None:
    context = browser.new_context(base_url=address, color_scheme=scheme, bypass_csp=True)
    page = context.new_page()
    page.goto(f"/contacts/{shown_first(page)}" if path == "contact" else path)
    for width in (1280, 640, 360):
        page.set_viewport_size({"width": width, "height": 800})
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_widget_says_what_the_hint_says(page: Page, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    contact = shown_first(page)
    page.goto(f"/demo?contact={contact}")
    advice = page.request.get(f"/v1/contacts/{contact}/hint").json()["advice"]
    expect(page.locator("fineline-hint .advice")).to_have_text(advice)
    frame = page.frame_locator("iframe")
    expect(frame.locator("fineline-hint .advice")).to_have_text(advice)
    colour = page.locator("fineline-hint section").evaluate(
        "e => getComputedStyle(e).backgroundColor"
    )
    assert colour == {"light": "rgb(255, 255, 255)", "dark": "rgb(28, 34, 37)"}[scheme]


def test_the_widget_sends_its_token_and_says_what_is_wrong(page: Page) -> None:
    page.goto("/demo?contact=nobody")
    expect(page.locator("fineline-hint section")).to_contain_text("Nothing is stored")
    page.goto(f"/demo?contact={shown_first(page)}")
    with page.expect_request("**/hint") as asked:
        page.evaluate("document.querySelector('fineline-hint').setAttribute('token', 'read-me')")
    assert asked.value.headers["authorization"] == "Bearer read-me"
    expect(page.locator("fineline-hint section")).to_contain_text("This key is none of ours")
