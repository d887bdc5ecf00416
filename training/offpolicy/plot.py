"""The Qini curves of an evaluation, drawn."""

from __future__ import annotations

from matplotlib.figure import Figure

from training.offpolicy.evaluation import Evaluation
from training.plots import COLOURS

_TITLES = {
    "value": ("value gained", "#3b3b3b"),
    "landed": ("landings gained", COLOURS["land"]),
    "annoyed": ("annoyances added", COLOURS["annoy"]),
}


def qini_plot(e: Evaluation) -> Figure:
    """Gain per occasion of nudging the first so many, ranked by the expected effect on each."""
    shown = [f for f in e.effects if f.curve is not None]
    figure = Figure(figsize=(4.6 * max(len(shown), 1) + 0.4, 4.0), layout="constrained")
    for k, effect in enumerate(shown):
        axis = figure.add_subplot(1, len(shown), k + 1)
        title, colour = _TITLES[effect.outcome]
        curve, coefficient = effect.curve, effect.coefficient
        if curve is None or coefficient is None:
            continue
        low, high = coefficient.interval(e.asked.level)
        label = f"Qini {coefficient.value:+.4f} ({low:+.4f} to {high:+.4f})"
        axis.plot(curve.share, curve.gain, color=colour, lw=2, label=label)
        axis.plot([0, 1], [0, curve.gain[-1]], color="#888888", lw=1, ls="--", label="any order")
        axis.axhline(0, color="#cccccc", lw=0.8)
        axis.spines[["top", "right"]].set_visible(False)
        axis.set(
            title=f"{title} by nudging instead of holding",
            xlabel="share nudged, by expected effect",
            ylabel=f"{title} per occasion, {e.asked.window:g} days", xlim=(0, 1),
        )  # fmt: skip
        axis.title.set_fontsize(10)
        axis.legend(frameon=False, fontsize=8)
    return figure
