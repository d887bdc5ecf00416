"""What is given of a message and a person: a line learned from few, and nothing where unknown."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from features.catalog.columns import COLUMNS
from models.attributes import Encoding
from models.given import FARTHEST, HAVE_ANNOYED, HAVE_LANDED, OF_MESSAGE, Given
from models.model import Model
from models.outcome import Outcome
from training.dataset import Dataset
from training.fit import Fitter, Kind
from training.kinds import annoy_kind, land_kind
from training.watched import Watched

NAMES = [c.name for c in COLUMNS]
_WORN_BY_CALLS = "channel_phone * log1p thread_touches"
RELEVANCE = NAMES.index("relevance")


def touches(n: int, hit_rate: float = 0.05, strength: float = 1.0) -> Watched:
    """Touches whose outcome goes with relevance (0 to 1) and with nothing else."""
    rng = np.random.default_rng(3)
    x = np.zeros((n, len(NAMES)), np.float32)
    x[:, NAMES.index("channel_email")] = 1
    x[:, RELEVANCE] = rng.random(n)
    rate = hit_rate * np.exp(strength * (x[:, RELEVANCE] - 0.5))
    why = (rng.random(n) < rate).astype(np.int8)
    days = np.where(why == 1, 3.0, 90.0)
    own = np.arange(n)
    return Watched(x, own.astype(float), days, why, own.astype(np.int32), np.ones(n, np.int32),
                   own, days, why)  # fmt: skip


def fitted(w: Watched, given: tuple[int, ...]) -> Outcome:
    kind = Kind("land", 1, 0.05, {}, 0, range(len(NAMES)), [0] * len(NAMES), given)
    return Fitter(kind, NAMES, members=2).fit(w, slope=1.0)


def test_a_line_is_learned_where_trees_see_nothing() -> None:
    w = touches(600)  # some thirty outcomes: too few for a tree
    with_line, without = fitted(w, (RELEVANCE,)), fitted(w, ())
    assert not with_line.forests
    x = w.x[:2].copy()
    x[:, RELEVANCE] = 0.1, 0.9
    low, high = with_line.score(x)[0]
    assert high > low + 0.2
    assert np.ptp(without.score(x)[0]) == 0


def test_it_is_as_strong_as_the_truth_with_much_to_learn_from() -> None:
    outcome = fitted(touches(40_000), (RELEVANCE,))
    x = np.zeros((2, len(NAMES)), np.float32)
    x[:, NAMES.index("channel_email")] = 1
    x[:, RELEVANCE] = 0.1, 0.9
    assert np.diff(outcome.score(x)[0])[0] == pytest.approx(0.8, abs=0.2)


def test_a_better_fit_is_never_held_against_a_touch() -> None:
    """Where few are annoyed, chance alone may have annoyed those whom the message fits."""
    w = touches(2000, strength=2.0)
    for kind in (annoy_kind(Encoding(())), land_kind(Encoding(()))):
        outcome = Fitter(kind, NAMES, members=2).fit(
            dataclasses.replace(w, why=np.where(w.why == 1, kind.why, 0).astype(np.int8)), slope=1.0
        )
        weight = outcome.weights[:, outcome.given.columns.tolist().index(RELEVANCE)]
        assert (weight > 0.2).all() if kind.name == "land" else (weight == 0).all()


@pytest.mark.parametrize(("kind", "column"), [(land_kind, HAVE_LANDED), (annoy_kind, HAVE_ANNOYED)])
def test_a_record_speaks_for_what_it_is_a_record_of(kind: Any, column: Any) -> None:
    rng = np.random.default_rng(4)
    for sense in (1.0, -1.0):
        w = touches(4000, strength=0.0)
        w.x[:, column] = rng.normal(0, 1, (len(w), 2))
        rate = 0.05 * np.exp(0.5 * sense * w.x[:, column[0]])
        why = np.where(rng.random(len(w)) < rate, kind(Encoding(())).why, 0).astype(np.int8)
        days = np.where(why > 0, 3.0, 90.0)
        outcome = Fitter(kind(Encoding(())), NAMES, members=1).fit(
            dataclasses.replace(w, why=why, days=days, left=days, end=why), slope=1.0
        )
        weight = outcome.weights[0, outcome.given.columns.tolist().index(column[0])]
        assert weight > 0.3 if sense > 0 else weight == 0


def test_the_message_counts_by_the_line_alone() -> None:
    """What is not known of it must not be sent one way or the other by every tree."""
    for kind in (land_kind, annoy_kind):
        made = kind(Encoding(()))
        assert set(OF_MESSAGE) <= set(made.given)
        assert not set(OF_MESSAGE) & set(made.columns)


def test_many_columns_that_say_nothing_are_held_to_say_little() -> None:
    w = touches(1700, strength=0.0)  # some 85 outcomes: each coefficient alone would err by 0.11
    noise = tuple(NAMES.index(c) for c in NAMES if c.startswith("actor_"))[:12]
    w.x[:, noise] = np.random.default_rng(0).standard_normal((len(w), 12))
    assert np.sqrt((fitted(w, noise).weights[0] ** 2).mean()) < 0.06


def test_unknown_and_far_off_values_do_no_harm() -> None:
    w = touches(600)
    given = Given.of((RELEVANCE, NAMES.index("thread_touches")), w.x)
    assert given.columns.tolist() == [RELEVANCE]  # the other never varies
    x = w.x[:3].copy()
    x[:, RELEVANCE] = np.nan, 1e9, -1e9
    assert given(x)[:, 0].tolist() == [0.0, FARTHEST, -FARTHEST]
    assert np.isfinite(fitted(w, (RELEVANCE,)).score(x)[0]).all()


def test_effects_and_contributions_tell_of_it(agency_data: Dataset, small_model: Model) -> None:
    outcome = dataclasses.replace(small_model.land, forests=(), texts=())
    x = agency_data.watched.x[:20].copy()
    x[:, RELEVANCE] = 0.9
    usual = x.copy()
    usual[:, RELEVANCE] = 0.2
    topic = np.broadcast_to(np.arange(x.shape[1]), x.shape)
    moved = outcome.score(x)[0] - outcome.score(usual)[0]
    assert (moved > 0.05).all()
    assert np.allclose(outcome.effects(x, usual, topic)[:, RELEVANCE], moved)
    total = outcome.coefficients[:, 0].mean() + outcome.contributions(x).sum(axis=1)
    assert np.allclose(total, outcome.score(x)[0])
    assert np.allclose(outcome.linear(x), outcome.score(x)[0])


def test_what_counts_on_a_channel_alone_is_told_of_each_that_changes(
    agency_data: Dataset, small_model: Model
) -> None:
    """Calls that wear off slower are nothing that the touches did, where there are as many."""
    outcome = dataclasses.replace(small_model.land, forests=(), texts=())
    phone, touches = NAMES.index("channel_phone"), NAMES.index("thread_touches")
    assert outcome.coefficients[:, 1 + outcome.basis.names.index(_WORN_BY_CALLS)].mean() != 0
    x = agency_data.watched.x[:20].copy()
    x[:, phone], x[:, touches] = 1, 3
    usual = x.copy()
    usual[:, phone] = 0
    topic = np.array(np.broadcast_to(np.arange(x.shape[1]), x.shape))
    moved = outcome.score(x)[0] - outcome.score(usual)[0]
    effects = outcome.effects(x, usual, topic)
    assert np.allclose(effects[:, phone], moved)
    assert (effects[:, touches] == 0).all()
    usual[:, touches] = 1
    fewer = x.copy()
    fewer[:, touches] = 1
    effects = outcome.effects(x, usual, topic)
    assert np.allclose(effects[:, phone], moved)
    assert np.allclose(effects[:, touches], outcome.score(x)[0] - outcome.score(fewer)[0])
    topic[:, touches] = phone
    together = outcome.score(x)[0] - outcome.score(usual)[0]
    assert np.allclose(outcome.effects(x, usual, topic)[:, [phone, touches]].sum(axis=1), together)


def test_plans_know_of_it_by_the_shift(agency_data: Dataset, small_model: Model) -> None:
    """The planning member is asked without it, and moved to where the ensemble is."""
    judged = small_model.land.judge(agency_data.watched.x[:20])
    x = agency_data.watched.x[:20].copy()
    x[:, RELEVANCE] = 0.9
    bare = dataclasses.replace(small_model.land, given=Given.none(), weights=np.zeros((0, 0)))
    assert np.array_equal(small_model.land.judge(x).first, bare.judge(x).first)
    assert not np.array_equal(small_model.land.judge(x).score, judged.score)
