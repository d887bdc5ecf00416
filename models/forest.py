"""LightGBM's trees as flat arrays, and a compiled evaluator exact to LightGBM's own predictions.

A planner asks for thousands of small predictions; crossing into LightGBM costs more than the trees.
Scores are added up as in `models.leaves`; explanations walk the trees.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from features.compiled import inline, jit
from models.leaves import MOST_LEAVES, Leaves, Node, add_scores, joined, leaves


@dataclass(frozen=True, slots=True)
class Forest:
    """Trees laid end to end. A child below 0 is the leaf `~child`; offsets are per tree.

    `value` holds what each inner node, and `leaf` what each leaf, adds to the score; `scored` is
    the same, laid out to be scored.
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
    scored: Leaves

    def arrays(self) -> tuple[Any, ...]:
        """The arrays in the order the routines that walk take them."""
        return (
            self.feature, self.threshold, self.left, self.right, self.default_left,
            self.nan_is_missing, self.value, self.leaf, self.node_start, self.leaf_start,
        )  # fmt: skip

    def predict(self, x: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
        """Raw scores, shape (rows,)."""
        out = np.zeros(len(x))
        add_scores(x, self.scored, out)
        return out


def together(forests: Sequence[Forest]) -> Forest:
    """The trees of several forests, one after another."""
    if not forests:
        return EMPTY
    nodes = np.cumsum([0, *(len(f.feature) for f in forests)])
    ends = np.cumsum([0, *(len(f.leaf) for f in forests)])
    laid = {
        name: np.concatenate([getattr(f, name) for f in forests])
        for name in ("feature", "threshold", "left", "right", "default_left", "nan_is_missing",
                     "value", "leaf")
    }  # fmt: skip
    return Forest(
        **laid,
        node_start=_starts([f.node_start for f in forests], nodes),
        leaf_start=_starts([f.leaf_start for f in forests], ends),
        scored=joined([f.scored for f in forests]),
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
        scored=_scored(trees, values, columns),
    )


def _scored(
    trees: list[dict[str, str]], values: list[npt.NDArray[Any]], columns: Sequence[int] | None
) -> Leaves:
    nodes: list[Node] = []
    in_order = []
    for t, (tree, value) in enumerate(zip(trees, values, strict=True)):
        order: list[int] = []
        if len(value) > 1:
            _visit(t, 0, _split_of(tree, columns), order, nodes)
        in_order.append(value[order] if order else value)
    return leaves(nodes, in_order)


def _split_of(tree: dict[str, str], columns: Sequence[int] | None) -> tuple[list[Any], ...]:
    """Feature, threshold, whether a missing value goes right, and children, node by node."""
    threshold = _numbers(tree["threshold"], np.float64)
    decision = _numbers(tree["decision_type"], np.int32)
    left = np.where((decision >> 2) == 2, (decision & 2) > 0, threshold >= 0.0)
    feature = _positions(_numbers(tree["split_feature"], np.int32), columns)
    children = (_numbers(tree[f"{side}_child"], np.int32).tolist() for side in ("left", "right"))
    return feature.tolist(), threshold.tolist(), (~left).tolist(), *children


def _visit(
    t: int, node: int, split: tuple[list[Any], ...], order: list[int], nodes: list[Node]
) -> None:
    """Leaves below `node` from left to right into `order`, and the nodes there into `nodes`."""
    if node < 0:
        order.append(~node)
        return
    feature, threshold, missing_right, left, right = split
    before = len(order)
    _visit(t, left[node], split, order, nodes)
    ruled_out = (1 << len(order)) - (1 << before)
    mask = (2**MOST_LEAVES - 1) & ~ruled_out
    nodes.append(Node(feature[node], threshold[node], missing_right[node], t, mask))
    _visit(t, right[node], split, order, nodes)


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
def go(forest: Any, node: int, x: Any) -> Any:
    """The child of `node` that the row `x` goes to."""
    v = np.float64(x[forest[0][node]])
    if np.isnan(v):
        if forest[5][node]:
            return forest[2][node] if forest[4][node] else forest[3][node]
        return forest[2][node] if forest[1][node] >= 0.0 else forest[3][node]
    return forest[2][node] if v <= forest[1][node] else forest[3][node]


@jit
def add_contributions(x: Any, forest: Any, scale: float, out: Any) -> None:
    """Add to `out`, shape (rows, features), what each split on the row's paths changed.

    A split on feature f moves the running value from its node's to its child's; the sum over a
    row is its score less the values at the roots.
    """
    for r in range(len(x)):
        for t in range(len(forest[8]) - 1):
            first = forest[8][t]
            child = 0 if forest[8][t + 1] > first else -1
            while child >= 0:
                node = first + child
                child = go(forest, node, x[r])
                after = forest[6][first + child] if child >= 0 else forest[7][forest[9][t] + ~child]
                out[r, forest[0][node]] += scale * (after - forest[6][node])


#: No trees at all.
EMPTY = parse("")
