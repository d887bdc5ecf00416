"""Reasons: a sentence for every feature at every value, the strongest first."""

from __future__ import annotations

import numpy as np
import pytest

from features.catalog.columns import COLUMNS
from models.reasons import reasons, words

NAMES = [c.name for c in COLUMNS]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("value", [0.0, 1.0, 2.6, 3650.0, float("nan"), -1.0])
def test_every_feature_can_be_said(name: str, value: float) -> None:
    text = words(name, value)
    assert text.strip()
    assert not set("{}") & set(text)
    assert "nan" not in text.split()


def test_one_touch_is_singular() -> None:
    assert words("thread_touches", 1.0) == "1 touch in this thread so far"
    assert words("thread_touches", 3.0) == "3 touches in this thread so far"


def test_contact_columns_are_said_too() -> None:
    assert words("contact.source=referral", 1.0) == "source is referral"
    assert words("contact.source=referral", 0.0) == "source is not referral"
    assert words("contact.years", 7.5) == "years is 7.5"


def test_the_strongest_come_first_and_each_topic_once() -> None:
    row = np.ones(len(NAMES), np.float32)
    land, annoy = np.zeros(len(NAMES)), np.zeros(len(NAMES))
    for name, effect in (
        ("thread_pressure_2d", -0.5),
        ("thread_pressure_8d", -0.4),
        ("relevance", 0.9),
        ("local_hour", 0.001),
    ):
        land[NAMES.index(name)] = effect
    annoy[NAMES.index("thread_touches")] = 0.7
    found = reasons(NAMES, row, land, annoy)
    assert [(r.feature, r.outcome) for r in found] == [
        ("relevance", "land"),
        ("thread_touches", "annoy"),
        ("thread_pressure_2d", "land"),
    ]
    assert found[1].text == "1 touch in this thread so far: raises the risk to annoy."


def test_nothing_to_say_is_nothing() -> None:
    none = np.zeros(len(NAMES))
    assert reasons(NAMES, none.astype(np.float32), none, none) == ()
