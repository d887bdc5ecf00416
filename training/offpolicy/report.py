"""An evaluation in words and numbers: for a terminal, and as JSON."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from training.offpolicy.estimators import Estimate
from training.offpolicy.evaluation import ESTIMATORS, Effect, Evaluation, PolicyValue

_NAMES = {"ips": "IPS", "snips": "self-normalised", "dr": "doubly robust"}


def as_dict(e: Evaluation) -> dict[str, Any]:
    """JSON form; a value that cannot be told is null."""
    asked = e.asked
    return {
        "log": {
            "decisions": e.all_drawn.decisions,
            "nudges_drawn": len(e.all_drawn),
            "nudges_not_drawn": e.all_drawn.undrawn,
            "nudges_followed_long_enough": len(e.drawn),
            "held": int(e.drawn.held.sum()),
            "contacts": len(set(e.drawn.contact.tolist())),
            "courses": len(e.over.first),
        },
        "window_days": asked.window,
        "course_days": asked.course,
        "clip": asked.clip if math.isfinite(asked.clip) else None,
        "level": asked.level,
        "utility": {
            "land": asked.utility.land,
            "annoy": asked.utility.annoy,
            "touch": asked.utility.touch,
        },
        "at_one_occasion": [_policy(v, e.at_one[0], asked.level) for v in e.at_one],
        "at_every_occasion": [_policy(v, e.at_all[0], asked.level) for v in e.at_all],
        "effect_of_a_nudge": {f.outcome: _effect(f, asked.level) for f in e.effects},
    }


def _policy(v: PolicyValue, first: PolicyValue, level: float) -> dict[str, Any]:
    values = {name: _estimate(v.values.get(name), level) for name in ESTIMATORS}
    both = v is not first and "dr" in v.values and "dr" in first.values
    difference = v.values["dr"] - first.values["dr"] if both else None
    return {
        "policy": v.policy,
        "nudges": v.nudges,
        "matched": v.matched,
        "effective_sample_size": v.effective_sample_size,
        "mean_weight": v.mean_weight,
        "clipped_share": v.clipped,
        **values,
        "dr_less_that_of_the_first": _estimate(difference, level),
    }


def _effect(f: Effect, level: float) -> dict[str, Any]:
    return {"mean": _estimate(f.mean, level), "qini_coefficient": _estimate(f.coefficient, level)}


def _estimate(estimate: Estimate | None, level: float) -> dict[str, float] | None:
    if estimate is None or not math.isfinite(estimate.value):
        return None
    low, high = estimate.interval(level)
    return {"value": estimate.value, "low": low, "high": high}


def summary(e: Evaluation) -> str:
    """Tables for a terminal."""
    return "\n".join(_lines(as_dict(e)))


def _lines(found: dict[str, Any]) -> Iterator[str]:
    log, level = found["log"], found["level"]
    yield (
        f"{log['decisions']:,} decisions; {log['nudges_drawn']:,} nudges drawn, of which "
        f"{log['nudges_followed_long_enough']:,} of {log['contacts']:,} contacts are followed by "
        f"{found['window_days']:g} days of events ({log['held']:,} held)."
    )
    if log["nudges_not_drawn"]:
        yield f"{log['nudges_not_drawn']:,} nudges were not drawn for and tell nothing."
    worth = found["utility"]
    clip = "not clipped" if found["clip"] is None else f"clipped at {found['clip']:g}"
    yield (
        f"Value = {worth['land']:g} landed - {worth['annoy']:g} annoyed - {worth['touch']:g} "
        f"touches; {level:.0%} intervals by contacts; weights {clip}."
    )
    yield ""
    yield f"At one occasion, then as logged, value per occasion in {found['window_days']:g} days:"
    yield from _table(found["at_one_occasion"])
    yield ""
    yield (
        f"At every occasion of a person, value per person in {found['course_days']:g} days from "
        f"the first ({log['courses']:,} persons):"
    )
    yield from _table(found["at_every_occasion"])
    yield ""
    yield "Effect of nudging over holding for a week, per occasion:"
    yield from _effects(found)


def _table(policies: list[dict[str, Any]]) -> Iterator[str]:
    if not policies:
        yield "  nothing that is over yet"
        return
    width = max(12, *(len(p["policy"]) for p in policies))
    heads = "".join(f"{_NAMES[name]:>27}" for name in ESTIMATORS)
    yield f"  {'policy':{width}}  nudges{heads}{'DR less the first':>27}     ESS  clipped"
    for p in policies:
        cells = "".join(f"{_cell(p[name]):>27}" for name in ESTIMATORS)
        less = _cell(p["dr_less_that_of_the_first"], signed=True)
        yield (
            f"  {p['policy']:{width}} {p['nudges']:7.1%}{cells}{less:>27} "
            f"{p['effective_sample_size']:7,.0f} {p['clipped_share']:7.1%}"
        )
        if p["dr"] is None:
            yield (
                f"  {'':{width}} the log has too little of what this policy does: {p['matched']:,} "
                f"like it, mean weight {p['mean_weight']:.2f}"
            )


def _effects(found: dict[str, Any]) -> Iterator[str]:
    if not found["effect_of_a_nudge"]:
        yield "  too few nudges of one kind, held or not, to tell"
        return
    yield f"  {'outcome':12}{'effect':>27}{'Qini coefficient':>30}"
    for name, effect in found["effect_of_a_nudge"].items():
        area = _cell(effect["qini_coefficient"], signed=True, digits=4)
        yield f"  {name:12}{_cell(effect['mean'], signed=True):>27}{area:>30}"


def _cell(estimate: dict[str, float] | None, signed: bool = False, digits: int = 3) -> str:
    if estimate is None:
        return "-"
    style = f"{'+' if signed else ''}.{digits}f"
    value, low, high = (format(estimate[name], style) for name in ("value", "low", "high"))
    return f"{value} ({low} to {high})"
