"""`fineline simulate` writes two files, says what it assumed, and leaves nothing half-done."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from features.errors import BadInput, BadSetting
from features.events.contacts import read_audit, read_contacts
from features.events.files import read_events
from training.simulate.command import simulate as command
from training.simulate.history import simulate
from training.simulate.worlds import WORLDS


def arguments(out: Path, world: str = "agency") -> list[str]:
    return ["--contacts", "50", "--seed", "3", "--out", str(out), "--world", world]


def test_files_hold_the_simulated_agency(tmp_path: Path) -> None:
    out = tmp_path / "new" / "data"
    result = CliRunner().invoke(command, arguments(out, "waking"), catch_exceptions=False)
    assert result.exit_code == 0
    assert sorted(path.name for path in out.iterdir()) == ["contacts.parquet", "events.parquet"]
    events, contacts = simulate(50, 3, "waking")
    assert read_events(out / "events.parquet")["event_id"].equals(events["event_id"])
    assert read_contacts(out / "contacts.parquet")["contact_id"].equals(contacts["contact_id"])
    assert read_audit(out / "contacts.parquet").column_names == ["contact_id", "audit_group"]


def test_assumptions_and_counts_are_printed(tmp_path: Path) -> None:
    result = CliRunner().invoke(command, arguments(tmp_path), catch_exceptions=False)
    assert "World agency: cold outreach" in result.output
    assert "half_life = 21 (days until half of the pressure has gone; assumed)" in result.output
    assert f"events of 50 contacts to {tmp_path}." in result.output


def test_help_names_every_world_and_an_example() -> None:
    text = CliRunner().invoke(command, ["--help"]).output
    assert "fineline simulate --contacts 20000 --seed 1 --out data" in text
    for world in WORLDS:
        assert world in text


def test_an_unknown_world_is_refused_and_nothing_written(tmp_path: Path) -> None:
    out = tmp_path / "data"
    with pytest.raises(BadSetting, match="choose one of agency, steady"):
        CliRunner().invoke(command, arguments(out, "atlantis"), catch_exceptions=False)
    assert not out.exists()


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(BadInput, match="cannot be made into a folder"):
        CliRunner().invoke(command, arguments(tmp_path / "taken" / "x"), catch_exceptions=False)
