"""What a group of columns does to a score: the score less what it would be were they as usual."""

from __future__ import annotations

from typing import Any

import numpy as np

from features.compiled import inline, jit
from models.forest import below, goes_left

#: A walk down a tree that is longer than this is refused.
_DEEPEST = 64


@jit
def add_effects(x: Any, usual: Any, forest: Any, scale: float, topic: Any, out: Any) -> None:
    """Add a forest's part to `out`; all but the forest have shape (rows, columns).

    `topic` says which columns change together. What a tree's answer changes by when a topic's
    columns become those of `usual` is added to the column at which the two ways part. Only the
    topics at which they part need a second walk.
    """
    parted, told = np.empty(_DEEPEST, np.uint64), np.empty(_DEEPEST, np.int64)
    feature, left, right = forest.feature, forest.left, forest.right
    for r in range(len(x)):
        row, other, of, effect = x[r], usual[r], topic[r], out[r]
        for t in range(len(forest.node_start) - 1):
            first = forest.node_start[t]
            child = 0 if forest.node_start[t + 1] > first else -1
            n, deep = 0, 0
            while child >= 0:
                # Without a sign: compiled code need not ask whether a place counts from the end.
                node = np.uint64(first + child)
                f = np.uint64(feature[node])
                one = goes_left(forest, node, np.float64(row[f]))
                two = goes_left(forest, node, np.float64(other[f]))
                child = left[node] if one else right[node]
                if one != two and not _among(told, n, of[f]):
                    parted[n], told[n] = f, of[f]
                    n += 1
                deep += 1
                if deep == _DEEPEST:
                    raise ValueError("a tree is too deep to be explained")
            leaf = _leaf(forest, t, child)
            for k in range(n):
                changed = _leaf_without(row, other, forest, t, of, told[k])
                effect[parted[k]] += scale * (leaf - changed)


@inline
def _among(values: Any, n: int, value: int) -> bool:
    k = 0
    while k < n and values[k] != value:
        k += 1
    return k < n


@inline
def _leaf_without(row: Any, other: Any, forest: Any, t: int, of: Any, topic: int) -> Any:
    """A tree's answer to `row` with the columns of one topic taken from `other`."""
    child = 0
    while child >= 0:
        node = np.uint64(forest.node_start[t] + child)
        f = np.uint64(forest.feature[node])
        v = np.float64(other[f] if of[f] == topic else row[f])
        child = below(forest, node, v)
    return _leaf(forest, t, child)


@inline
def _leaf(forest: Any, t: int, child: int) -> Any:
    """What the leaf of tree `t` that a walk came to adds."""
    return forest.leaf[np.uint64(forest.leaf_start[t] + ~child)]
