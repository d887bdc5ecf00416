"""What a group of columns does to a score: the score less what it would be were they as usual."""

from __future__ import annotations

from typing import Any

import numpy as np

from features.compiled import inline, jit
from models.forest import go

#: A walk down a tree that is longer than this is refused.
_DEEPEST = 64


@jit
def add_effects(x: Any, usual: Any, forest: Any, scale: float, topic: Any, out: Any) -> None:
    """Add a forest's part to `out`; all but the forest have shape (rows, columns).

    `topic` says which columns change together. What a tree's answer changes by when a topic's
    columns become those of `usual` is added to the column at which the two ways part. Only the
    topics at which they part need a second walk.
    """
    parted, told = np.empty(_DEEPEST, np.int64), np.empty(_DEEPEST, np.int64)
    for r in range(len(x)):
        row, other, of, effect = x[r], usual[r], topic[r], out[r]
        for t in range(len(forest[8]) - 1):
            first = forest[8][t]
            child = 0 if forest[8][t + 1] > first else -1
            n, deep = 0, 0
            while child >= 0:
                node = first + child
                child = go(forest, node, row)
                f = forest[0][node]
                if child != go(forest, node, other) and not _among(told, n, of[f]):
                    parted[n], told[n] = f, of[f]
                    n += 1
                deep += 1
                if deep == _DEEPEST:
                    raise ValueError("a tree is too deep to be explained")
            leaf = forest[7][forest[9][t] + ~child]
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
        node = forest[8][t] + child
        child = go(forest, node, other if of[forest[0][node]] == topic else row)
    return forest[7][forest[9][t] + ~child]
