"""Reasons in sentences about this history, from the model's own scores of one touch.

The effect of a topic is the score less what it would be were the topic's columns as in a usual
touch (models.usual): what the sentence says would be gone if its cause were gone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from operator import itemgetter
from typing import Any

import numpy as np
import numpy.typing as npt

from features.compiled import jit
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
class Said:
    """One story: what it does to each outcome, and its strongest column there."""

    topic: str
    effects: dict[OutcomeName, float]
    columns: dict[OutcomeName, str]

    @property
    def outcome(self) -> OutcomeName:
        """The outcome it does more to, the first of equals."""
        return max(self.effects.items(), key=_size)[0]

    @property
    def most(self) -> float:
        """What it does to that, without a sign."""
        return max(map(abs, self.effects.values()))


def _size(effect: tuple[OutcomeName, float]) -> float:
    return abs(effect[1])


#: The first of a pair.
_first = itemgetter(0)


def told(
    topics: Topics, topic: npt.NDArray[np.int64], land: Floats, annoy: Floats
) -> list[dict[str, Said]]:
    """Of each row every topic that does anything, by name.

    `land`, `annoy`: the effects of each column, and its topic, shape (rows, columns).
    """
    found: list[dict[str, Said]] = [{} for _ in topic]
    outcomes: tuple[tuple[OutcomeName, Floats], ...] = (("land", land), ("annoy", annoy))
    for outcome, effects in outcomes:
        totals = np.zeros((len(topic), len(topics.names)))
        strongest = np.zeros(totals.shape, np.int64)
        _add_up(topic, effects, totals, strongest)
        does = np.abs(totals) > LEAST_EFFECT / 5
        for row, k, total, column in zip(
            *(a.tolist() for a in np.nonzero(does)), totals[does].tolist(),
            strongest[does].tolist(), strict=True,
        ):  # fmt: skip
            name = topics.names[k]
            said = found[row].setdefault(name, Said(name, {}, {}))
            said.effects[outcome] = total
            said.columns[outcome] = topics.columns[column]
    return found


@jit
def _add_up(topic: Any, effects: Any, totals: Any, strongest: Any) -> None:
    """Effects by topic, and the column that does most to each, the first of equals."""
    most = np.empty(totals.shape[1])
    for r in range(len(topic)):
        for c in range(topic.shape[1]):
            totals[r, topic[r, c]] += effects[r, c]
        most[:] = -np.inf
        for c in range(topic.shape[1]):
            k = topic[r, c]
            does = effects[r, c] * np.sign(totals[r, k])
            if does > most[k]:
                most[k], strongest[r, k] = does, c


def reasons(told: dict[str, Said], story: Story) -> tuple[Reason, ...]:
    """Up to five stories, strongest first, both outcomes among them where both matter."""
    join(told, "attempts", "recency", "touches", also=not story.own and not story.others)
    if not story.answered and "not_now" in told:
        join(told, "not_now", "answers", "not_now", also=True)
    ranked = sorted(((said.most, said) for said in told.values()), key=_first, reverse=True)
    chosen = [said for most, said in ranked if most >= LEAST_EFFECT]
    return tuple(_reason(said, story) for said in _both(chosen))


def join(told: dict[str, Said], first: str, second: str, name: str, also: bool) -> None:
    """Make one story of two, unless they are at odds and not `also`."""
    a, b = told.get(first), told.get(second)
    if a is None or b is None or (not also and _at_odds(a, b)):
        return
    both = [o for o in a.effects if o in b.effects]
    del told[first], told[second]
    stronger = {**b.columns, **a.columns}
    for o in both:
        if abs(b.effects[o]) > abs(a.effects[o]):
            stronger[o] = b.columns[o]
    total = {o: a.effects.get(o, 0.0) + b.effects.get(o, 0.0) for o in stronger}
    told[name] = Said(name, total, stronger)


def _at_odds(a: Said, b: Said) -> bool:
    """Whether two stories would make a riddle in one sentence.

    They pull an outcome in opposite ways; or each pulls another one, and risk and chance both up or
    both down.
    """
    for outcome, one in a.effects.items():
        for other_outcome, other in b.effects.items():
            alike = (one > 0) == (other > 0)
            matter = min(abs(one), abs(other)) >= LEAST_EFFECT
            if matter and alike == (outcome != other_outcome):
                return True
    return False


def _both(chosen: list[Said]) -> list[Said]:
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


def _only(said: Said, outcome: OutcomeName) -> Said:
    return replace(said, effects={outcome: said.effects[outcome]})


def _without(said: Said, outcome: OutcomeName) -> Said:
    return replace(said, effects={o: e for o, e in said.effects.items() if o != outcome})


def _reason(said: Said, story: Story) -> Reason:
    outcome = said.outcome
    effects = sorted(said.effects.items(), key=_size, reverse=True)
    matter = [(o, effect) for o, effect in effects if abs(effect) >= LEAST_EFFECT]
    alike = len({effect > 0 for _, effect in matter}) == 1
    does = (", but " if alike else " and ").join(
        f"{_strength(effect)}{'raises' if effect > 0 else 'lowers'} {_NOUNS[o]}"
        for o, effect in matter
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
    size = abs(effect)
    for most, word in _STRENGTHS:
        if size < most:
            return word
    return "strongly "
