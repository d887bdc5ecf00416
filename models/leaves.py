"""Scores of trees without walking them: what is left of each tree's leaves, feature by feature.

A node whose question a row answers with "no" rules out the leaves to its left. Nodes are sorted by
feature and threshold, so that one pass over those below a row's value leaves in every tree the leaf
that a walk would have come to, as the first one left. A walk guesses wrongly at every other node,
which costs more than looking at all of them in order. Source: Lucchese et al., "QuickScorer: a fast
algorithm to rank documents with additive ensembles of regression trees", SIGIR 2015.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from features.compiled import inline, jit
from features.errors import FinelineError

#: A tree's leaves are the bits of one number.
MOST_LEAVES = 64
#: Times the lowest bit set, the uppermost six bits say which it was (a de Bruijn sequence).
_DE_BRUIJN = np.uint64(0x03F79D71B4CB0A89)


def _places() -> npt.NDArray[np.int64]:
    found = np.zeros(MOST_LEAVES, np.int64)
    for bit in range(MOST_LEAVES):
        found[((1 << bit) * int(_DE_BRUIJN) % 2**64) >> 58] = bit
    return found


class Leaves(NamedTuple):
    """Nodes by feature and threshold, and leaves from left to right.

    `feature`: the columns that are asked about, ascending; `starts`: where the nodes of each begin;
    `threshold`, `tree`, `mask`: of a node, `mask` keeping what a "no" leaves of its tree's leaves;
    `missing_starts`, `missing_tree`, `missing_mask`: the same of nodes to whose right a missing
    value goes; `first`, `value`: where the leaves of each tree begin, and what they add; `places`:
    to look up which bit is set.
    """

    feature: npt.NDArray[np.int64]
    starts: npt.NDArray[np.int64]
    threshold: npt.NDArray[np.float64]
    tree: npt.NDArray[np.int64]
    mask: npt.NDArray[np.uint64]
    missing_starts: npt.NDArray[np.int64]
    missing_tree: npt.NDArray[np.int64]
    missing_mask: npt.NDArray[np.uint64]
    first: npt.NDArray[np.int64]
    value: npt.NDArray[np.float64]
    places: npt.NDArray[np.int64]


class Node(NamedTuple):
    """An inner node: what it asks, where a missing value goes, and what a "no" leaves."""

    feature: int
    threshold: float
    missing_right: bool
    tree: int
    mask: int


def leaves(nodes: Sequence[Node], values: Sequence[npt.NDArray[np.float64]]) -> Leaves:
    """From the nodes of all trees, and each tree's leaves from left to right.

    Raises FinelineError for a tree with more leaves than bits.
    """
    if any(len(v) > MOST_LEAVES for v in values):
        raise FinelineError(f"a tree of the model has more than {MOST_LEAVES} leaves")
    nodes = sorted(nodes, key=lambda n: (n.feature, n.threshold))
    missing = [n for n in nodes if n.missing_right]
    feature = np.array(sorted({n.feature for n in nodes}), np.int64)
    return Leaves(
        feature,
        _starts(feature, nodes),
        np.array([n.threshold for n in nodes], np.float64),
        np.array([n.tree for n in nodes], np.int64),
        np.array([n.mask for n in nodes], np.uint64),
        _starts(feature, missing),
        np.array([n.tree for n in missing], np.int64),
        np.array([n.mask for n in missing], np.uint64),
        np.cumsum([0, *(len(v) for v in values)]),
        np.concatenate([*values, np.zeros(0)]),
        _places(),
    )


def joined(parts: Sequence[Leaves]) -> Leaves:
    """The trees of several, one after another."""
    trees = np.cumsum([0, *(len(part.first) - 1 for part in parts)])
    values = np.cumsum([0, *(len(part.value) for part in parts)])
    feature = np.unique(np.concatenate([part.feature for part in parts]))
    asked = np.concatenate([_asked(part.feature, part.starts) for part in parts])
    threshold = np.concatenate([part.threshold for part in parts])
    missing = np.concatenate([_asked(part.feature, part.missing_starts) for part in parts])
    order, missing_order = np.lexsort((threshold, asked)), np.argsort(missing, kind="stable")
    tree, missing_tree = (
        np.concatenate([getattr(p, name) + t for p, t in zip(parts, trees, strict=False)])
        for name in ("tree", "missing_tree")
    )
    return Leaves(
        feature,
        np.append(np.searchsorted(asked[order], feature), len(asked)),
        threshold[order],
        tree[order],
        np.concatenate([part.mask for part in parts])[order],
        np.append(np.searchsorted(missing[missing_order], feature), len(missing)),
        missing_tree[missing_order],
        np.concatenate([part.missing_mask for part in parts])[missing_order],
        np.append(
            np.concatenate([p.first[:-1] + v for p, v in zip(parts, values, strict=False)]),
            values[-1],
        ),
        np.concatenate([part.value for part in parts]),
        _places(),
    )


def _asked(feature: npt.NDArray[np.int64], starts: npt.NDArray[np.int64]) -> Any:
    return np.repeat(feature, np.diff(starts))


def _starts(feature: npt.NDArray[np.int64], nodes: Sequence[Node]) -> npt.NDArray[np.int64]:
    asked = np.array([n.feature for n in nodes], np.int64)
    return np.append(np.searchsorted(asked, feature), len(nodes)).astype(np.int64)


@inline
def rule_out(x: Any, trees: Any, which: Any, left: Any) -> None:
    """Rule out of `left`, shape (trees,), what some columns rule out: `which` of the features."""
    for f in which:
        v = np.float64(x[trees.feature[f]])
        if np.isnan(v):
            for k in range(trees.missing_starts[f], trees.missing_starts[f + 1]):
                left[trees.missing_tree[k]] &= trees.missing_mask[k]
            continue
        last = trees.starts[f + 1]
        k = trees.starts[f]
        while k < last and trees.threshold[k] < v:
            left[trees.tree[k]] &= trees.mask[k]
            k += 1


@inline
def added(trees: Any, left: Any, begin: int, end: int) -> float:
    """The sum of the first leaves left, over the trees from `begin` to `end`."""
    total = 0.0
    for t in range(begin, end):
        lowest = left[t] & (~left[t] + np.uint64(1))
        total += trees.value[trees.first[t] + trees.places[(lowest * _DE_BRUIJN) >> np.uint64(58)]]
    return total


@jit
def add_scores(x: Any, trees: Any, out: Any) -> None:
    """Add the raw score of every row to `out`."""
    left = np.empty(len(trees.first) - 1, np.uint64)
    for r in range(len(x)):
        left[:] = ~np.uint64(0)
        rule_out(x[r], trees, range(len(trees.feature)), left)
        out[r] += added(trees, left, 0, len(left))
