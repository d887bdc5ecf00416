"""A plain classifier to compare with: what is commonly built first, on 15 simple features."""

from __future__ import annotations

from typing import Any

import lightgbm as lgb
import numpy as np
import numpy.typing as npt

from features.catalog.columns import POSITION
from features.state import DAY
from training.dataset import Dataset
from training.evaluate import OUTCOMES, happened
from training.metrics import bins, calibration_error, log_loss, roc_auc

Rows = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.signedinteger[Any]]

#: Of the thread, the recipient and the sender, and the hour.
FEATURES = (
    "thread_touches", "thread_days_since_touch", "thread_days_since_first_touch",
    "thread_mean_gap", "person_touches", "person_days_since_touch", "person_answer_rate",
    "person_days_since_answer", "person_silence", "person_open_threads", "actor_touches",
    "actor_touch_land_excess", "actor_days_since_touch", "actor_volume_2d", "local_hour",
)  # fmt: skip
TREES = {
    "objective": "binary", "num_leaves": 15, "learning_rate": 0.05, "min_child_samples": 40,
    "feature_fraction": 0.6, "lambda_l2": 5.0, "verbose": -1, "num_threads": 1,
    "deterministic": True, "force_col_wise": True,
}  # fmt: skip
ROUNDS, SEEDS = 120, 3
#: Parts of the people for `beside`.
FOLDS = 5


def chances(x: Rows, hit: Flags, asked: Rows) -> Floats:
    """Of the rows `asked`, learned from touches `x` of which some landed (or annoyed: `hit`)."""
    columns = [POSITION[name] for name in FEATURES]
    return _learned(x[:, columns], hit, asked[:, columns], SEEDS)


def beside(x: Rows, hit: Flags, contact: Ints, asked: Flags) -> Floats:
    """Of the rows that are `asked`, by every column, learned from all touches of other people.

    Those of the same days and later are among them: nobody could have known.
    """
    told, fold = np.zeros(len(x)), contact % FOLDS
    for k in range(FOLDS):
        mine = asked & (fold == k)
        if mine.any():
            told[mine] = _learned(x[fold != k], hit[fold != k], x[mine], 1)
    return told[asked]


def _learned(x: Rows, hit: Flags, asked: Rows, seeds: int) -> Floats:
    data = lgb.Dataset(x, hit.astype(float), free_raw_data=False)
    told = [
        lgb.train({**TREES, "seed": seed}, data, ROUNDS).predict(asked, num_threads=1)
        for seed in range(seeds)
    ]
    return np.asarray(np.mean(told, axis=0))


def compared(whole: Dataset, early: Dataset, cutoff: int) -> dict[str, dict[str, dict[str, Any]]]:
    """How it does on the touches from `cutoff` (microseconds) on, by outcome and by what it knew.

    `later`: it learns from touches before `cutoff` by what came of them, known afterwards or not,
    which nobody had who trained then; `by_then`: as it was known, `early` being what was recorded
    before `cutoff`; `beside`: as the function of that name. Outcomes that never happened are left
    out.
    """
    every = whole.watched.take(whole.mature() & ~whole.closed)
    asked = every.time * DAY >= cutoff - 0.5
    by_then = early.watched.take(early.mature() & ~early.closed)
    found = {}
    for name, why in OUTCOMES:
        hit, known = happened(every, why), happened(by_then, why)
        if not all(some.any() for some in (hit[asked], hit[~asked], known)):
            continue
        told = {
            "later": chances(every.x[~asked], hit[~asked], every.x[asked]),
            "by_then": chances(by_then.x, known, every.x[asked]),
            "beside": beside(every.x, hit, every.contact, asked),
        }
        number = every.number[asked]
        found[name] = {how: measured(hit[asked], p, number) for how, p in told.items()}
    return found


def measured(hit: Flags, p: Floats, number: npt.NDArray[Any]) -> dict[str, Any]:
    """How good chances are, of all touches and of follow-ups; `number`: the touch's own."""
    follow_up = number > 1
    return {
        "roc_auc": roc_auc(hit, p),
        "follow_ups_roc_auc": roc_auc(hit[follow_up], p[follow_up]),
        "log_loss": log_loss(hit, p),
        "calibration_error": calibration_error(hit, p, bins(p)),
    }
