"""LightGBM's trees as flat arrays, and a compiled evaluator exact to LightGBM's own predictions.

A planner asks for thousands of small predictions; crossing into LightGBM costs more than the trees.
Scores are added up as in `models.leaves`; explanations walk the trees.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from features.compiled import inline, jit
from models.leaves import Leaves, Nodes, add_scores, leaves


class Trees(NamedTuple):
    """Trees laid end to end. A child below 0 is the leaf `~child`; offsets are per tree.

    `value` holds what each inner node, and `leaf` what each leaf, adds to the score.
    """

    feature: npt.NDArray[np.int32]
    threshold: npt.NDArray[np.float64]
    left: npt.NDArray[np.int32]
    right: npt.NDArray[np.int32]
    default_left: npt.NDArray[np.bool_]
    nan_is_missing: npt.NDArray[np.bool_]
    value: npt.NDArray[np.float64]
    leaf: npt.NDArray[np.float64]
    node_start: npt.NDArray[np.int32]
    leaf_start: npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Forest:
    """Trees as they are walked, and in `scored` the same laid out to be scored."""

    trees: Trees
    scored: Leaves = field(init=False, repr=False)

    def __post_init__(self) -> None:
        t = self.trees
        missing_left = np.where(t.nan_is_missing, t.default_left, t.threshold >= 0.0)
        nodes = Nodes(t.feature, t.threshold, ~missing_left, t.left, t.right, t.node_start)
        object.__setattr__(self, "scored", leaves(nodes, t.leaf, t.leaf_start))

    def predict(self, x: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
        """Raw scores, shape (rows,)."""
        out = np.zeros(len(x))
        add_scores(x, self.scored, out)
        return out


def together(forests: Sequence[Forest]) -> Forest:
    """The trees of several forests, one after another."""
    if not forests:
        return EMPTY
    parts = [f.trees for f in forests]
    nodes = np.cumsum([0, *(len(t.feature) for t in parts)])
    ends = np.cumsum([0, *(len(t.leaf) for t in parts)])
    laid = Trees(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))
    return Forest(
        laid._replace(
            node_start=_starts([t.node_start for t in parts], nodes),
            leaf_start=_starts([t.leaf_start for t in parts], ends),
        )
    )


def _starts(parts: Sequence[npt.NDArray[np.int32]], offsets: Any) -> npt.NDArray[np.int32]:
    shifted = [part[:-1] + offset for part, offset in zip(parts, offsets, strict=False)]
    return np.append(np.concatenate(shifted), offsets[-1]).astype(np.int32)


def parse(model_text: str, columns: Sequence[int] | None = None) -> Forest:
    """Read LightGBM's text format; `columns[i]` is the position of its feature i in a full row.

    Categorical splits are not read: fineline does not use them.
    """
    trees = [_fields(block) for block in model_text.split("\nTree=")[1:]]
    split = [t for t in trees if int(t["num_leaves"]) > 1]
    decision = _joined(split, "decision_type", np.int32)
    values = [_numbers(t["leaf_value"], np.float64) for t in trees]
    nodes = [int(t["num_leaves"]) - 1 for t in trees]
    return Forest(
        Trees(
            feature=_positions(_joined(split, "split_feature", np.int32), columns),
            threshold=_joined(split, "threshold", np.float64),
            left=_joined(split, "left_child", np.int32),
            right=_joined(split, "right_child", np.int32),
            default_left=(decision & 2) > 0,
            nan_is_missing=(decision >> 2) == 2,
            value=_joined(split, "internal_value", np.float64),
            leaf=np.concatenate([*values, np.zeros(0)]),
            node_start=np.cumsum([0, *nodes]).astype(np.int32),
            leaf_start=np.cumsum([0, *(len(v) for v in values)]).astype(np.int32),
        )
    )


def _positions(feature: Any, columns: Sequence[int] | None) -> npt.NDArray[np.int32]:
    result: npt.NDArray[np.int32] = feature
    return result if columns is None else np.asarray(columns, np.int32)[result]


def _fields(block: str) -> dict[str, str]:
    lines = block.split("\n\n")[0].splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)


def _numbers(text: str, dtype: Any) -> npt.NDArray[Any]:
    return np.array(text.split(), dtype=np.float64).astype(dtype)


def _joined(trees: list[dict[str, str]], name: str, dtype: Any) -> npt.NDArray[Any]:
    parts = [_numbers(t[name], dtype) for t in trees]
    return np.concatenate([*parts, np.zeros(0, dtype)])


@inline
def goes_left(forest: Any, node: int, v: float) -> Any:
    """Whether a row goes left at `node`, which asks about a column whose value is `v`."""
    if np.isnan(v) and forest.nan_is_missing[node]:
        return forest.default_left[node]
    return (0.0 if np.isnan(v) else v) <= forest.threshold[node]


@inline
def below(forest: Any, node: int, v: float) -> Any:
    """The child that a row goes to from `node`, which asks about a column whose value is `v`."""
    return forest.left[node] if goes_left(forest, node, v) else forest.right[node]


@jit
def add_contributions(x: Any, forest: Any, scale: float, out: Any) -> None:
    """Add to `out`, shape (rows, features), what each split on the row's paths changed.

    A split on feature f moves the running value from its node's to its child's; the sum over a
    row is its score less the values at the roots.
    """
    for r in range(len(x)):
        for t in range(len(forest.node_start) - 1):
            first = forest.node_start[t]
            child = 0 if forest.node_start[t + 1] > first else -1
            while child >= 0:
                node = first + child
                child = below(forest, node, np.float64(x[r, forest.feature[node]]))
                leaf = forest.leaf_start[t] + ~child
                after = forest.value[first + child] if child >= 0 else forest.leaf[leaf]
                out[r, forest.feature[node]] += scale * (after - forest.value[node])


#: No trees at all.
EMPTY = parse("")
