"""What would change the answer: time, another channel, a click."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from models.decision import Change, CurvePoint, Decision, OutcomeName
from models.phrases import BY
from models.ratios import compares, moves
from models.spoken import Clock, ahead, capital, percent

#: Risks below this are no reason for anything.
LEAST_RISK = 0.002
#: A change within this share of the largest one counts as just as large.
_AS_GOOD = 0.95
_NOUNS = {"land": "the chance to land", "annoy": "the risk to annoy"}
_OUTCOMES: tuple[OutcomeName, ...] = ("land", "annoy")
_DAY = 86_400.0


class OnChannel(NamedTuple):
    """What a touch made now on a channel would bring within the horizon."""

    channel: str
    land: float
    annoy: float


def changes(
    d: Decision, clock: Clock, channels: Sequence[OnChannel], clicked: OnChannel | None
) -> tuple[Change, ...]:
    """What would change a decision: when, on which of `channels`, and what a click would do."""
    now = next(c for c in channels if c.channel == d.channel) if d.channel else channels[0]
    found = [_flip(d, clock), _risk_falls(d.curve), _chance_moves(d.curve)]
    if d.channel:
        found += [_elsewhere(o, now, c) for c in channels if c is not now for o in _OUTCOMES]
    if clicked:
        found += [_clicked(o, now, clicked) for o in _OUTCOMES]
    return tuple(change for change in found if change is not None)


def _flip(d: Decision, clock: Clock) -> Change | None:
    """When a wait becomes a nudge."""
    if d.hint != "wait" or d.nudge_at is None:
        return None
    days = (d.nudge_at - d.at).total_seconds() / _DAY
    when = clock.moment(d.nudge_at, d.at) if days < 2 else clock.day(d.nudge_at, d.at)
    does = "is allowed" if d.score > 0 else "is worth more than waiting"
    text = f"From {when} a touch {does}."
    return Change("time", None, "nudge", None, None, days, d.channel, text)


def _risk_falls(curve: Sequence[CurvePoint]) -> Change | None:
    """When the risk to annoy halves or, if it never does, falls about as low as it will."""
    now = curve[0].p_annoy
    lowest = min(p.p_annoy for p in curve)
    enough = max(now / 2, now - _AS_GOOD * (now - lowest))
    then = next(p for p in curve if p.p_annoy <= enough)
    return _later("annoy", now, then.p_annoy, then.delay_days)


def _chance_moves(curve: Sequence[CurvePoint]) -> Change | None:
    """When the chance to land has moved about as far as it will."""
    now = curve[0].p_land
    most = max((p.p_land - now for p in curve), key=abs)
    then = next(
        p for p in curve if (p.p_land - now) * (1 if most > 0 else -1) >= _AS_GOOD * abs(most)
    )
    return _later("land", now, then.p_land, then.delay_days)


def _later(outcome: OutcomeName, now: float, then: float, days: float) -> Change | None:
    does = moves(now, then)
    if not does or (outcome == "annoy" and now < LEAST_RISK):
        return None
    text = f"In {ahead(days)} {_NOUNS[outcome]} {does}."
    return Change("time", outcome, None, now, then, days, None, text)


def _elsewhere(outcome: OutcomeName, now: OnChannel, other: OnChannel) -> Change | None:
    """How another channel the caller can use compares."""
    before, after = getattr(now, outcome), getattr(other, outcome)
    comparison = compares(after, before)
    if not comparison or (outcome == "annoy" and max(before, after) < LEAST_RISK):
        return None
    numbers = f"({percent(after)} against {percent(before)})"
    by, here = capital(BY[other.channel]), BY[now.channel]
    text = f"{by} {_NOUNS[outcome]} is {comparison} {here} {numbers}."
    return Change("channel", outcome, None, before, after, None, other.channel, text)


def _clicked(outcome: OutcomeName, now: OnChannel, clicked: OnChannel) -> Change | None:
    """What a click in the last e-mail would do."""
    before, after = getattr(now, outcome), getattr(clicked, outcome)
    does = moves(before, after)
    if not does or (outcome == "annoy" and max(before, after) < LEAST_RISK):
        return None
    text = f"With a click {_NOUNS[outcome]} {does}."
    return Change("response", outcome, None, before, after, None, now.channel, text)
