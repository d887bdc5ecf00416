"""Plots of the closed loop: the frontier of landed against annoyed, and the learning curve."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from training.playout.estimates import Estimate
from training.playout.plays import Played
from training.playout.search import Tried

# Colours that people with any colour vision tell apart, also by their lightness.
FINELINE, CLEAR, CADENCE = "#c8541b", "#0b6e8f", "#9a9a9a"
_WIDEST = 3
#: Base rates only, of no contacts, stand at this left edge of the logarithmic axis.
_LEFT = 30
#: The height of a line of small print, as a share of a plot's.
_LINE = 0.03


@dataclass(frozen=True, slots=True)
class Frontier:
    """One world: policies at several costs of annoyance, and every cadence of the grid."""

    world: str
    fineline: Sequence[Played]
    clear: Sequence[Played]
    cadences: Sequence[Tried]


def frontier_plot(worlds: Sequence[Frontier]) -> Figure:
    """Landed against annoyed, a panel per world."""
    figure, axes = _panels(len(worlds))
    for axis, f in zip(axes, worlds, strict=True):
        grid = np.array([(t.annoyed, t.landed) for t in f.cadences])
        axis.scatter(*grid.T, s=4, color=CADENCE, alpha=0.4, label="fixed cadences", lw=0)
        for plays, colour, name in (
            (f.clear, CLEAR, "clear-sighted"),
            (f.fineline, FINELINE, "fineline"),
        ):
            x, y = ([float(getattr(p.less_luck, n).mean()) for p in plays]
                    for n in ("annoyed", "landed"))  # fmt: skip
            axis.plot(x, y, "o-", color=colour, ms=4, lw=1.5, label=name)
            for p, a, b in zip(plays, x, y, strict=True):
                axis.annotate(f"{p.play.annoy:g}", (a, b), xytext=(3, -9), fontsize=6,
                              textcoords="offset points", color=colour)  # fmt: skip
        widest = max(float(p.less_luck.annoyed.mean()) for p in (*f.fineline, *f.clear))
        axis.set(title=f.world, xlim=(0, max(2.5 * widest, 0.02)), ylim=(0, None))
        axis.set(xlabel="annoyed per contact", ylabel="landed per contact")
    axes[0].legend(frameon=False, fontsize=8, loc="lower right")
    return figure


def learning_plot(curves: Mapping[str, Sequence[tuple[int, Estimate]]], average: str) -> Figure:
    """Share of the way against contacts seen, a thin line per world, a thick one for `average`."""
    figure, (axis,) = _panels(1, 4.2, 6.4)
    for name, curve in curves.items():
        x = [max(n, _LEFT) for n, _ in curve]
        y = [e.mean for _, e in curve]
        if name == average:
            error = [e.high - e.mean for _, e in curve]
            axis.errorbar(x, y, yerr=error, fmt="o-", color=FINELINE, lw=2.5, capsize=3,
                          label=f"{name}, 95 % interval", zorder=3)  # fmt: skip
        else:
            axis.plot(x, y, lw=0.8, color=CADENCE)
    _name_ends(axis, {name: curve for name, curve in curves.items() if name != average})
    ticks = sorted({n for curve in curves.values() for n, _ in curve})
    axis.set(xscale="log", xlabel="contacts seen", ylabel="share of the way to the clear-sighted")
    axis.set_xticks([max(n, _LEFT) for n in ticks], [f"{n:,}" for n in ticks], rotation=30)
    axis.minorticks_off()
    axis.axhline(0, color="#555555", lw=0.8, ls="--")
    axis.legend(frameon=False, fontsize=8)
    return figure


def _name_ends(axis: Any, curves: Mapping[str, Sequence[tuple[int, Estimate]]]) -> None:
    """The name of each curve beside its last point, from below, none upon another."""
    low, high = axis.get_ylim()
    place = -np.inf
    for name, curve in sorted(curves.items(), key=lambda one: one[1][-1][1].mean):
        contacts, last = curve[-1]
        place = max(last.mean, place + _LINE * (high - low))
        axis.annotate(name, (max(contacts, _LEFT), place), xytext=(5, -2), fontsize=6,
                      textcoords="offset points")  # fmt: skip


def _panels(count: int, height: float = 3.0, width: float = 3.4) -> tuple[Figure, Any]:
    columns = min(count, _WIDEST)
    rows = -(-count // columns)
    figure = Figure(figsize=(width * columns, height * rows), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for axis in axes:
        axis.spines[["top", "right"]].set_visible(False)
        axis.grid(alpha=0.25)
    for axis in axes[count:]:
        axis.set_visible(False)
    return figure, axes[:count]
