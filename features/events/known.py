"""What was recorded by a moment."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc


def known_by(events: pa.Table, at_us: int) -> pa.Table:
    """Only what was recorded by `at_us` (microseconds since 1970), at that very moment included."""
    return events.filter(pc.less_equal(events["recorded_at"].cast(pa.int64()), at_us))
