"""Random numbers inside compiled code: one stream a person, so nobody depends on anybody else.

SplitMix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from training.simulate.compiled import inline
from training.simulate.records import DAY, HOUR, MINUTE

_GAMMA = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_S11, _S27, _S30, _S31 = (np.uint64(bits) for bits in (11, 27, 30, 31))


@inline
def _to_unit(state: Any) -> Any:
    z = (state ^ (state >> _S30)) * _MIX_1
    z = (z ^ (z >> _S27)) * _MIX_2
    z = z ^ (z >> _S31)
    return (float(z >> _S11) + 0.5) / 9007199254740992.0


@inline
def uniform(person: Any) -> float:
    """The next number in (0, 1) of the stream of answers."""
    person.stream = person.stream + _GAMMA
    return float(_to_unit(person.stream))


@inline
def drift_uniform(person: Any) -> float:
    """The next number in (0, 1) of the stream of what happens whatever we do."""
    person.drift_stream = person.drift_stream + _GAMMA
    return float(_to_unit(person.drift_stream))


@inline
def normal(person: Any) -> float:
    """The next standard normal number of the stream of answers (Box-Muller)."""
    radius = math.sqrt(-2.0 * math.log(uniform(person)))
    return radius * math.cos(2.0 * math.pi * uniform(person))


@inline
def drift_wait(person: Any, mean_days: float) -> int:
    """An exponential waiting time in microseconds, at most ten years."""
    return int(min(-math.log(drift_uniform(person)) * mean_days, 3650.0) * DAY)


@inline
def lag(person: Any, w: Any, channel: int, late_share: float) -> int:
    """Microseconds from a touch to its answer: within hours, within days, weeks, or months.

    Only the last, late part lies beyond 30 days, so the chance within the horizon is exact.
    """
    kind = uniform(person)
    if kind < late_share:
        return int((31.0 + 59.0 * uniform(person)) * DAY)
    kind = (kind - late_share) / (1.0 - late_share)
    if kind < w.quick_share[channel]:
        hours = w.quick_hours[channel] * math.exp(1.1 * normal(person))
        return max(int(min(hours, 48.0) * HOUR), MINUTE)
    if kind < 1.0 - w.slow_share:
        days = w.later_days[channel] * math.exp(0.8 * normal(person))
        return int(min(max(days, 0.1), 7.0) * DAY)
    return int((7.0 + 21.0 * uniform(person)) * DAY)
