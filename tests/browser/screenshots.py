"""Pictures of every page of the sample agency that `make run` made: `make screenshots`."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from features.store import listing
from features.store.opening import open_store
from features.store.tenants import DEFAULT_TENANT
from models import registry
from models.settings import load_settings
from serving.app import create_app
from serving.settings import ServiceSettings
from tests.browser.chromium import launched, served

FOLDER = Path(__file__).parents[2] / "docs" / "screenshots"
_COLOURS, _MOST_BYTES = 256, 300_000
#: Pages that are shown from top to bottom; of the others, what a window holds.
_WHOLE = ("/contacts/", "/team", "/dials")


def main() -> None:
    """Take them all."""
    settings = load_settings(ServiceSettings, refresh_seconds=0)
    app = create_app(settings, lambda: registry.load(settings))
    contacts = {hint: _first(settings, hint) for hint in ("nudge", "wait", "stop")}
    FOLDER.mkdir(parents=True, exist_ok=True)
    with served(app) as address, sync_playwright() as playwright:
        browser = launched(playwright)
        for name, path, width, scheme in (
            ("today", "/", 1280, "light"),
            ("today-dark", "/?show=wait", 1280, "dark"),
            ("today-phone", "/", 360, "light"),
            ("contact", f"/contacts/{contacts['nudge']}", 1280, "light"),
            ("contact-dark", f"/contacts/{contacts['wait']}", 1280, "dark"),
            ("contact-stop", f"/contacts/{contacts['stop']}", 1280, "light"),
            ("team", "/team", 1280, "light"),
            ("team-dark", "/team?by=recruiter", 1280, "dark"),
            ("dials", "/dials?annoy=6&week_cap=1", 1280, "light"),
            ("crm", "/demo", 1280, "light"),
            ("crm-dark", "/demo", 1280, "dark"),
        ):
            _take(browser, address + path, FOLDER / f"{name}.png", width, scheme)
        browser.close()
    _take_sign_in(settings)


def _take_sign_in(settings: ServiceSettings) -> None:
    own = settings.model_copy(update={"require_keys": True})
    app = create_app(own, lambda: registry.load(settings))
    with served(app) as address, sync_playwright() as playwright:
        browser = launched(playwright)
        _take(browser, f"{address}/sign-in", FOLDER / "sign-in.png", 1280, "light")
        browser.close()


def _first(settings: ServiceSettings, hint: str) -> str:
    database = open_store(settings)
    with database.reading() as connection:
        found = listing.listed(connection, DEFAULT_TENANT, hint, listing.Filter(), 0, 1)
    database.close()
    if not found:
        raise SystemExit(
            f"No thread's hint is {hint} here: `make run` on a weekday, when the sample agency is "
            "at work, then take the pictures."
        )
    return found[0].contact_id


def _take(browser: Browser, address: str, file: Path, width: int, scheme: str) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": 860},
        color_scheme=scheme,  # type: ignore[arg-type]
        timezone_id="Europe/Amsterdam",
        locale="en-GB",
    )
    page = context.new_page()
    page.goto(address, wait_until="networkidle")
    whole = any(part in address for part in _WHOLE)
    picture = Image.open(io.BytesIO(page.screenshot(full_page=whole)))
    picture.convert("RGB").quantize(_COLOURS, dither=Image.Dither.NONE).save(file, optimize=True)
    context.close()
    size = file.stat().st_size
    if size > _MOST_BYTES:
        raise SystemExit(f"{file.name} has {size:,} bytes; take fewer colours")
    print(f"{file.name}: {size:,} bytes")


if __name__ == "__main__":
    main()
