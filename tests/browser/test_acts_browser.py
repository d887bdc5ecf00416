"""Every button and every dial, pressed in a browser: what they change in the store."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

pytest.importorskip("playwright")
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from features.errors import NoModel
from features.store import dials
from features.store.database import Database
from features.store.tables import FEEDBACK
from models.decide import Decider
from serving.app import create_app
from serving.page.acts import REASONS
from serving.page.dials_form import LABELS
from tests.browser.chromium import served
from tests.pages import NOW, at_now, settings_of
from tests.stored import TENANT, everything

CHANNELS = {"email": "E-mail", "phone": "Call", "sms": "Text", "linkedin": "LinkedIn"}
#: What each button says before a reason is chosen.
SUMMARIES = {
    "not_now": "Not now", "call_anyway": "Call anyway", "leave_alone": "Leave this person alone",
}  # fmt: skip
#: For each act, the kind of event that a reason puts on the timeline; None: feedback alone.
EVENTS = {
    "They asked me to": "opt_out", "They complained": "complaint",
    **dict.fromkeys(REASONS["call_anyway"], "touch"),
}  # fmt: skip


@pytest.fixture
def database(home: Path) -> Iterator[Database]:
    found = Database(settings_of(home).store_url)
    yield found
    found.close()


def somebody(page: Page) -> str:
    """Somebody with an open thread, whatever the hint."""
    for hint in ("wait", "nudge", "stop"):
        page.goto(f"/?show={hint}")
        if page.locator("[data-open]").count():
            return page.locator("[data-open]").first.inner_text()
    raise AssertionError("nobody has an open thread")


def events_of(database: Database, contact: str) -> list[dict[str, Any]]:
    return [row for row in everything(database).to_pylist() if row["contact_id"] == contact]


def newer(events: list[dict[str, Any]], before: list[dict[str, Any]]) -> list[dict[str, Any]]:
    known = {e["event_id"] for e in before}
    return [e for e in events if e["event_id"] not in known]


def feedback_of(database: Database, contact: str) -> list[tuple[str, str | None]]:
    query = select(FEEDBACK.c.action, FEEDBACK.c.reason).where(FEEDBACK.c.contact_id == contact)
    with database.reading() as connection:
        return [tuple(row) for row in connection.execute(query)]


@pytest.mark.parametrize("channel", list(CHANNELS))
def test_did_it_is_a_touch(page: Page, database: Database, channel: str) -> None:
    contact = somebody(page)
    before, told = events_of(database, contact), len(feedback_of(database, contact))
    page.goto(f"/contacts/{contact}")
    page.locator("summary", has_text="Did it").click()
    page.locator(f"button[name=channel][value={channel}]").click()
    expect(page.locator(".said")).to_be_visible()
    (added,) = newer(events_of(database, contact), before)
    assert (added["kind"], added["channel"], added["occurred_at"]) == ("touch", channel, NOW)
    assert len(feedback_of(database, contact)) == told + 1
    page.reload()
    assert len(events_of(database, contact)) == len(before) + 1


@pytest.mark.parametrize(
    ("act", "reason"),
    [(act, reason) for act in ("not_now", "call_anyway", "leave_alone") for reason in REASONS[act]],
)
def test_a_reason_takes_one_tap(page: Page, database: Database, act: str, reason: str) -> None:
    contact = somebody(page)
    page.goto(f"/contacts/{contact}")
    before, told = events_of(database, contact), feedback_of(database, contact)
    page.locator("summary", has_text=SUMMARIES[act]).click()
    page.locator(f"button[name=reason][value='{reason}']").click()
    expect(page.locator(".said")).to_be_visible()
    kind = EVENTS.get(reason)
    added = [(e["kind"], e["channel"]) for e in newer(events_of(database, contact), before)]
    assert added == ([] if kind is None else [(kind, "phone" if kind == "touch" else None)])
    assert [why for _, why in feedback_of(database, contact)[len(told) :]] == [reason]
    if act == "leave_alone":
        expect(page.locator(".hint-card .chip")).to_contain_text("Stop")
        for hint in ("wait", "nudge"):
            page.goto(f"/?show={hint}")
            assert contact not in page.locator("[data-open]").all_inner_texts()


def rows(page: Page, address: str) -> int:
    page.goto(address)
    return page.locator("[data-row]").count()


@pytest.mark.parametrize("name", ["actor", "account", "campaign"])
def test_every_filter_narrows_the_list(page: Page, name: str) -> None:
    shown = {hint: rows(page, f"/?show={hint}") for hint in ("nudge", "wait", "stop")}
    hint = max(shown, key=lambda h: shown[h])
    page.goto(f"/?show={hint}")
    for option in page.locator(f"select[name={name}] option").all()[1:]:
        choice = option.get_attribute("value")
        assert choice
        page.locator(f"select[name={name}]").select_option(choice)
        if page.locator("[data-apply]").is_visible():
            page.locator("[data-apply]").click()
        expect(page).to_have_url(re.compile(f"{name}=[^&]"))
        if found := page.locator("[data-row]").count():
            assert found < shown[hint]
            return
        page.goto(f"/?show={hint}")
    pytest.fail(f"no {name} has a thread in this list")


#: Each dial, and another value for it.
VALUES = {
    "land": "3", "annoy": "9", "touch": "0.5", "gap_hours": "96", "rest_days": "100",
    "week_cap": "1", "month_cap": "2", "email_hours_from": "10:00", "ringing_hours_from": "10:30",
    "linkedin_hours_from": "11:00",
}  # fmt: skip


def test_dials_are_tried_saved_and_on_record(page: Page, database: Database) -> None:
    """One after the other, each on top of those before."""
    for number, (name, value) in enumerate(VALUES.items(), 1):
        page.goto("/dials")
        field = page.locator(f"[name={name}]").first
        if name.endswith("_from"):
            field.select_option(value)
        else:
            field.fill(value)
        page.get_by_role("button", name="Try on our history").click()
        expect(page.locator("#result")).to_have_text("On your own history")
        label = LABELS[name.removesuffix("_from")]
        expect(page.locator(".changes")).to_contain_text(label)
        with database.reading() as connection:
            assert dials.latest(connection, TENANT).number == number - 1
        page.get_by_label("Why (optional)").fill(f"because {number}")
        page.get_by_role("button", name="Save for everyone").click()
        expect(page.locator(".said")).to_contain_text("Saved")
        expect(page.locator(f"[name={name}]").first).to_have_value(value)
        row = page.locator(".past tbody tr").first
        expect(row).to_contain_text(label)
        expect(row).to_contain_text(f"because {number}")
        with database.reading() as connection:
            found = dials.latest(connection, TENANT)
        assert (found.number, found.note) == (number, f"because {number}")
        assert json.loads(found.dials)
    page.locator(".past tbody tr").last.get_by_role("link", name="Try these").click()
    expect(page.locator("#result")).to_be_visible()


def test_a_dial_out_of_range_is_said_beside_it(page: Page, database: Database) -> None:
    page.goto("/dials?annoy=-1")
    expect(page.locator("[role=alert]").first).to_contain_text("Nothing was tried")
    expect(page.locator("#annoy-wrong")).to_be_visible()
    assert page.locator("button", has_text="Save for everyone").count() == 0


@pytest.mark.parametrize("path", ["/", "/contacts/anna", "/dials", "/team", "/demo"])
def test_a_service_without_a_model_says_so(
    browser: Browser, tmp_path: Path, agency: tuple[pa.Table, pa.Table], path: str
) -> None:
    def nobody() -> Decider:
        raise NoModel("no model has become champion yet; run `fineline train` first")

    with served(at_now(create_app(settings_of(tmp_path), nobody))) as address:
        context = browser.new_context(base_url=address, bypass_csp=True)
        page = context.new_page()
        page.goto(path)
        expect(page.locator("main, body").first).to_be_visible()
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        text = page.locator("body").inner_text()
        if path == "/":
            assert "fineline train" in text
        assert "Traceback" not in text
        page.set_viewport_size({"width": 360, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        context.close()
