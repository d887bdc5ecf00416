"""What Python's collector of garbage looks at, and how often."""

from __future__ import annotations

import gc

#: New objects after which it looks through the youngest: what several decisions are made of.
_YOUNG, _OLDER, _OLDEST = 5_000, 20, 50


def settle() -> None:
    """Leave what is there by now (modules, the app, a model) out of all later collections.

    A whole collection takes longer the more there is, and an answer waits for it. Nearly all that
    an answer is made of is gone before the collector has to know: it looks seldom.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, _OLDER, _OLDEST)
