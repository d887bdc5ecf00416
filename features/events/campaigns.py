"""Campaigns: one row for each time it was said when the role behind a thread closes."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pyarrow as pa

from features.errors import BadInput
from features.events.known import known_by
from features.events.loose import read_loose
from features.events.problems import Findings, refuse
from features.events.text import plain, text_column
from features.events.times import time_column
from features.moments import EPOCH

KEY, CLOSES, RECORDED = "campaign_id", "closes_at", "recorded_at"


def read_campaigns(path: Path) -> pa.Table:
    """The validated campaigns of a file: `campaign_id`, `closes_at`, `recorded_at`.

    `closes_at` is null where the role is open. `recorded_at` is when that was said, 1970 (which is
    before any question) where the file does not tell. Other columns are left out.

    Raises `BadInput` naming the file, and row and field where there is one.
    """
    table, source = read_loose(path), str(path)
    findings = Findings(len(table))
    columns = _columns(table, findings)
    if findings.total:
        refuse(findings.problems(), findings.total, source)
    if not len(table):
        raise BadInput("has no campaigns in it", source=source)
    return pa.table(columns)


def _columns(table: pa.Table, findings: Findings) -> dict[str, pa.ChunkedArray | None]:
    if not findings.columns(table.column_names, (KEY, CLOSES), table.column_names):
        return {}
    if RECORDED not in table.column_names:
        table = table.append_column(RECORDED, pa.nulls(len(table)))
    campaign = text_column(table[KEY], KEY, findings, required=True)
    recorded = time_column(table[RECORDED], RECORDED, findings, required=False)
    return {
        KEY: None if campaign is None else plain(campaign),
        CLOSES: time_column(table[CLOSES], CLOSES, findings, required=False),
        RECORDED: None if recorded is None else recorded.fill_null(EPOCH),
    }


def closings(campaigns: pa.Table, at_us: int) -> dict[str, datetime]:
    """When roles close by what had been said by a moment (microseconds since 1970).

    What was said last counts; those that are open are left out.
    """
    said = known_by(campaigns, at_us).sort_by(RECORDED).to_pylist()
    last = {row[KEY]: row[CLOSES] for row in said}
    return {campaign: closes for campaign, closes in last.items() if closes is not None}
