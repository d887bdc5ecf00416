"""Which channel each row of a feature matrix stands for."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from features.catalog.columns import COLUMNS
from features.events.schema import CHANNELS

_OTHER = CHANNELS.index("other")
_NAMES = [c.name for c in COLUMNS]
_FLAGS = [(code, _NAMES.index(f"channel_{CHANNELS[code]}")) for code in range(_OTHER)]


def channels_of(x: npt.NDArray[np.float32]) -> npt.NDArray[np.int64]:
    """Channel codes (places in `CHANNELS`) of rows, shape (rows,)."""
    codes = np.full(len(x), _OTHER, np.int64)
    for code, column in _FLAGS:
        codes[x[:, column] == 1] = code
    return codes
