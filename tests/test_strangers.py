"""Senders, clients and roles differ: how much is learned, and whom nobody knows is doubted more."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime

import numpy as np
import pytest
from scipy.stats import gamma

from features.events.schema import EVENTS
from features.outcomes import LANDED
from models.decide import Decider
from models.decision import BoundedChance, ModelRef, NextTouch, Request
from models.model import Model
from training.dataset import Dataset
from training.strangers import by_strangers, variance_between
from training.watched import Watched

TIMES = 30


def drawn(
    data: Dataset, model: Model, sd: float, whose: str
) -> tuple[Watched, list[np.typing.NDArray[np.int32]]]:
    """Many touches whose landings come as `model` says, but for a factor of each of 60 groups."""
    random = np.random.default_rng(5)
    w = data.watched.take(np.tile(np.flatnonzero(~data.closed), TIMES))
    w = by_strangers(w, model.usual)
    groups = {name: random.integers(0, 60, len(w)) for name in ("actor", "account", "campaign")}
    # At even steps of the distribution: sixty drawn ones differ by more or less than they should.
    quantiles = (np.arange(60) + 0.5) / 60
    effect = gamma.ppf(quantiles, 1 / sd**2, scale=sd**2)[groups[whose]]
    rate = w.exposure(model.land.baseline) * np.exp(model.land.score(w.x)[0])
    why = np.where(random.random(len(w)) < rate * effect, LANDED, 0).astype(np.int8)
    contact = np.arange(len(w), dtype=np.int32)
    codes = [code.astype(np.int32) for code in groups.values()]
    return dataclasses.replace(w, why=why, contact=contact), codes


@pytest.mark.parametrize(("whose", "place"), [("actor", 0), ("account", 1), ("campaign", 2)])
def test_what_differs_between_groups_is_recovered(
    agency_data: Dataset, small_model: Model, whose: str, place: int
) -> None:
    w, codes = drawn(agency_data, small_model, 0.5, whose)
    found = variance_between(small_model.land, w, codes, LANDED)
    assert found[place] == pytest.approx(0.25, rel=0.25)
    assert np.delete(found, place).max() < 0.05


def test_touches_that_name_nobody_tell_nothing(agency_data: Dataset, small_model: Model) -> None:
    w, codes = drawn(agency_data, small_model, 0.5, "actor")
    nobody = [np.full_like(code, -1) for code in codes]
    assert not variance_between(small_model.land, w, nobody, LANDED).any()


def test_groups_of_a_few_people_tell_nothing(agency_data: Dataset, small_model: Model) -> None:
    """In a network of messages each pair is a thread of its own: that is the person, no role."""
    w, _codes = drawn(agency_data, small_model, 0.5, "actor")
    own = [np.arange(len(w), dtype=np.int32)] * 3
    assert not variance_between(small_model.land, w, own, LANDED).any()


def test_of_a_sender_never_seen_less_is_known(small_model: Model) -> None:
    land = dataclasses.replace(small_model.land, between=np.array([0.09, 0.0, 0.0]))
    decider = Decider(dataclasses.replace(small_model, land=land), ModelRef("fineline", "1"))

    def width(actor: str, chooser: Decider) -> float:
        asked = Request(
            "c", datetime(2026, 11, 17, 15, tzinfo=UTC), EVENTS.empty_table(), channels=("email",),
            timezone="America/New_York", next_touch=NextTouch(actor_id=actor, account_id="new"),
        )  # fmt: skip
        stated = chooser.decide([asked])[0].if_nudged
        assert isinstance(stated, BoundedChance)
        low, high = stated.p_land_interval
        return float(np.log(high / low))

    plain = Decider(
        dataclasses.replace(
            small_model, land=dataclasses.replace(small_model.land, between=np.zeros(3))
        ),
        ModelRef("fineline", "1"),
    )
    assert width("nobody knows", decider) > width("nobody knows", plain) + 0.05
    assert width("recruiter-0", decider) == width("recruiter-0", plain)
