"""The hint and the plan as one sentence, with the reason for it."""

from __future__ import annotations

from datetime import datetime, timedelta

from models.decision import Decision
from models.lags import HORIZON
from models.planner import GAPS
from models.spoken import Clock, number, percent, span

_VERBS = {
    "email": "e-mail",
    "phone": "call",
    "sms": "text",
    "linkedin": "write on LinkedIn",
    "other": "get in touch",
}
#: Why a rule makes a touch wait, the weightiest rule first.
_WAITS = {
    "held_back": "it is held back at random, to learn what waiting does",
    "agreed_date": "they asked to be contacted then",
    "come_back": 'they said "not now"',
    "cap": "there were enough touches for these days",
    "minimum_gap": "the last touch is too recent",
    "public_holiday": "no touches on a public holiday",
    "weekend": "no touches at the weekend",
    "quiet_hours": "no touches outside the hours allowed",
}
#: Rules that end a thread: their own words say why.
_ENDS = ("opted_out", "complained", "pushed_back", "landed", "role_closed", "channel_bounced",
         "channel_closed", "never_allowed")  # fmt: skip
_REST_IS_BETTER = "a rest is worth more than a touch today"


def advice(d: Decision, clock: Clock, closes_at: datetime | None = None) -> str:
    """What to do now and after, and why; `closes_at` is when the role is known to close."""
    closes = None
    if closes_at is not None and ended_by_role(d.at, d.plan.stop_after, d.plan.gap_days, closes_at):
        closes = f"the role closes {_on(closes_at, d, clock)}"
    if d.hint == "stop":
        return _stop(d, closes)
    verb = _VERBS[d.channel or "other"]
    if d.hint == "nudge":
        return f"{verb[0].upper()}{verb[1:]} now{_plan(d, closes)}."
    return f"Wait until {_until(d, clock)}, then {verb}{_more(d)}: {_why_wait(d)}."


def ended_by_role(
    at: datetime, stop_after: datetime | None, gap_days: float | None, closes_at: datetime
) -> bool:
    """Whether it is for the role's closing that no (further) touch is planned (see `Plan`).

    One touch more than planned would come after it; where none is planned, the closing is so near
    that the chances, which count what comes within 30 days, are not those of a touch now.
    """
    if stop_after is None:
        return closes_at <= at + timedelta(days=HORIZON)
    return closes_at <= stop_after + timedelta(days=gap_days or float(GAPS[0]))


def _on(when: datetime, d: Decision, clock: Clock) -> str:
    day = clock.day(when, d.at)
    return day if day in ("today", "tomorrow") else f"on {day}"


def _stop(d: Decision, closes: str | None) -> str:
    rule = next((hit for hit in d.rules if hit.rule in _ENDS), None)
    if d.over and rule is not None:
        keeps = rule.text.startswith("LinkedIn")
        return f"Stop: {rule.text if keeps else rule.text[0].lower() + rule.text[1:]}"
    if closes is not None:
        return f"Stop: {closes}, and until then another touch would cost more than it brings."
    chances = (
        f"chance to land {percent(d.if_nudged.p_land)}, "
        f"risk to annoy {percent(d.if_nudged.p_annoy)}"
    )
    return f"Stop: another touch would cost more than it brings ({chances})."


def _plan(d: Decision, closes: str | None) -> str:
    """What follows a touch made now, and when to give up."""
    further, gap = d.plan.further_touches - 1, d.plan.gap_days
    if gap is None:
        return f", then stop: {closes or 'another touch would cost more than it brings'}"
    if d.plan.open_ended:
        return f", then {_every(gap)}: as far as can be seen each touch brings more than it costs"
    if further == 1:
        more = f" and once more in {span(gap)}"
    else:
        more = f", then {number(further)} more, {span(gap)} apart"
    return f"{more}, then stop: {closes or 'after that each touch costs more than it brings'}"


def _more(d: Decision) -> str:
    """What follows a touch made later."""
    further, gap = d.plan.further_touches - 1, d.plan.gap_days
    if gap is None:
        return " a last time"
    if d.plan.open_ended:
        return f" and go on {_every(gap)}"
    if further == 1:
        return f" and once more {span(gap)} later"
    return f" and {number(further)} more times, {span(gap)} apart"


def _until(d: Decision, clock: Clock) -> str:
    assert d.nudge_at is not None
    near = (d.nudge_at - d.at).days < 2
    return clock.moment(d.nudge_at, d.at) if near else clock.day(d.nudge_at, d.at)


def _why_wait(d: Decision) -> str:
    """The rule that makes it wait, or that waiting is worth more."""
    if d.score <= 0:
        return _REST_IS_BETTER
    bit = {"cap" if hit.rule.startswith("cap_") else hit.rule for hit in d.rules}
    return next(
        (why for rule, why in _WAITS.items() if rule in bit), "a rule allows no touch before"
    )


def _every(gap: float) -> str:
    length = span(gap)
    return f"every {length.removeprefix('a ').removeprefix('an ')}"
