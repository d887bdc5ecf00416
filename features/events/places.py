"""The names a contact's time zone and country may have."""

from __future__ import annotations

import zoneinfo
from difflib import get_close_matches
from functools import cache
from importlib import resources

from features.events.problems import quoted

#: Codes people write for a country whose ISO 3166-1 code is another.
_MEANT = {"UK": "GB", "EL": "GR", "EN": "GB"}


@cache
def countries() -> dict[str, str]:
    """ISO 3166-1 alpha-2 codes to names, from `iso3166.tab` of the tz database."""
    table = resources.files("tzdata.zoneinfo").joinpath("iso3166.tab").read_text("utf-8")
    lines = [line for line in table.splitlines() if line and not line.startswith("#")]
    return dict(line.split("\t", 1) for line in lines)


@cache
def timezones() -> frozenset[str]:
    """IANA time zone names that can be loaded here."""
    return frozenset(zoneinfo.available_timezones())


def country_problem(value: str) -> str | None:
    """Why a text is no country code; None when it is one.

    >>> country_problem("UK")
    "is 'UK', but must be an ISO 3166-1 alpha-2 code such as GB; did you mean 'GB'?"
    """
    if value in countries():
        return None
    code = value[:60].strip().upper()
    meant = _MEANT.get(code) or (code if code in countries() else None)
    named = [found for found, name in countries().items() if name.upper() == code]
    return f"is {quoted(value)}, but must be an ISO 3166-1 alpha-2 code such as GB" + _hint(
        [meant] if meant else named
    )


def timezone_problem(value: str) -> str | None:
    """Why a text is no time zone; None when it is one."""
    if value in timezones():
        return None
    guess = value[:60].strip().replace(" ", "_").lower()
    small = {name.lower(): name for name in timezones()}
    near = get_close_matches(guess, small, n=1, cutoff=0.75)
    return f"is {quoted(value)}, but must be an IANA time zone such as Europe/Amsterdam" + _hint(
        [small[name] for name in near]
    )


def _hint(near: list[str]) -> str:
    return f"; did you mean '{near[0]}'?" if near else ""
