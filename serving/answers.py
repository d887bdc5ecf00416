"""Decisions as the outside sees them: JSON for HTTP, flat columns for files."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import orjson
import pyarrow as pa

from models.decision import Decision

_OPTIONS = orjson.OPT_NAIVE_UTC | orjson.OPT_UTC_Z | orjson.OPT_SERIALIZE_NUMPY
_MOMENT = pa.timestamp("us", tz="UTC")


def to_json(value: Any) -> bytes:
    """Any answer as JSON; decisions as they are, times in UTC with Z."""
    return orjson.dumps(value, option=_OPTIONS)


def to_table(decisions: Sequence[Decision]) -> pa.Table:
    """One row per decision: nested fields flattened with `_`, lists as JSON.

    Intervals become `..._low` and `..._high`.
    """
    rows = [_flat(dataclasses.asdict(d)) for d in decisions]
    return pa.Table.from_pylist(rows, schema=_SCHEMA)


def _flat(fields: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in fields.items():
        path = f"{prefix}{name}"
        if isinstance(value, dict):
            flat |= _flat(value, f"{path}_")
        elif name.endswith("_interval"):
            stem = path.removesuffix("_interval")
            flat[f"{stem}_low"], flat[f"{stem}_high"] = value
        elif isinstance(value, tuple):
            flat[path] = to_json(value).decode()
        else:
            flat[path] = value
    return flat


def _schema() -> pa.Schema:
    text, number, count = pa.string(), pa.float64(), pa.int64()
    chance = [
        ("if_nudged_p_land", number), ("if_nudged_p_annoy", number),
        ("if_nudged_p_land_low", number), ("if_nudged_p_land_high", number),
        ("if_nudged_p_annoy_low", number), ("if_nudged_p_annoy_high", number),
        ("if_left_alone_p_land", number), ("if_left_alone_p_annoy", number),
        ("uplift_p_land", number), ("uplift_p_annoy", number),
    ]  # fmt: skip
    return pa.schema(
        [
            ("decision_id", text), ("contact_id", text), ("campaign_id", text), ("at", _MOMENT),
            ("valid_until", _MOMENT), ("hint", text), ("channel", text), ("nudge_at", _MOMENT),
            ("score", number), *chance, ("plan_further_touches", count),
            ("plan_gap_days", number), ("plan_stop_after", _MOMENT),
            ("plan_open_ended", pa.bool_()), ("curve", text), ("advice", text),
            ("reasons", text), ("changes", text), ("rules", text),
            ("evidence_level", text), ("evidence_text", text), ("model_name", text),
            ("model_version", text), ("touch_number", count), ("held", pa.bool_()),
            ("propensity", number), ("over", pa.bool_()),
        ]
    )  # fmt: skip


_SCHEMA = _schema()
