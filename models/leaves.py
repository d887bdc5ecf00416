"""Scores of trees without walking them: what is left of each tree's leaves, feature by feature.

A node whose question a row answers with "no" rules out the leaves to its left. Nodes are sorted by
feature and threshold, so that one pass over those below a row's value leaves in every tree the leaf
that a walk would have come to, as the first one left. A walk guesses wrongly at every other node,
which costs more than looking at all of them in order. Source: Lucchese et al., "QuickScorer: a fast
algorithm to rank documents with additive ensembles of regression trees", SIGIR 2015.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from features.bits import lowest_bit
from features.compiled import inline, jit
from features.errors import FinelineError

#: A tree's leaves are the bits of one number.
MOST_LEAVES = 64
_ALL = 2**MOST_LEAVES - 1
#: Places are counted without a sign: compiled code need not ask whether they count from the end.
_ONE = np.uint64(1)


class Leaves(NamedTuple):
    """Nodes by feature and threshold, and leaves from left to right.

    `feature`: the columns that are asked about, ascending; `starts`: where the nodes of each begin;
    `threshold`, `tree`, `mask`: of a node, `mask` keeping what a "no" leaves of its tree's leaves;
    `missing_starts`, `missing_tree`, `missing_mask`: the same of nodes to whose right a missing
    value goes; `first`, `value`: where the leaves of each tree begin, and what they add.
    """

    feature: npt.NDArray[np.int64]
    starts: npt.NDArray[np.uint64]
    threshold: npt.NDArray[np.float64]
    tree: npt.NDArray[np.uint64]
    mask: npt.NDArray[np.uint64]
    missing_starts: npt.NDArray[np.uint64]
    missing_tree: npt.NDArray[np.uint64]
    missing_mask: npt.NDArray[np.uint64]
    first: npt.NDArray[np.uint64]
    value: npt.NDArray[np.float64]


class Nodes(NamedTuple):
    """The inner nodes of all trees, laid end to end; a child below 0 is the leaf `~child`.

    `missing_right`: whether a missing value goes right; `starts`: where those of each tree begin.
    """

    feature: npt.NDArray[np.int32]
    threshold: npt.NDArray[np.float64]
    missing_right: npt.NDArray[np.bool_]
    left: npt.NDArray[np.int32]
    right: npt.NDArray[np.int32]
    starts: npt.NDArray[np.int32]


def leaves(nodes: Nodes, leaf: npt.NDArray[np.float64], first: npt.NDArray[np.int32]) -> Leaves:
    """From trees as they are walked; `leaf`: what each leaf adds, `first`: where a tree's begin.

    Raises FinelineError for a tree with more leaves than bits.
    """
    if (np.diff(first) > MOST_LEAVES).any():
        raise FinelineError(f"a tree of the model has more than {MOST_LEAVES} leaves")
    tree = np.repeat(np.arange(len(first) - 1, dtype=np.uint64), np.diff(nodes.starts))
    mask, value = np.zeros(len(tree), np.uint64), leaf.copy()
    left, right = nodes.left.tolist(), nodes.right.tolist()
    for begin, end, own in zip(nodes.starts[:-1], nodes.starts[1:], first[:-1], strict=True):
        if end > begin:
            order: list[int] = []
            _visit(0, left[begin:end], right[begin:end], order, mask[begin:end])
            value[own : own + len(order)] = leaf[own + np.array(order)]
    by_threshold = np.lexsort((nodes.threshold, nodes.feature))
    missing = by_threshold[nodes.missing_right[by_threshold]]
    feature = np.unique(nodes.feature).astype(np.int64)
    return Leaves(
        feature,
        _starts(feature, nodes.feature[by_threshold]),
        nodes.threshold[by_threshold],
        tree[by_threshold],
        mask[by_threshold],
        _starts(feature, nodes.feature[missing]),
        tree[missing],
        mask[missing],
        first.astype(np.uint64),
        value,
    )


def _visit(
    node: int, left: list[int], right: list[int], order: list[int], mask: npt.NDArray[np.uint64]
) -> None:
    """Leaves below a node of a tree from left to right into `order`, masks of nodes into `mask`."""
    if node < 0:
        order.append(~node)
        return
    before = len(order)
    _visit(left[node], left, right, order, mask)
    mask[node] = _ALL & ~((1 << len(order)) - (1 << before))
    _visit(right[node], left, right, order, mask)


def _starts(feature: npt.NDArray[np.int64], asked: npt.NDArray[np.int32]) -> Any:
    return np.append(np.searchsorted(asked, feature), len(asked)).astype(np.uint64)


@inline
def rule_out(x: Any, trees: Any, which: Any, left: Any) -> None:
    """Rule out of `left`, shape (trees,), what some columns rule out: `which` of the features."""
    for f in which:
        v = np.float64(x[trees.feature[f]])
        if np.isnan(v):
            for k in range(trees.missing_starts[f], trees.missing_starts[f + 1]):
                left[trees.missing_tree[k]] &= trees.missing_mask[k]
            continue
        k, last = trees.starts[f], trees.starts[f + 1]
        while k < last and trees.threshold[k] < v:
            left[trees.tree[k]] &= trees.mask[k]
            k += _ONE


@inline
def added(trees: Any, left: Any, begin: int, end: int) -> float:
    """The sum of the first leaves left, over the trees from `begin` to `end`."""
    value, first = trees.value, trees.first
    t, last, total = np.uint64(begin), np.uint64(end), 0.0
    while t < last:
        total += value[first[t] + lowest_bit(left[t])]
        t += _ONE
    return total


@jit
def add_scores(x: Any, trees: Any, out: Any) -> None:
    """Add the raw score of every row to `out`."""
    left = np.empty(len(trees.first) - 1, np.uint64)
    for r in range(len(x)):
        left[:] = ~np.uint64(0)
        rule_out(x[r], trees, range(len(trees.feature)), left)
        out[r] += added(trees, left, 0, len(left))
