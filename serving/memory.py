"""What Python's collector of garbage looks at."""

from __future__ import annotations

import gc


def settle() -> None:
    """Leave what is there by now (modules, the app, a model) out of all later collections.

    A whole collection takes longer the more there is, and an answer waits for it.
    """
    gc.collect()
    gc.freeze()
