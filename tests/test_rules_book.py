"""The reviewed file: read, checked with one plain sentence, tightened and never loosened."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

import models.rulebook
from features.errors import BadSetting
from models.history import HistorySummary
from models.rules import Rulebook
from models.week import day_span, parse_ranges

RULES = Rulebook.load()
SHIPPED = Path(models.rulebook.__file__).with_name("rulebook.yaml")
ENTRY = {
    "id": "late",
    "channels": ["phone"],
    "basis": "house",
    "days": {"mon-fri": "10:00-16:00"},
    "holidays": "closed",
}


def written(folder: Path, **changes: Any) -> Path:
    """The shipped file with top-level entries replaced (or, given None, left out)."""
    content = yaml.safe_load(SHIPPED.read_text(encoding="utf-8")) | changes
    path = folder / "rules.yaml"
    kept = {key: value for key, value in content.items() if value is not None}
    path.write_text(yaml.safe_dump(kept), encoding="utf-8")
    return path


def test_another_file_can_be_loaded(tmp_path: Path) -> None:
    gap = {"hours": 1, "reason": "We are a call centre.", "source": "house rule"}
    assert Rulebook.load(written(tmp_path, minimum_gap=gap)).settings.minimum_gap.hours == 1


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"stops": None}, "stops: Field required"),
        ({"stops": {"opted_out": {"reason": "r", "source": "s"}}}, "stops.complained: Field"),
        ({"bribes": 3}, "bribes is not a setting; take it out or correct its name"),
        ({"minimum_gap": {"hours": -1, "reason": "r", "source": "s"}}, "minimum_gap.hours: "),
        ({"caps": [{"touches": 0, "days": 7, "reason": "r", "source": "s"}]}, "caps.0.touches: "),
        ({"hours": []}, "hours name no entry without countries for email, phone, sms"),
        (
            {"hours": [{**ENTRY, "reason": "r", "source": ""}]},
            "hours.0.source: String should have at least 1 character",
        ),
    ],
)
def test_a_wrong_file_is_refused_in_one_sentence_naming_the_entry(
    tmp_path: Path, changes: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(BadSetting) as caught:
        Rulebook.load(written(tmp_path, **changes))
    assert str(caught.value).startswith(f"{tmp_path / 'rules.yaml'}: ")
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"hours: [", b"\xff\xfe", b"", b"- a list"])
def test_what_is_no_rulebook_at_all_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "rules.yaml"
    path.write_bytes(content)
    with pytest.raises(BadSetting, match=r"rules\.yaml") as caught:
        Rulebook.load(path)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match=r"none\.yaml: cannot be read"):
        Rulebook.load(tmp_path / "none.yaml")


@pytest.mark.parametrize(
    ("overrides", "sentence"),
    [
        ({"minimum_gap_hours": 4}, "minimum_gap_hours is 4, which loosens the rulebook's 20"),
        ({"come_back_days": 7}, "come_back_days is 7, which loosens the rulebook's 14; give 14"),
        ({"caps": [{"touches": 4, "days": 7}]}, "a cap of 4 touches in 7 days loosens"),
        ({"hours": [{**ENTRY, "id": "calls_us"}]}, "two hours share one id"),
        ({"stops": {}}, "stops is not a setting"),
        ({"closed_channels": ["fax"]}, "closed_channels.0: "),
        ({"caps": 3}, "caps: "),
    ],
)
def test_a_tenant_cannot_loosen(overrides: dict[str, object], sentence: str) -> None:
    with pytest.raises(BadSetting) as caught:
        RULES.tightened(overrides)
    assert sentence in str(caught.value)


def test_a_tenant_can_tighten_and_the_shipped_rules_stay() -> None:
    tight = RULES.tightened(
        {
            "minimum_gap_hours": 48,
            "come_back_days": 30,
            "caps": [{"touches": 1, "days": 7}, {"touches": 12, "days": 90}],
            "hours": [ENTRY],
            "closed_channels": ["sms"],
        }
    )
    assert [(cap.touches, cap.days) for cap in tight.settings.caps] == [(1, 7), (8, 30), (12, 90)]
    assert (tight.settings.minimum_gap.hours, tight.settings.come_back.days) == (48, 30)
    assert len(tight.settings.hours) == len(RULES.settings.hours) + 1
    usable, hits = tight.open_channels(HistorySummary(), ("sms", "email"))
    assert (usable, hits[0].rule) == (("email",), "channel_closed")
    assert RULES.settings.minimum_gap.hours == 20


def test_nothing_asked_changes_nothing() -> None:
    assert RULES.tightened({}).settings == RULES.settings


@pytest.mark.parametrize(
    "text", ["9-17", "09:00", "17:00-09:00", "08:00-12:00, 11:00-14:00", "20:00-24:01", "", "x-y"]
)
def test_hours_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="are no hours; write"):
        parse_ranges(text)


def test_hours_are_minutes_of_the_day() -> None:
    assert parse_ranges("0:00-1:30,23:00-24:00") == ((0, 90), (1380, 1440))


def test_days_are_single_or_spans() -> None:
    assert (day_span("sat"), day_span("tue-thu")) == ((5,), (1, 2, 3))


@pytest.mark.parametrize("span", ["sun-mon", "someday", "", "mon-", "-fri", "mon-wed-fri"])
def test_days_that_are_none_are_refused(span: str) -> None:
    with pytest.raises(ValueError, match="write"):
        day_span(span)


def test_a_day_named_twice_is_refused() -> None:
    twice = {**ENTRY, "days": {"mon-fri": "10:00-16:00", "fri": "10:00-12:00"}}
    with pytest.raises(BadSetting, match="name a day twice"):
        RULES.tightened({"hours": [twice]})
