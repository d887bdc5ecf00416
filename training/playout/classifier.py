"""What most would build: two classifiers and a threshold. Good at history, and a mark to beat."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray

from features.catalog.columns import COLUMNS
from features.errors import BadSetting
from features.outcomes import ANNOYED, LANDED
from models.courses import CASE
from models.decision import Request
from models.forest import Forest, parse
from models.history import summarise
from models.lags import HORIZON
from models.lasting import lasting_columns
from models.model import Model
from models.planner import rows_now
from models.situation import joined, situations
from training.dataset import Dataset
from training.fit import SEED
from training.playout.asked import NO_TOUCH, Game, Ints
from training.playout.cadence import PLAYABLE
from training.playout.kept import Kept
from training.playout.plays import WEEKLY, Play, Played
from training.playout.students import HISTORY_SEED, lessons, student
from training.simulate.records import DAY

Floats = NDArray[np.float64]
Rows = NDArray[np.float32]

#: LightGBM as it comes, but for a slower rate and reproducible runs.
PARAMS = {
    "objective": "binary",
    "learning_rate": 0.05,
    "seed": SEED % 2**31,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,
    "verbose": -1,
}
TREES = 200
_FILES = {"land": LANDED, "annoy": ANNOYED}
#: What the weekly one is tuned over, on how many people.
THRESHOLDS = (0.0, 0.01, 0.02, 0.04, 0.08)
TUNED_ON = 300


def fit_classifiers(data: Dataset, folder: Path) -> None:
    """Fit "landed within 30 days" and "annoyed within 30 days" on touches whose fate is known."""
    w = data.watched.take(data.mature() & ~data.closed)
    for name, why in _FILES.items():
        happened = (w.why == why) & (w.days <= HORIZON)
        booster = lgb.train(PARAMS, lgb.Dataset(w.x, happened.astype(np.float32)), TREES)
        (folder / f"{name}.txt").write_text(booster.model_to_string(), encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Classifiers:
    """Both classifiers, and the model of the same history whose features they read."""

    land: Forest
    annoy: Forest
    model: Model

    @classmethod
    def load(cls, folder: Path, model: Model) -> Classifiers:
        """Read what `fit_classifiers` wrote."""
        land, annoy = (parse((folder / f"{name}.txt").read_text("utf-8")) for name in _FILES)
        return cls(land, annoy, model)

    def worth(self, requests: Sequence[Request]) -> Floats:
        """Worth of a touch now, judged alone, on every channel: shape (requests, channels)."""
        rows = rows_of_touches_now(self.model, requests)
        p_land, p_annoy = (1.0 / (1.0 + np.exp(-f.predict(rows))) for f in (self.land, self.annoy))
        stakes = np.array([(r.utility.land, r.utility.annoy, r.utility.touch) for r in requests])
        land, annoy, cost = np.repeat(stakes, len(PLAYABLE), axis=0).T
        return np.asarray(land * p_land - annoy * p_annoy - cost).reshape(len(requests), -1)


class Threshold:
    """Look at a thread every so many days; touch on the best channel if that is worth enough."""

    def __init__(self, classifiers: Classifiers, every: int = 1, threshold: float = 0.0) -> None:
        self.classifiers, self.threshold = classifiers, threshold
        self.rest = int((every - 0.5) * DAY)
        self.touched: dict[tuple[str, str | None], int] = {}

    def choose(self, requests: Sequence[Request], at: int) -> tuple[Ints, Ints]:
        """As `Policy.choose`."""
        worth = self.classifiers.worth(requests)
        worth[_bounced(requests, at)] = -np.inf
        best = worth.argmax(axis=1)
        who = [(r.contact_id, r.campaign_id) for r in requests]
        free = np.array([self.touched.get(w, at - self.rest) + self.rest for w in who])
        touch = (free <= at) & (worth.max(axis=1) > self.threshold)
        self.touched.update((who[i], at) for i in np.flatnonzero(touch))
        later = np.where(free <= at, at + self.rest, free)
        return np.where(touch, best, NO_TOUCH), np.where(touch, at, later)


def rows_of_touches_now(model: Model, requests: Sequence[Request]) -> Rows:
    """Features of a touch made now on every channel, channels of a request together."""
    s = situations(requests, *joined([r.history for r in requests]), len(COLUMNS))
    whose = np.repeat(np.arange(len(requests)), len(PLAYABLE))
    cases = np.zeros(len(whose), CASE)
    cases["channel"] = np.tile(np.arange(len(PLAYABLE)), len(requests))
    cases["at"], cases["local"] = s.at[whose], s.local[whose]
    cases["zone_known"] = s.zone_known[whose]
    for field in ("actor", "relevance", "personalized"):
        cases[field] = s.picks[field][whose]
    rows = lasting_columns(model, requests, s).rows[whose]
    rows_now(cases, s.threads[whose], s.persons[whose], rows)
    return rows


def _bounced(requests: Sequence[Request], at: int) -> Any:
    """Channels on which something bounced, shape (requests, channels)."""
    bounced = [summarise(r.history, at).bounced for r in requests]
    return np.array([[name in known for name in PLAYABLE] for known in bounced])


def play_classifier(play: Play, kept: Kept) -> Played:
    """Play the daily or the weekly classifier."""
    classifiers = taught(play, kept)
    every, threshold = 1, 0.0
    if play.policy == WEEKLY:
        every, threshold = 7, tuned_threshold(play, classifiers, kept)
    game = Game(play.arena(), play.stakes)
    outcome = game.play(Threshold(classifiers, every, threshold))
    return Played(play, outcome, f"threshold {threshold:g}", game.asked)


def taught(play: Play, kept: Kept) -> Classifiers:
    """The classifiers of the history the play learns from; raises BadSetting without one."""
    if not play.history:
        raise BadSetting("a classifier needs a history of at least 1 contact to learn from")
    world, contacts = play.learn_from, play.history
    folder = kept.folder(
        f"classifiers-{world}-{contacts}",
        {"world": world, "contacts": contacts, "seed": HISTORY_SEED},
        __name__,
        lambda folder: fit_classifiers(lessons(world, contacts), folder),
    )
    return Classifiers.load(folder, student(kept, world, contacts))


def tuned_threshold(play: Play, classifiers: Classifiers, kept: Kept) -> float:
    """The threshold at which the weekly classifier earns most, found in hindsight."""

    def compute() -> dict[str, Any]:
        worth = []
        for threshold in THRESHOLDS:
            game = Game(play.tuning_arena(TUNED_ON), play.stakes)
            outcome = game.play(Threshold(classifiers, 7, threshold))
            worth.append(outcome.worth(play.stakes))
        return {"found": THRESHOLDS[int(np.argmax(worth))], "worth": worth}

    found = kept.result(f"tuned-{play.name}", play.tuning_key(), __name__, compute)
    return float(found["found"])
