"""Training runs: whatever there is to learn from, something honest comes out."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

import training.rehearsal
from features.errors import BadInput, RegistryUnavailable
from features.events.schema import EVENTS
from features.ingest.messages import read_messages
from models import registry
from models.base_rates import ANNOY_FIRST_TOUCH, LAND_FIRST_TOUCH
from models.decision import Request
from models.settings import Settings
from tests.factories import NAMELESS, Shape, table
from tests.factories import agency as random_agency
from tests.realdata import real_data
from training.dataset import known_before, prepare
from training.run import train
from training.train import fit_model

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")


@pytest.fixture
def settings(tmp_path: Path, small_trees: None) -> Settings:
    return Settings(home=tmp_path, tracking_uri="")


def first_touch(settings: Settings) -> tuple[float, float, str]:
    """Chances of a first e-mail to somebody unknown, and the evidence level."""
    d = registry.load(settings).decide([Request("new", NOW, EVENTS.empty_table())])[0]
    return d.if_nudged.p_land, d.if_nudged.p_annoy, d.evidence.level


def test_a_single_contact_with_a_single_touch(settings: Settings) -> None:
    row = {"contact_id": "c", "kind": "touch", "channel": "email",
           "occurred_at": "2026-01-05T09:00:00Z"}  # fmt: skip
    result = train(table([row]), None, settings, NOW)
    assert result.champion
    land, annoy, level = first_touch(settings)
    assert land == pytest.approx(LAND_FIRST_TOUCH, rel=0.05)
    assert annoy == pytest.approx(ANNOY_FIRST_TOUCH, rel=0.05)
    assert level == "none"


def test_a_registry_out_of_reach_is_told_of_before_the_work(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    broken = Settings(home=tmp_path, tracking_uri=f"sqlite:///{tmp_path}/file/x.db")
    steps: list[str] = []
    with pytest.raises(RegistryUnavailable, match="did not answer"):
        train(random_agency(11, Shape(contacts=30)), None, broken, NOW, progress=steps.append)
    assert "the model of all touches" not in steps


def test_a_handful_of_contacts(settings: Settings) -> None:
    events = random_agency(11, Shape(contacts=30))
    assert train(events, None, settings, NOW).version == "1"
    land, annoy, _ = first_touch(settings)
    assert 0 < annoy < 0.5
    assert 0 < land < 0.9


def test_no_annoyance_in_the_data_is_taken_from_base_rates(settings: Settings) -> None:
    events = random_agency(12, NAMELESS)
    kinds, feelings = events["kind"], events["sentiment"]
    calm = pc.and_kleene(
        pc.invert(pc.is_in(kinds, pa.array(["opt_out", "complaint"]))),
        pc.invert(pc.equal(pc.fill_null(feelings, ""), "negative")),
    )
    train(events.filter(calm), None, settings, NOW)
    decider = registry.load(settings)
    assert decider.model.annoy.events == 0
    assert decider.model.land.events > 0
    d = decider.decide([Request("new", NOW, EVENTS.empty_table())])[0]
    assert "annoyance from base rates" in d.evidence.text
    assert d.evidence.level in ("weak", "none")
    assert d.if_nudged.p_annoy == pytest.approx(ANNOY_FIRST_TOUCH, rel=0.2)


def test_touches_alone_teach_that_little_lands(settings: Settings) -> None:
    events = random_agency(13)
    train(events.filter(pc.equal(events["kind"], "touch")), None, settings, NOW)
    assert registry.load(settings).model.land.events == 0


def test_no_touch_is_one_sentence(settings: Settings) -> None:
    events = random_agency(14)
    with pytest.raises(BadInput, match="no touch to learn from"):
        train(events.filter(pc.equal(events["kind"], "open")), None, settings, NOW)


def test_a_cutoff_before_everything_is_one_sentence(settings: Settings) -> None:
    with pytest.raises(BadInput, match="before the cutoff"):
        train(random_agency(15), None, settings, NOW, cutoff=1)


def test_a_cutoff_hides_what_was_recorded_later(agency: tuple[pa.Table, pa.Table]) -> None:
    events, contacts = agency
    times = np.sort(events["recorded_at"].cast(pa.int64()).to_numpy())
    cutoff = int(times[len(times) // 2])
    known = known_before(events, cutoff)
    assert known.num_rows < events.num_rows
    again, _ = prepare(known, contacts, until=cutoff)
    assert (again.watched.time * 86_400e6 + again.watched.days * 86_400e6 <= cutoff + 1e5).all()


def test_training_is_deterministic(agency: tuple[pa.Table, pa.Table], small_trees: None) -> None:
    data, encoding = prepare(*agency)
    one, two = (fit_model(data, encoding, {}, members=2) for _ in range(2))
    x = data.watched.x[:300]
    assert np.array_equal(one.chances(x), two.chances(x))


def test_everything_is_logged_and_a_worse_version_is_stopped(
    settings: Settings, agency: tuple[pa.Table, pa.Table], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second run on the same data finds no touches unseen by the champion, and says so."""
    monkeypatch.setattr(training.rehearsal, "WORLDS", ("fatigue",))
    monkeypatch.setattr(training.rehearsal, "PEOPLE", 20)
    events, contacts = agency
    first = train(events, contacts, settings, NOW)
    assert first.champion
    second = train(events, contacts, settings, NOW)
    texts = {c.name: c.text for c in second.verdict.checks}
    assert "not enough data" in texts["land is not worse than the champion"]
    files = {p.name for p in (settings.home / "artifacts").rglob("*") if p.is_file()}
    assert {"manifest.json", "verdict.json", "verdict.md", "metrics.json", "requirements.lock",
            "reliability.png", "hazard_over_lag.png", "fine_line_by_touch_number.png",
            "importances.png"} <= files  # fmt: skip


def test_a_champion_of_another_fineline_is_followed_by_one_that_can_be_read(
    settings: Settings, agency: tuple[pa.Table, pa.Table], small_trees: None
) -> None:
    events, contacts = agency
    train(events, contacts, settings, NOW)
    (manifest,) = (settings.home / "artifacts").rglob("manifest.json")
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"columns": ["moon_phase"]}))
    assert not registry.has_champion(settings)
    again = train(events, contacts, settings, NOW)
    texts = {c.name: c.text for c in again.verdict.checks}
    assert "cannot be read any more" in texts["land is not worse than the champion"]
    assert "'moon_phase'" in texts["its decisions are not worth less than the champion's"]
    assert again.champion
    assert registry.has_champion(settings)


def test_message_networks_train(settings: Settings) -> None:
    events, _ = read_messages(real_data("company_email") / "messages.txt.gz")
    result = train(events, None, settings, NOW)
    assert result.report.metrics["land"]["overall"]["roc_auc"] > 0.7
    assert result.report.metrics["annoy"]["overall"]["outcomes"] == 0
