"""Playing against a world: truth is true, pressure annoys, and looking changes nothing."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pandas as pd
import pytest

from features.errors import BadInput
from features.moments import microseconds
from training.simulate.environment import PLAYABLE, Environment, Ints
from training.simulate.history import START
from training.simulate.records import DAY, EMAIL, PHONE
from training.simulate.worlds import WORLDS

MORNING = START + timedelta(hours=15)


def day(number: float) -> pd.Timestamp:
    return pd.Timestamp(MORNING + timedelta(days=number))


def touch_everybody(environment: Environment, number: int, channel: int) -> Ints:
    threads = environment.open_threads(day(number))
    environment.act(threads, np.full(len(threads), channel), day(number))
    return threads


def habit(environment: Environment, touches: int = 5) -> None:
    made = np.zeros(len(environment.threads), dtype=np.int64)
    last = np.full(len(environment.threads), -99)
    for number in range(120):
        threads = environment.open_threads(day(number))
        threads = threads[(made[threads] < touches) & (number - last[threads] >= 3)]
        environment.act(threads, np.full(len(threads), EMAIL), day(number))
        made[threads] += 1
        last[threads] = number


@pytest.mark.parametrize("channel", [EMAIL, PHONE])
def test_truth_is_how_often_a_single_touch_lands_and_annoys(channel: int) -> None:
    environment = Environment("seasons", 20_000, 3)
    threads = environment.open_threads(day(0))
    p_land, p_annoy = environment.truth(threads, np.full(len(threads), channel), day(0))
    environment.act(threads, np.full(len(threads), channel), day(0))
    tally = environment.tally(day(30))
    for chance, happened in ((p_land, tally.landed), (p_annoy, tally.annoyed)):
        error = np.sqrt((chance * (1 - chance)).sum())
        assert abs(chance.sum() - happened.sum()) < 4 * error
    promising = p_land > np.quantile(p_land, 0.9)
    contact = environment.threads["contact_id"].to_pandas().str[1:].astype(int).to_numpy()[threads]
    landed = tally.landed[contact[promising]].mean()
    assert landed == pytest.approx(p_land[promising].mean(), abs=0.05)


@pytest.mark.parametrize("world", WORLDS)
def test_one_more_touch_yesterday_raises_true_annoyance(world: str) -> None:
    left, pressed = Environment(world, 400, 4), Environment(world, 400, 4)
    for number in range(3):
        touch_everybody(left, number, EMAIL)
        touch_everybody(pressed, number, EMAIL)
    touched = touch_everybody(pressed, 9, EMAIL)
    threads = np.intersect1d(left.open_threads(day(10)), touched)
    codes = np.full(len(threads), EMAIL)
    before, after = (e.truth(threads, codes, day(10))[1] for e in (left, pressed))
    alive = after > 0.0
    assert alive.sum() > 200
    assert (after[alive] > before[alive]).all()


def test_annoyance_grows_with_every_touch_and_fades_with_rest() -> None:
    means = []
    environment = Environment("fatigue", 2000, 5)
    everybody = environment.open_threads(day(0))
    codes = np.full(len(everybody), EMAIL)
    for number in range(6):
        chance = environment.truth(everybody, codes, day(number))[1]
        means.append(chance[chance > 0].mean())
        touch_everybody(environment, number, EMAIL)
    rested = environment.truth(everybody, codes, day(60))[1]
    assert (np.diff(means) > 0).all()
    assert rested[rested > 0].mean() < means[-1] / 3


def test_late_anger_shows_only_after_many_touches() -> None:
    environment = Environment("late_anger", 2000, 5)
    means = []
    for number in range(0, 70, 7):
        threads = touch_everybody(environment, number, EMAIL)
        at = day(number + 7)
        chance = environment.truth(threads, np.full(len(threads), EMAIL), at)[1]
        means.append(chance[chance > 0].mean())
    assert means[4] < 2 * means[0]
    assert means[-1] > 10 * means[0]


def test_half_the_answers_to_mail_come_within_hours_and_some_after_months() -> None:
    environment = Environment("waking", 20_000, 6)
    touch_everybody(environment, 0, EMAIL)
    events = environment.observe(day(120)).to_pandas()
    landed = events[events["kind"].eq("reply") & ~events["sentiment"].eq("negative")]
    lag = (landed["occurred_at"] - day(0).tz_convert("UTC")) / pd.Timedelta(days=1)
    assert (lag < 0.5).mean() == pytest.approx(0.5, abs=0.06)
    assert (lag < 7.5).mean() == pytest.approx(0.9, abs=0.03)
    assert (lag > 30).mean() == pytest.approx(0.05, abs=0.015)


def test_looking_and_asking_change_nothing() -> None:
    quiet, curious = Environment("agency", 500, 7), Environment("agency", 500, 7)
    for number in range(0, 30, 3):
        for environment in (quiet, curious):
            touch_everybody(environment, number, EMAIL)
        curious.observe(day(number + 1))
        threads = curious.open_threads(day(number + 2))
        curious.truth(threads, np.zeros(len(threads), np.int64), day(number + 2))
    assert curious.observe(day(90)).equals(quiet.observe(day(90)))


def test_what_is_observed_piece_by_piece_is_the_whole() -> None:
    environment = Environment("waking", 500, 8)
    touch_everybody(environment, 0, EMAIL)
    pieces = []
    since = day(-1)
    for number in (1, 2, 30, 60, 150):
        piece = environment.observe(day(number), since)
        pieces += piece.column("event_id").to_pylist()
        since = day(number)
    whole = environment.observe(since).column("event_id").to_pylist()
    assert len(pieces) == len(whole)
    assert sorted(pieces) == sorted(whole)


def test_only_what_was_recorded_is_observed() -> None:
    environment = Environment("phone_led", 2000, 9)
    touch_everybody(environment, 0, PHONE)
    now = environment.observe(day(0.5)).to_pandas()
    later = environment.observe(day(30)).to_pandas()
    assert (now["recorded_at"] <= day(0.5)).all()
    touched = [(frame["kind"] == "touch").sum() for frame in (now, later)]
    assert touched[0] < 0.9 * touched[1]


def test_who_sees_the_truth_beats_the_habit_under_published_rates() -> None:
    def value(environment: Environment) -> float:
        tally = environment.tally(day(150))
        worth = tally.landed - 2.0 * tally.annoyed - 0.01 * tally.touches
        return float(worth.mean())

    by_habit, clear = Environment("agency", 2000, 10), Environment("agency", 2000, 10)
    habit(by_habit)
    for number in range(0, 120, 4):
        threads = clear.open_threads(day(number))
        p_land, p_annoy = clear.truth(threads, np.zeros(len(threads), np.int64), day(number))
        worth = threads[p_land - 2.0 * p_annoy > 0.05]
        clear.act(worth, np.zeros(len(worth), np.int64), day(number))
    assert value(clear) > 0.0 > value(by_habit)


def test_touches_may_have_their_own_moments() -> None:
    environment = Environment("agency", 10, 11)
    threads = environment.open_threads(day(0))[:3]
    times = microseconds(MORNING) + np.array([2, 0, 1]) * DAY
    environment.act(threads, np.zeros(3, np.int64), times)
    events = environment.observe(day(3)).to_pandas()
    touches = events[events["kind"] == "touch"]
    names = environment.threads["contact_id"].to_pandas()[threads[[1, 2, 0]]]
    assert touches["contact_id"].astype(str).tolist() == names.tolist()


@pytest.mark.parametrize(
    ("thread", "channel", "at", "says"),
    [
        (10_000, 0, 1.0, "thread 10000 does not exist"),
        (0, len(PLAYABLE), 1.0, "unknown channel; take one of 0 email, 1 phone"),
        (0, 0, -1.0, "thread 0 has not opened yet"),
        (0, 0, 0.0, "clock is already later"),
    ],
)
def test_impossible_touches_are_refused(thread: int, channel: int, at: float, says: str) -> None:
    environment = Environment("agency", 10, 12)
    if at >= 0:
        environment.observe(day(0.5))
    with pytest.raises(BadInput, match=says):
        environment.act(np.array([thread]), np.array([channel]), day(at))
    with pytest.raises(BadInput, match="one channel a thread"):
        environment.act(np.array([0, 1]), np.array([0]), day(1))
