"""The engines' ten features are fineline's: checked before anything is timed."""

from __future__ import annotations

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa

from features.catalog import COLUMNS
from features.catalog.clock import FOREVER
from features.histories import from_events
from features.matrix import build
from tests.bench import engines

_PLACE = {c.name: i for i, c in enumerate(COLUMNS)}


def require_agreement(events: pa.Table) -> None:
    """Raise AssertionError unless every engine computes what fineline does, but for ties.

    Touches of contacts with two events at one moment are left out: an engine's window sees one of
    them before the other, fineline neither.
    """
    place = events.schema.get_field_index("recorded_at")
    events = events.set_column(place, "recorded_at", events["occurred_at"])
    used = events.select(engines.USED)
    ours = _ours(events)
    tied = used.select(["contact_id", "occurred_at"]).to_pandas().duplicated(keep=False)
    of_tied = used["contact_id"].to_pandas().isin(used["contact_id"].to_pandas()[tied])
    wanted = ours[~of_tied.to_numpy()[ours["event"]]]
    assert len(wanted) > 0.9 * len(ours)
    frame = pl.from_arrow(used)
    assert isinstance(frame, pl.DataFrame)
    with duckdb.connect() as db:
        _require_equal(wanted, engines.duckdb_ten(db, used).to_pandas(), "DuckDB")
    _require_equal(wanted, engines.polars_ten(frame).to_pandas(), "Polars")
    _require_equal(wanted, engines.pandas_ten(used.to_pandas()), "pandas")


def _ours(events: pa.Table) -> pd.DataFrame:
    m = build(from_events(events))
    ten = {name: m.x[:, _PLACE[name]] for name in engines.NAMES}
    return pd.DataFrame({"event": m.event, **ten}).sort_values("event")


def _require_equal(wanted: pd.DataFrame, got: pd.DataFrame, engine: str) -> None:
    theirs = got.set_index("event").loc[wanted["event"]]
    for name in engines.NAMES:
        values = theirs[name].astype(float).fillna(FOREVER).clip(upper=FOREVER).to_numpy()
        np.testing.assert_allclose(
            wanted[name], values, rtol=1e-5, atol=1e-6, err_msg=f"{engine}: {name}"
        )
