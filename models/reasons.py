"""Reasons in plain words, from the model's own contributions to the score of one touch."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt

from features.catalog.clock import FOREVER
from features.catalog.columns import COLUMNS, Column
from models.decision import Reason

MOST_REASONS = 5
#: Contributions smaller than this (in log-odds of the hazard) are not worth a sentence.
LEAST_EFFECT = 0.02
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_CHOICE = re.compile(r"\{(yes|no):([^}]*)\}")
_PLURAL = re.compile(r"(\w+)\((\w+)\)")

OutcomeName = Literal["land", "annoy"]


def reasons(
    names: Sequence[str],
    row: npt.NDArray[np.float32],
    land: npt.NDArray[np.float64],
    annoy: npt.NDArray[np.float64],
) -> tuple[Reason, ...]:
    """Up to five, strongest first; of features that say much the same only the strongest.

    `land` and `annoy` are the contributions of each column of `row`, shape (columns,).
    """
    effects: list[tuple[float, OutcomeName, int]] = []
    for outcome, values in (("land", land), ("annoy", annoy)):
        for i in np.argsort(-np.abs(values))[: 3 * MOST_REASONS]:
            effects.append((float(values[i]), outcome, int(i)))  # type: ignore[arg-type]
    effects.sort(key=lambda e: -abs(e[0]))
    chosen: list[Reason] = []
    said: set[tuple[str, str]] = set()
    for effect, outcome, i in effects:
        topic = (_topic(names[i]), outcome)
        if abs(effect) < LEAST_EFFECT or topic in said or len(chosen) == MOST_REASONS:
            continue
        said.add(topic)
        text = f"{_capital(words(names[i], float(row[i])))}: {_effect(effect, outcome)}."
        chosen.append(Reason(names[i], outcome, effect, text))
    return tuple(chosen)


def words(name: str, value: float) -> str:
    """What a column's value says, such as "3 touches in this thread so far"."""
    column = _BY_NAME.get(name)
    if column is None:
        return _attribute_words(name, value)
    if np.isnan(value):
        return f"{_spoken(name)} is not known"
    if column.feature.unit == "days" and value >= FOREVER:
        return f"{_spoken(name)}: never so far"
    text = _CHOICE.sub(
        lambda m: m.group(2) if (m.group(1) == "yes") == (value > 0) else "",
        column.feature.words,
    )
    if "{count}" in text:
        text = _PLURAL.sub(lambda m: m.group(1) + ("" if round(value) == 1 else m.group(2)), text)
    return text.format(
        value=value, count=f"{value:.0f}", who=column.who, weekday=_DAYS[int(value) % 7]
    )


def _effect(effect: float, outcome: OutcomeName) -> str:
    noun = "the chance to land" if outcome == "land" else "the risk to annoy"
    return f"{'raises' if effect > 0 else 'lowers'} {noun}"


def _topic(name: str) -> str:
    """Features that tell one story: pressure at several half-lives, volumes, rates."""
    return re.sub(r"_(45m|3h|12h|2d|8d|32d)$", "", name)


def _attribute_words(name: str, value: float) -> str:
    label = name.removeprefix("contact.")
    if "=" in label:
        column, level = label.split("=", 1)
        if np.isnan(value):
            return f"{column} is not known"
        return f"{column} is {level}" if value > 0 else f"{column} is not {level}"
    return f"{label} is not known" if np.isnan(value) else f"{label} is {value:g}"


def _spoken(name: str) -> str:
    return name.replace("_", " ")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


_BY_NAME: dict[str, Column] = {c.name: c for c in COLUMNS}
