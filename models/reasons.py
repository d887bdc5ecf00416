"""Reasons in sentences about this history, from the model's own scores of one touch.

The effect of a topic is the score less what it would be were the topic's columns as in a usual
touch (models.usual): what the sentence says would be gone if its cause were gone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from models import column_phrases
from models.decision import OutcomeName, Reason
from models.phrases import TOLD, TOLD_BY_COLUMN
from models.spoken import capital
from models.story import Story
from models.topics import Topics

MOST_REASONS = 5
#: Effects smaller than this (on the log of the hazard) are not worth a sentence.
LEAST_EFFECT = 0.05
_STRENGTHS = ((0.1, "slightly "), (0.4, ""), (0.9, "clearly "))
_NOUNS = {"land": "the chance to land", "annoy": "the risk to annoy"}

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Said:
    """One story: what it does to each outcome, and its strongest column there."""

    topic: str
    effects: dict[OutcomeName, float]
    columns: dict[OutcomeName, str]

    @property
    def outcome(self) -> OutcomeName:
        """The outcome it does more to."""
        return max(self.effects, key=lambda o: abs(self.effects[o]))


def reasons(
    topics: Topics, topic: npt.NDArray[np.int64], land: Floats, annoy: Floats, story: Story
) -> tuple[Reason, ...]:
    """Up to five stories, strongest first, both outcomes among them where both matter.

    `land`, `annoy`: the effects of each column, and its topic, shape (columns,).
    """
    told = _told(topics, topic, {"land": land, "annoy": annoy})
    _join(told, "attempts", "recency", "touches", also=not story.own and not story.others)
    if not story.answered and "not_now" in told:
        _join(told, "not_now", "answers", "not_now", also=True)
    ranked = sorted(told.values(), key=lambda said: -abs(said.effects[said.outcome]))
    chosen = [said for said in ranked if abs(said.effects[said.outcome]) >= LEAST_EFFECT]
    return tuple(_reason(said, story) for said in _both(chosen))


def _told(
    topics: Topics, topic: npt.NDArray[np.int64], outcomes: dict[OutcomeName, Floats]
) -> dict[str, _Said]:
    """Every topic that does anything, by name."""
    found: dict[str, _Said] = {}
    for outcome, effects in outcomes.items():
        totals = np.bincount(topic, weights=effects, minlength=len(topics.names))
        for k in np.flatnonzero(np.abs(totals) > LEAST_EFFECT / 5).tolist():
            mine = np.flatnonzero(topic == k)
            strongest = mine[np.argmax(effects[mine] * np.sign(totals[k]))]
            said = found.setdefault(topics.names[k], _Said(topics.names[k], {}, {}))
            said.effects[outcome] = float(totals[k])
            said.columns[outcome] = topics.columns[strongest]
    return found


def _join(told: dict[str, _Said], first: str, second: str, name: str, also: bool) -> None:
    """Make one story of two, unless they pull an outcome in opposite ways and not `also`."""
    a, b = told.get(first), told.get(second)
    if a is None or b is None:
        return
    both = [o for o in a.effects if o in b.effects]
    against = [
        o for o in both if min(a.effects[o], b.effects[o]) < 0 < max(a.effects[o], b.effects[o])
    ]
    if not also and any(min(abs(a.effects[o]), abs(b.effects[o])) >= LEAST_EFFECT for o in against):
        return
    del told[first], told[second]
    stronger = {**b.columns, **a.columns}
    for o in both:
        if abs(b.effects[o]) > abs(a.effects[o]):
            stronger[o] = b.columns[o]
    total = {o: a.effects.get(o, 0.0) + b.effects.get(o, 0.0) for o in stronger}
    told[name] = _Said(name, total, stronger)


def _both(chosen: list[_Said]) -> list[_Said]:
    """The first five; an outcome that leads in none of them takes the last place if it matters."""
    first = chosen[:MOST_REASONS]
    for outcome in ("land", "annoy"):
        if not first or any(said.outcome == outcome for said in first):
            continue
        matters = [s for s in chosen if abs(s.effects.get(outcome, 0.0)) >= LEAST_EFFECT]
        if not matters:
            continue
        best = max(matters, key=lambda s: abs(s.effects[outcome]))
        rest = [_without(s, outcome) if s is best else s for s in first]
        return [*rest[: MOST_REASONS - 1], _only(best, outcome)]
    return first


def _only(said: _Said, outcome: OutcomeName) -> _Said:
    return replace(said, effects={outcome: said.effects[outcome]})


def _without(said: _Said, outcome: OutcomeName) -> _Said:
    return replace(said, effects={o: e for o, e in said.effects.items() if o != outcome})


def _reason(said: _Said, story: Story) -> Reason:
    outcome = said.outcome
    effects = sorted(said.effects.items(), key=lambda item: -abs(item[1]))
    does = " and ".join(
        f"{_strength(effect)}{'raises' if effect > 0 else 'lowers'} {_NOUNS[o]}"
        for o, effect in effects
        if abs(effect) >= LEAST_EFFECT
    )
    column = said.columns[outcome]
    text = f"{capital(_phrase(said.topic, column, story))}: {does}."
    return Reason(column, outcome, said.effects[outcome], text)


def _phrase(topic: str, column: str, story: Story) -> str:
    if topic in TOLD:
        return TOLD[topic](story)
    if topic in TOLD_BY_COLUMN:
        return TOLD_BY_COLUMN[topic](story, column)
    if topic in ("sender", "client", "own_outreach", "organisation"):
        return column_phrases.party(story, column)
    if topic.startswith("contact."):
        return column_phrases.attribute(story, column)
    return column_phrases.plain(story, column)


def _strength(effect: float) -> str:
    return next((word for most, word in _STRENGTHS if abs(effect) < most), "strongly ")
