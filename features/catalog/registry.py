"""How a feature is declared: a small function, its unit, and what one more touch does to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

#: What one more touch, anywhere in the past, can do to the value: raise it, lower it, neither
#: ("same"), or either. Annoyance is modelled on the first three alone, with matching monotone
#: constraints, so that more pressure can never look less annoying.
UnderTouch = Literal["up", "down", "same", "either"]


#: What is left of a unit at each half-life of `features.state.HALF_LIVES`, shortest first.
Fades = tuple[float, float, float, float, float, float]


class Moment(NamedTuple):
    """A moment at which a touch is made or considered.

    `time` is microseconds since 1970 in UTC; `local_day` days since 1970 on the contact's clock;
    `channel` and `actor` are codes (-1 unknown); `relevance` is 0..1, NaN unknown; `personalized`
    is 1, 0 or NaN; `zone_known` is 1 if the contact's time zone is known. The fades say what is
    left, at each half-life, of the thread's pressure, the person's pressure and the person's
    answers since they were last updated.
    """

    time: int
    local_day: float
    channel: int
    actor: int
    relevance: float
    personalized: float
    zone_known: float
    thread_fade: Fades
    person_fade: Fades
    answer_fade: Fades


class PartyMoment(NamedTuple):
    """A moment at which a party's record is read, and what is left of its decayed sums by then.

    `all_...`: what the organisation has counted by then, that party's own among it.
    """

    time: int
    fade: Fades
    land_fade: Fades
    all_touches: int
    all_threads: int
    all_lands: int
    all_annoys: int


@dataclass(frozen=True, slots=True)
class Feature:
    """One named column.

    `function` takes `(thread, person, moment)`, or `(party, moment)` for features of who reaches
    out. `words` completes a reason: a format string over `value`, or over `count` for "3 touches".
    """

    name: str
    family: str
    function: Callable[..., float]
    unit: str
    under_touch: UnderTouch
    missing: str
    words: str
    text: str


CONTACT_FEATURES: list[Feature] = []
PARTY_FEATURES: list[Feature] = []


def _declare(
    shelf: list[Feature], unit: str, under_touch: UnderTouch, missing: str, words: str
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        shelf.append(
            Feature(
                name=function.__name__,
                family=function.__module__.rsplit(".", 1)[-1],
                function=function,
                unit=unit,
                under_touch=under_touch,
                missing=missing,
                words=words,
                text=" ".join((function.__doc__ or "").split()),
            )
        )
        return function

    return register


def feature(
    *, unit: str, under_touch: UnderTouch, words: str, missing: str = "never"
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register `function(thread, person, moment)` as a feature of the contact's history."""
    return _declare(CONTACT_FEATURES, unit, under_touch, missing, words)


def party_feature(
    *, unit: str, words: str, missing: str = "never"
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register `function(party, moment)`; it becomes one column for each party that wants it."""
    return _declare(PARTY_FEATURES, unit, "same", missing, words)
