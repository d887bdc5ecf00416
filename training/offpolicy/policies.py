"""Policies to evaluate: nudge, hold, what was done, or a condition on the decision's numbers."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from features.errors import BadInput
from training.offpolicy.log import floats

Floats = npt.NDArray[np.float64]

_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}
_CONDITION = re.compile(r"(\w+)\s*(>=|<=|>|<)\s*([-+]?\d*\.?\d+(?:[eE][-+]?\d+)?)")


def nudging(policy: str, table: pa.Table, drawn: Floats) -> Floats:
    """The chance that the policy nudges at each occasion, shape (n,).

    `table` has the decision's numbers, `drawn` the chance of a nudge that was logged.

    `nudge`, `hold`, `logged` (the draws as they were), or `score > 0.02 and touch_number <= 3`:
    nudge where every condition on a numeric column holds, else hold; an unknown number fulfils
    none. Raises BadInput for anything else.
    """
    text = policy.strip()
    if text == "logged":
        return drawn
    if text in ("nudge", "hold"):
        return np.full(len(table), float(text == "nudge"))
    found = np.ones(len(table), np.bool_)
    for part in re.split(r"\s+and\s+", text):
        found &= _holds(part, table)
    return found.astype(np.float64)


def _holds(condition: str, table: pa.Table) -> npt.NDArray[np.bool_]:
    match = _CONDITION.fullmatch(condition.strip())
    numeric = [f.name for f in table.schema if _is_number(f.type)]
    if match is None:
        raise BadInput(
            f"{condition!r} is no policy; give nudge, hold, logged or a condition such as "
            "'score > 0.02'", field="--policy",
        )  # fmt: skip
    name, sign, number = match.groups()
    if name not in numeric:
        raise BadInput(f"{name!r} is not a number in the log; there are {', '.join(numeric)}",
                       field="--policy")  # fmt: skip
    values = floats(table[name])
    return np.asarray(_COMPARE[sign](values, float(number)), np.bool_)


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_floating(kind) or pa.types.is_integer(kind))
