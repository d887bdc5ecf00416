"""Files of campaigns: when roles close, as it had been said by a moment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features.errors import BadInput
from features.events.campaigns import closings, read_campaigns
from features.moments import microseconds
from models.decide import Decider
from serving.batch import open_threads
from tests.factories import START, table

MARCH, APRIL, MAY = (datetime(2026, month, 1, tzinfo=UTC) for month in (3, 4, 5))
CSV = """campaign_id,closes_at,recorded_at,note
r1,2026-04-01T00:00:00Z,2026-03-01T00:00:00Z,x
r2,2026-05-01T02:00:00+02:00,,
r1,,2026-05-01T00:00:00Z,
r3,,,
"""


def written(folder: Path, text: str, suffix: str = "csv") -> Path:
    path = folder / f"campaigns.{suffix}"
    path.write_text(text)
    return path


def test_what_was_said_last_by_the_moment_counts(tmp_path: Path) -> None:
    campaigns = read_campaigns(written(tmp_path, CSV))
    before = microseconds(MARCH) - 1
    assert closings(campaigns, before) == {"r2": MAY}
    assert closings(campaigns, microseconds(MARCH)) == {"r1": APRIL, "r2": MAY}
    assert closings(campaigns, microseconds(MAY)) == {"r2": MAY}


def test_of_two_said_at_once_the_later_row_counts(tmp_path: Path) -> None:
    rows = "campaign_id,closes_at\nr,2026-04-01T00:00:00Z\nr,2026-05-01T00:00:00Z\n"
    assert closings(read_campaigns(written(tmp_path, rows)), 0) == {"r": MAY}


@pytest.mark.parametrize("suffix", ["parquet", "jsonl"])
def test_every_format_gives_the_same(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"campaigns.{suffix}"
    if suffix == "parquet":
        pq.write_table(pa.table({"campaign_id": ["r", "s"], "closes_at": [APRIL, None]}), path)
    else:
        path.write_text(
            '{"campaign_id":"r","closes_at":"2026-04-01T00:00:00Z"}\n{"campaign_id":"s"}\n'
        )
    assert closings(read_campaigns(path), microseconds(MARCH)) == {"r": APRIL}


def test_roles_may_all_be_open(tmp_path: Path) -> None:
    assert closings(read_campaigns(written(tmp_path, "campaign_id,closes_at\nr,\n")), 0) == {}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("campaign_id,closes_at\n", "has no campaigns in it"),
        ("campaign_id\nr\n", "closes_at: is a required column and is not there"),
        ("campaign_id,closes_at,closes_at\nr,,\n", "closes_at"),
        ("campaign,closes_at\nr,\n", "campaign_id: is a required column and is not there"),
        ("campaign_id,closes_at\n,2026-04-01T00:00:00Z\n", "row 1, field campaign_id: is missing"),
        (
            "campaign_id,closes_at\nr,\ns,2026-04-01\n",
            "row 2, field closes_at: is '2026-04-01', a date",
        ),
        (
            "campaign_id,closes_at\nr,2026-04-01T09:00\n",
            "row 1, field closes_at: is '2026-04-01T09:00' w",
        ),
        (
            "campaign_id,closes_at,recorded_at\nr,,soon\n",
            "row 1, field recorded_at: is 'soon', not a",
        ),
    ],
)
def test_a_bad_file_gets_one_sentence(tmp_path: Path, text: str, expected: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(BadInput) as found:
        read_campaigns(path)
    assert str(path) in str(found.value)
    assert expected in str(found.value)
    assert "\n" not in str(found.value)


def test_threads_are_decided_by_when_their_roles_close(decider: Decider) -> None:
    rows = [
        {"contact_id": "c", "campaign_id": name, "kind": "touch", "channel": "email",
         "occurred_at": (START + timedelta(days=3)).isoformat()}
        for name in ("open", "closed")
    ]  # fmt: skip
    at = START + timedelta(days=10)
    requests = open_threads(table(rows), None, at, {"closed": at - timedelta(days=1), "other": at})
    assert {r.campaign_id: r.closes_at for r in requests} == {
        "closed": at - timedelta(days=1),
        "open": None,
    }
    ruled = {d.campaign_id: [h.rule for h in d.rules] for d in decider.decide(requests)}
    assert "role_closed" in ruled["closed"]
    assert "role_closed" not in ruled["open"]
