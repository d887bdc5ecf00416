"""How good predictions are: plain functions of arrays, each number beside its dumb baselines."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.metrics import average_precision_score, roc_auc_score

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

BINS = 10
DRAWS = 200
_TINY = 1e-9


def log_loss(happened: Flags, p: Floats, weight: Floats | None = None) -> float:
    """Mean negative log-likelihood of the outcomes, in nats.

    >>> round(log_loss(np.array([True, False]), np.array([0.5, 0.5])), 4)
    0.6931
    """
    q = np.clip(p, _TINY, 1 - _TINY)
    return float(np.average(-np.where(happened, np.log(q), np.log1p(-q)), weights=weight))


def brier(happened: Flags, p: Floats) -> float:
    """Mean squared distance of chance and outcome."""
    return float(np.mean((p - happened) ** 2))


def roc_auc(happened: Flags, p: Floats) -> float | None:
    """Chance that an outcome is ranked above a non-outcome; None where one of them is missing."""
    if happened.all() or not happened.any():
        return None
    return float(roc_auc_score(happened, p))


def weighted_roc_auc(happened: Flags, p: Floats) -> Callable[[Floats], float | None]:
    """`roc_auc` as a function of a weight per row: sorted once, for many weights."""
    _, place = np.unique(p, return_inverse=True)

    def measure(weight: Floats) -> float | None:
        hits = np.bincount(place, weight * happened)
        others = np.bincount(place, weight * ~happened)
        pairs = hits.sum() * others.sum()
        # Of equal chances half count as ranked above.
        above = hits @ (np.cumsum(others) - others / 2)
        return float(above / pairs) if pairs > 0 else None

    return measure


def average_precision(happened: Flags, p: Floats) -> float | None:
    """Area under precision over recall; None without an outcome."""
    return float(average_precision_score(happened, p)) if happened.any() else None


def bins(p: Floats) -> npt.NDArray[np.int64]:
    """Bin 0 to 9 of each prediction, by equal counts; equal predictions share a bin."""
    edges = np.quantile(p, np.linspace(0, 1, BINS + 1)[1:-1])
    return np.asarray(np.searchsorted(edges, p, side="left"), dtype=np.int64)


def calibration_error(happened: Floats | Flags, expected: Floats, group: Any) -> float:
    """Mean distance of what happened from what was expected, over groups weighted by size.

    `expected` are chances, or expected counts of events under censoring.
    """
    n = np.bincount(group)
    gap = np.bincount(group, weights=np.asarray(happened, float) - expected)
    return float(np.abs(gap[n > 0]).sum() / n.sum())


def calibration_error_from_sampling(expected: Floats, group: Any) -> float:
    """The calibration error to be expected of chances that are exactly right.

    Of so few outcomes a group has more or fewer than expected by luck: as of a normal distribution.
    """
    n = np.bincount(group)
    spread = np.sqrt(np.bincount(group, weights=expected * (1 - expected)))
    return float((spread[n > 0] * np.sqrt(2 / np.pi)).sum() / n.sum())


def reliability(happened: Flags, p: Floats) -> list[dict[str, float]]:
    """Mean prediction, share that happened, and count, per bin: what a reliability plot shows."""
    group = bins(p)
    return [
        {
            "predicted": float(p[group == g].mean()),
            "happened": float(happened[group == g].mean()),
            "touches": int((group == g).sum()),
        }
        for g in np.unique(group)
    ]


def interval(
    measure: Callable[[Floats], float | None], contact: npt.NDArray[Any], seed: int = 0
) -> list[float] | None:
    """90 % interval of `measure(weight per row)`, by resampling contacts."""
    _, code = np.unique(contact, return_inverse=True)
    random = np.random.default_rng(seed)
    weights = (random.poisson(1.0, code.max() + 1)[code].astype(float) for _ in range(DRAWS))
    drawn = [measure(w) for w in weights if w.any()]
    found = [d for d in drawn if d is not None]
    return [float(q) for q in np.quantile(found, [0.05, 0.95])] if len(found) > DRAWS / 2 else None


def scores(
    happened: Flags, p: Floats, before_next: Floats, expected: Floats
) -> dict[str, float | int | None]:
    """The metrics of one set of touches.

    `p`: chance if no further touch follows (ranks); `before_next`: chance before the next touch
    (log loss, Brier, calibration against what happened); `expected`: events expected of each touch
    while it was watched (calibration of `p` under censoring).
    """
    if not len(happened):
        return {"touches": 0, "outcomes": 0}
    group = bins(before_next)
    return {
        "touches": len(happened),
        "outcomes": int(happened.sum()),
        "roc_auc": roc_auc(happened, p),
        "roc_auc_before_next": roc_auc(happened, before_next),
        "average_precision": average_precision(happened, before_next),
        "log_loss": log_loss(happened, before_next),
        "brier": brier(happened, before_next),
        "calibration_error": calibration_error(happened, before_next, group),
        "calibration_error_from_sampling": calibration_error_from_sampling(before_next, group),
        "calibration_error_if_left_alone": calibration_error(happened, expected, bins(p)),
        "observed_to_expected": float(happened.sum() / max(expected.sum(), _TINY)),
    }


def baselines(
    happened: Flags, number: npt.NDArray[Any], rates: Mapping[str, Any]
) -> dict[str, dict[str, float | None]]:
    """The same of the training rate, and of the training rate by touch number."""
    prior = np.full(len(happened), rates["prior"])
    table = np.asarray(rates["by_touch_number"])
    by_number = table[np.minimum(number, len(table)) - 1]
    return {
        name: {
            "roc_auc": roc_auc(happened, p),
            "log_loss": log_loss(happened, p),
            "brier": brier(happened, p),
        }
        for name, p in (("prior", prior), ("touch_number", by_number))
    }


def training_rates(happened: Flags, number: npt.NDArray[Any], longest: int = 20) -> dict[str, Any]:
    """Rate of an outcome in training, overall and by touch number (the last for all beyond)."""
    prior = float(happened.mean()) if len(happened) else 0.0
    capped = np.minimum(number, longest) - 1
    n = np.bincount(capped, minlength=longest)
    hits = np.bincount(capped, weights=happened, minlength=longest)
    return {"prior": prior, "by_touch_number": ((hits + 5 * prior) / (n + 5)).tolist()}


def verdict(gap: float) -> str:
    """In words, whether an aim was reached; `gap`: by how much it was exceeded.

    >>> verdict(0.0), verdict(-0.0131), verdict(-0.0001)
    ('reached', 'missed by 0.013', 'missed by less than 0.001')
    """
    if gap >= 0:
        return "reached"
    return f"missed by {-gap:.3f}" if gap <= -0.001 else "missed by less than 0.001"
