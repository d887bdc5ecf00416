"""docs/rules.md lists every rule as the rulebook has it, and no other."""

from __future__ import annotations

from pathlib import Path

import yaml

import models.rulebook
from models.rulebook import Tightening
from models.rules import Rulebook

RULES = Rulebook.load().settings
PAGE = (Path(__file__).parents[1] / "docs" / "rules.md").read_text(encoding="utf-8")
ROWS = {
    line.split("`")[1]: [cell.strip() for cell in line.strip("|").split("|")]
    for line in PAGE.splitlines()
    if line.startswith("| `")
}


def test_every_rule_is_listed_with_its_source() -> None:
    rules = {**dict(RULES.stops), **dict(RULES.timing), **{cap.rule: cap for cap in RULES.caps}}
    rules |= {"minimum_gap": RULES.minimum_gap, "come_back": RULES.come_back}
    rules |= dict.fromkeys(("complaint_budget", "complaint_warning"), RULES.complaint_budget)
    rules |= {entry.id: entry for entry in RULES.hours}
    listed = set(ROWS) - set(Tightening.model_fields)
    assert listed == set(rules)
    assert {name: ROWS[name][-1] for name in listed} == {n: r.source for n, r in rules.items()}


def test_the_defaults_listed_are_the_rulebooks() -> None:
    assert ROWS["minimum_gap"][1].startswith(f"{RULES.minimum_gap.hours:g} hours")
    assert ROWS["come_back"][1].startswith(f"{RULES.come_back.days:g} days")
    for cap in RULES.caps:
        assert ROWS[cap.rule][1] == f"{cap.touches} touches in {cap.days} days"
    for zone in RULES.unknown_place.zones:
        assert zone in PAGE


def test_the_hours_listed_are_the_rulebooks() -> None:
    path = Path(models.rulebook.__file__).with_name("rulebook.yaml")
    for entry in yaml.safe_load(path.read_text(encoding="utf-8"))["hours"]:
        days = "; ".join(f"{day} {hours}" for day, hours in entry["days"].items())
        assert ROWS[entry["id"]][1:6] == [
            entry["basis"],
            ", ".join(entry["channels"]),
            ", ".join(entry.get("countries", ["all"])),
            days,
            entry["holidays"],
        ]


def test_every_setting_a_tenant_may_tighten_is_listed() -> None:
    assert set(Tightening.model_fields) <= set(ROWS)
