"""Judging a model on touches, each as of its own moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from features.errors import BadInput
from features.events.schema import CHANNELS
from features.outcomes import ANNOYED, LANDED
from features.state import DAY
from models.carried import carried
from models.evidence import CHANNEL_COLUMNS
from models.lags import HORIZON
from models.model import Model
from training.dataset import Dataset, prepare
from training.metrics import (
    baselines,
    calibration_error,
    interval,
    log_loss,
    reliability,
    scores,
    training_rates,
    weighted_roc_auc,
)
from training.watched import Watched

Flags = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
#: Touch numbers reported one by one; the last stands for all beyond.
NUMBERS = (1, 2, 3, 4, 5, 6)
OUTCOMES = (("land", LANDED), ("annoy", ANNOYED))


@dataclass(frozen=True, slots=True)
class Report:
    """Metrics (JSON-ready) and one row of predictions per touch, in order of time."""

    metrics: dict[str, Any]
    predictions: pa.Table

    def summary(self) -> str:
        """A few lines for a terminal."""
        return "\n".join(_line(name, self.metrics[name]) for name, _ in OUTCOMES)


def evaluate(
    model: Model,
    events: pa.Table,
    contacts: pa.Table | None,
    from_us: int | None = None,
    rates: Mapping[str, Any] | None = None,
) -> Report:
    """Judge `model` on the touches at or after `from_us` (microseconds).

    Every touch is predicted from what was recorded before it; metrics are of mature touches of
    threads that were still open. `rates` are the training rates to compare with: those on the
    model's card, else those of the touches before `from_us`.
    """
    data, _ = prepare(events, contacts, model.encoding)
    chosen = np.ones(len(data.watched), bool)
    if from_us is not None:
        chosen = data.watched.time * DAY >= from_us - 0.5
    if not chosen.any():
        raise BadInput("there is no touch to judge", field="--from" if from_us else "kind")
    p = model.chances(data.watched.x[chosen])
    before = before_next(model, data, chosen)
    judged = chosen & data.mature() & ~data.closed
    known = rates or model.card.get("rates") or rates_of(data, ~chosen)
    some = judged[chosen]
    metrics = _metrics(model, data, judged, [q[some] for q in p], [q[some] for q in before], known)
    return Report(metrics, _predictions(data, chosen, p, before))


def before_next(model: Model, data: Dataset, rows: Flags) -> tuple[Floats, Floats]:
    """`Model.chances_before_next` of the given touches, their threads' earlier ones in mind."""
    return model.chances_before_next(data.watched.x[rows], data.earlier(rows))


def rates_of(data: Dataset, rows: npt.NDArray[np.bool_]) -> dict[str, Any]:
    """Training rates of each outcome over the mature touches among `rows`."""
    w = data.watched.take(rows & data.mature() & ~data.closed)
    return {name: training_rates(happened(w, why), w.number) for name, why in OUTCOMES}


def happened(w: Watched, why: int) -> npt.NDArray[np.bool_]:
    """Touches that came to this outcome within the horizon, before a further touch."""
    return np.asarray((w.why == why) & (w.days <= HORIZON))


def _predictions(
    data: Dataset, chosen: npt.NDArray[np.bool_], p: Any, before: Any
) -> pa.Table:  # fmt: skip
    return pa.table(
        {
            "event_id": data.column("event_id").filter(pa.array(chosen)),
            "p_land": p[0],
            "p_annoy": p[1],
            "p_land_before_next": before[0],
            "p_annoy_before_next": before[1],
        }
    )


def _metrics(
    model: Model, data: Dataset, rows: Flags, p: list[Floats], before: list[Floats],
    rates: Mapping[str, Any],
) -> dict[str, Any]:  # fmt: skip
    w, earlier = data.watched.take(rows), data.earlier(rows)
    watched = np.minimum(w.days, HORIZON)[:, None]
    found: dict[str, Any] = {"touches": len(w), "contacts": len(np.unique(w.contact))}
    if len(w):
        found["from"] = str(np.datetime64(int(w.time.min() * DAY), "us")) + "Z"
        found["until"] = str(np.datetime64(int(w.time.max() * DAY), "us")) + "Z"
    for (name, why), chance, sooner in zip(OUTCOMES, p, before, strict=True):
        outcome = getattr(model, name)
        own = w.exposure(outcome.baseline, HORIZON) * np.exp(outcome.score(w.x)[0])
        expected = own + carried(outcome, earlier, watched)[:, 0]
        hit = happened(w, why)
        cell = _cells(w, hit, chance, sooner, expected)
        cell["learned_from"], cell["carried_over"] = outcome.events, outcome.carry
        if len(w) and rates:
            cell["baselines"] = baselines(hit, w.number, rates[name])
        if hit.any():
            cell["intervals"] = _intervals(w, hit, chance, sooner)
            cell["reliability"] = reliability(hit, sooner)
        found[name] = cell
    return found


def _cells(
    w: Watched, hit: npt.NDArray[np.bool_], p: Floats, before: Floats, expected: Floats
) -> dict[str, Any]:
    def of(rows: npt.NDArray[np.bool_]) -> dict[str, Any]:
        return scores(hit[rows], p[rows], before[rows], expected[rows])

    number = np.minimum(w.number, NUMBERS[-1])
    channel = channel_of(w)
    found: dict[str, Any] = {"overall": of(np.ones(len(w), bool)), "follow_ups": of(w.number > 1)}
    found["by_touch_number"] = {
        f"{n}{' and more' if n == NUMBERS[-1] else ''}": of(number == n) for n in NUMBERS
    }
    found["by_channel"] = {
        c: of(channel == i) for i, c in enumerate(CHANNELS) if (channel == i).any()
    }
    if len(w):
        found["calibration_error_by_touch_number"] = calibration_error(hit, before, number)
        found["calibration_error_by_channel"] = calibration_error(hit, before, channel)
    return found


def channel_of(w: Watched) -> npt.NDArray[np.int64]:
    """Channel code of each touch, from its features."""
    is_channel = w.x[:, CHANNEL_COLUMNS] > 0.5
    return np.where(is_channel.any(axis=1), is_channel.argmax(axis=1), len(CHANNELS) - 1)


def _intervals(
    w: Watched, hit: npt.NDArray[np.bool_], p: Floats, before: Floats
) -> dict[str, list[float] | None]:
    later = w.number > 1
    found = {
        "roc_auc": interval(weighted_roc_auc(hit, p), w.contact),
        "log_loss": interval(lambda weight: log_loss(hit, before, weight), w.contact),
    }
    if later.any():
        of_later = weighted_roc_auc(hit[later], p[later])
        found["follow_ups_roc_auc"] = interval(lambda weight: of_later(weight[later]), w.contact)
    return found


def _line(name: str, cell: Mapping[str, Any]) -> str:
    overall = cell["overall"]
    if not overall.get("outcomes"):
        why = "none in training" if not cell["learned_from"] else "none in the touches judged"
        return f"{name:6} no outcome to judge on ({why})"
    base = cell.get("baselines", {}).get("touch_number", {})
    prior = cell.get("baselines", {}).get("prior", {})
    return (
        f"{name:6} ROC AUC {_n(overall['roc_auc'])} "
        f"(touch number alone {_n(base.get('roc_auc'))}), "
        f"log loss {_n(overall['log_loss'])} (prior {_n(prior.get('log_loss'))}), "
        f"calibration error {_n(overall['calibration_error'])}, "
        f"{overall['outcomes']:,} of {overall['touches']:,} touches"
    )


def _n(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
