"""Templates to answers, each with the page's own content security policy."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from features.errors import FinelineError
from features.moments import moment_of
from serving.access.caller import signed_in
from serving.page.assets import address
from serving.problems import Problem

#: No inline script or style, nothing from elsewhere, no frame around it, forms only to us.
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
CHANNEL_WORDS = {
    "email": "E-mail", "phone": "Call", "sms": "Text", "linkedin": "LinkedIn", "other": "Other",
}  # fmt: skip
HINT_WORDS = {"nudge": "Nudge now", "wait": "Wait", "stop": "Stop"}


def moment(value: datetime | int | str) -> datetime:
    """A moment from microseconds since 1970 or RFC 3339 text, in UTC."""
    if isinstance(value, int):
        return moment_of(value)
    return (datetime.fromisoformat(value) if isinstance(value, str) else value).astimezone(UTC)


def iso(value: datetime | int | str) -> str:
    """A moment for `<time datetime>`."""
    return moment(value).isoformat(timespec="seconds")


def utc(value: datetime | int | str) -> str:
    """A moment as it reads before the script has put it into the reader's zone.

    >>> utc("2026-11-25T09:05:00Z")
    'Wed 25 Nov, 09:05 UTC'
    """
    at = moment(value)
    return f"{at:%a} {at.day} {at:%b}, {at:%H:%M} UTC"


def day(value: datetime | int | str) -> str:
    """A day.

    >>> day("2026-11-25T09:05:00Z")
    '25 Nov 2026'
    """
    at = moment(value)
    return f"{at.day} {at:%b %Y}"


def percent(share: float) -> str:
    """A share in the fewest digits that tell it from nothing.

    >>> percent(0.3624), percent(0.0141), percent(0.0012), percent(0.00001), percent(0.0)
    ('36 %', '1.4 %', '0.1 %', '< 0.1 %', '0 %')
    """
    if share <= 0:
        return "0 %"
    if share < 0.0005:
        return "< 0.1 %"
    return f"{share * 100:.1f} %" if share < 0.0995 else f"{share * 100:.0f} %"


def points(share: float) -> str:
    """A change of a chance in percentage points, with its sign, in as few digits as `percent`.

    >>> points(0.3624), points(0.0141), points(-0.0012), points(0.00001), points(-0.00001)
    ('+36', '+1.4', '−0.1', '±0', '±0')
    """
    digits = percent(abs(share)).removesuffix(" %")
    if digits.startswith("<") or not share:
        return "±0"
    return f"{'+' if share > 0 else '−'}{digits}"


def plain(identifier: str) -> str:
    """An id as it reads in a sentence: `recruiter-6` is Recruiter 6; others stay as they are.

    >>> plain("recruiter-6"), plain("anna@agency.example")
    ('Recruiter 6', 'anna@agency.example')
    """
    word, dash, number = identifier.rpartition("-")
    return f"{word.capitalize()} {number}" if dash and number.isdigit() else identifier


_TEMPLATES = Environment(
    loader=PackageLoader("serving.page"), autoescape=True, undefined=StrictUndefined,
    trim_blocks=True, lstrip_blocks=True,
)  # fmt: skip
_TEMPLATES.filters |= {
    "iso": iso,
    "utc": utc,
    "day": day,
    "percent": percent,
    "points": points,
    "plain": plain,
}
_TEMPLATES.globals |= {
    "asset": address, "channel_words": CHANNEL_WORDS, "hint_words": HINT_WORDS,
    "signed_in": signed_in,
}  # fmt: skip


def page(template: str, status: int = 200, **shown: Any) -> HTMLResponse:
    """A page of the application."""
    text = _TEMPLATES.get_template(template).render(**shown)
    # Without a referrer at all, browsers say of our own forms that they come from nowhere.
    own = {"content-security-policy": POLICY, "referrer-policy": "same-origin"}
    return HTMLResponse(text, status, own)


def trouble(error: FinelineError | Problem) -> HTMLResponse:
    """What stands in the way, as a page: no model yet, the store away, nobody of that name."""
    known = isinstance(error, Problem)
    status = error.status if isinstance(error, Problem) else 503
    detail = error.detail if isinstance(error, Problem) else str(error)
    return page("trouble.html", status, here="", detail=detail, missing=known and status == 404)
