"""Plots of a trained model: reliability, hazards over lag, the fine line, importances."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from features.outcomes import ANNOYED, LANDED
from models.lags import LAG_EDGES
from models.model import Model
from training.dataset import Dataset
from training.evaluate import Report, before_next, happened

# Two colours that people with any colour vision tell apart, also by their lightness.
COLOURS = {"land": "#0b6e8f", "annoy": "#c8541b"}
LABELS = {"land": "lands", "annoy": "annoys"}
_MOST_NUMBERS = 10
_SAMPLE = 2000
_PLOTTED = 20_000


def save_all(folder: Path, model: Model, data: Dataset, report: Report) -> None:
    """Write every plot as PNG into `folder` (made if it is not there)."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, figure in (
        ("reliability", reliability_plot(report.metrics)),
        ("hazard_over_lag", hazard_plot(model)),
        ("fine_line_by_touch_number", fine_line_plot(model, data)),
        ("importances", importance_plot(model, data)),
    ):
        save(figure, folder / f"{name}.png")


def save(figure: Figure, path: Path) -> None:
    """Write one figure as PNG."""
    FigureCanvasAgg(figure)
    figure.savefig(path, dpi=80, format="png")


def _figure(panels: int = 1, height: float = 4.0) -> tuple[Figure, Any]:
    figure = Figure(figsize=(4.6 * panels + 0.4, height), layout="constrained")
    axes = figure.subplots(1, panels, squeeze=False)[0]
    for axis in axes:
        axis.spines[["top", "right"]].set_visible(False)
        axis.grid(alpha=0.25)
    return figure, axes


def reliability_plot(metrics: dict[str, Any]) -> Figure:
    """Share of touches that came to an outcome, against the chance that was predicted."""
    figure, axes = _figure(2)
    for axis, name in zip(axes, ("land", "annoy"), strict=True):
        cells = metrics[name].get("reliability", [])
        p = [c["predicted"] for c in cells]
        y = np.array([c["happened"] for c in cells])
        n = np.array([c["touches"] for c in cells])
        top = max([*p, *y, 0.01]) * 1.1
        axis.plot([0, top], [0, top], color="#888888", lw=1, ls="--", label="perfectly calibrated")
        if len(cells):
            error = 1.645 * np.sqrt(np.maximum(y * (1 - y), 1e-9) / n)
            axis.errorbar(
                p, y, yerr=error, fmt="o-", color=COLOURS[name], capsize=3,
                label="tenths of the touches, 90 % interval",
            )  # fmt: skip
            axis.legend(frameon=False, fontsize=8, loc="upper left")
        else:
            axis.text(0.5, 0.5, "no outcome to judge on", ha="center", transform=axis.transAxes)
        axis.set(
            title=f"{LABELS[name]} before the next touch, within 30 days",
            xlabel="predicted chance", ylabel="share that happened", xlim=(0, top), ylim=(0, top),
        )  # fmt: skip
        axis.title.set_fontsize(10)
    return figure


def hazard_plot(model: Model) -> Figure:
    """How likely an open touch is to land or annoy per day, over the time since it was made."""
    figure, (axis,) = _figure()
    for outcome in (model.land, model.annoy):
        rate = np.diff(outcome.baseline.cumulative) / np.diff(LAG_EDGES)
        axis.stairs(rate, np.maximum(LAG_EDGES, 1e-3), color=COLOURS[outcome.name], lw=2,
                    label=LABELS[outcome.name], baseline=None)  # fmt: skip
    axis.set(
        xscale="log", yscale="log", title="Baseline hazard over the time since a touch",
        xlabel="time since the touch", ylabel="hazard per day at score 0",
    )  # fmt: skip
    axis.set_xticks([1 / 288, 1 / 24, 1, 7, 30, 90], ["5 min", "1 h", "1 day", "7", "30", "90"])
    axis.legend(frameon=False)
    return figure


def fine_line_plot(model: Model, data: Dataset) -> Figure:
    """Chance to land and risk to annoy by touch number: predicted beside what happened."""
    figure, axes = _figure(2)
    rows = data.mature() & ~data.closed & (data.watched.number <= _MOST_NUMBERS)
    some = np.zeros(len(rows), bool)
    some[np.flatnonzero(rows)[:: max(int(rows.sum()) // _PLOTTED, 1)]] = True
    w, before = data.watched.take(some), before_next(model, data, some)
    for axis, name, why, p in zip(
        axes, ("land", "annoy"), (LANDED, ANNOYED), before, strict=True
    ):  # fmt: skip
        hit, numbers = happened(w, why), np.unique(w.number)
        mean = np.array([hit[w.number == k].mean() for k in numbers])
        n = np.array([(w.number == k).sum() for k in numbers])
        error = 1.645 * np.sqrt(np.maximum(mean * (1 - mean), 1e-9) / n)
        axis.errorbar(numbers, mean, yerr=error, fmt="o", color="#555555", capsize=3,
                      label="happened, 90 % interval")  # fmt: skip
        axis.plot(numbers, [p[w.number == k].mean() for k in numbers], color=COLOURS[name], lw=2,
                  label="predicted")  # fmt: skip
        axis.set(title=f"{LABELS[name]} before the next touch, within 30 days",
                 xlabel="touch number", ylabel="share of touches", ylim=(0, None))  # fmt: skip
        axis.title.set_fontsize(10)
        axis.legend(frameon=False, fontsize=8)
    return figure


def importance_plot(model: Model, data: Dataset, most: int = 15) -> Figure:
    """Mean size of each column's contribution to the score, over a sample of touches."""
    figure, axes = _figure(2, height=4.6)
    x = data.watched.x[:: max(len(data.watched) // _SAMPLE, 1)]
    for axis, outcome in zip(axes, (model.land, model.annoy), strict=True):
        size = np.abs(outcome.contributions(x)).mean(axis=0)
        top = np.argsort(-size)[:most][::-1]
        axis.barh([model.columns[i].replace("_", " ") for i in top], size[top],
                  color=COLOURS[outcome.name])  # fmt: skip
        axis.tick_params(axis="y", labelsize=7)
        axis.set(title=f"what tells whether it {LABELS[outcome.name]}",
                 xlabel="mean contribution to the log-hazard")  # fmt: skip
        axis.title.set_fontsize(10)
    return figure
