"""The docs keep up with the code: commands, routes and settings each appear in them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import features
import models
import serving
import training
from models import base_rates
from serving.cli import SHORT_HELP
from serving.schemas import SCORE_EXAMPLE
from serving.settings import ServiceSettings

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
API = (ROOT / "docs" / "api.md").read_text()


def test_the_four_names_are_this_checkout() -> None:
    for package in (features, models, serving, training):
        assert Path(str(package.__file__)).parent.parent == ROOT


@pytest.mark.parametrize("route", ["/v1/score", "/v1/scores", "/v1/model", "/healthz", "/readyz",
                                   "/metrics", "/docs", "/openapi.json"])  # fmt: skip
def test_every_route_is_in_the_api_page(route: str) -> None:
    assert f" {route}`" in API


def test_every_setting_is_in_the_readme() -> None:
    for name, field in ServiceSettings.model_fields.items():
        known = (f"FINELINE_{name.upper()}", "MLFLOW_TRACKING_URI")
        assert any(f"`{k}`" in README for k in known[: 2 if field.validation_alias else 1]), name


def test_every_command_is_explained_somewhere() -> None:
    pages = README + "".join(p.read_text() for p in (ROOT / "docs").glob("*.md"))
    for name in set(SHORT_HELP) - {"demo"}:
        assert f"fineline {name}" in pages, name


def test_the_readmes_commands_exist() -> None:
    used = set(re.findall(r"fineline (\w+)", "\n".join(re.findall(r"^    .*", README, re.M))))
    assert used <= set(SHORT_HELP)
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
    assert (
        set(re.findall(r"make ([a-z]+)\b", " ".join(re.findall(r"`make [a-z]+`", README))))
        <= targets
    )


def test_links_lead_somewhere() -> None:
    for page in (ROOT / "README.md", *(ROOT / "docs").rglob("*.md")):
        for link in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
            if "://" not in link:
                assert (page.parent / link).exists(), f"{page.name}: {link}"


def test_the_stored_example_is_the_documented_one() -> None:
    assert json.loads((ROOT / "docs" / "examples" / "score.json").read_text()) == SCORE_EXAMPLE


def test_base_rates_are_those_of_the_page() -> None:
    page = (ROOT / "docs" / "base-rates.md").read_text()
    for rates in (
        base_rates.REPLY,
        base_rates.INTERESTED,
        base_rates.OPT_OUT,
        base_rates.COMPLAINT,
    ):
        row = [float(x) for x in next(_rows(page, rates))]
        assert row == pytest.approx([100 * r for r in rates])


def _rows(page: str, rates: tuple[float, ...]) -> Iterator[list[str]]:
    for line in page.splitlines():
        cells = [c.strip() for c in line.strip("|").split("|")][1:]
        if len(cells) != len(rates) or not cells[0][:1].isdigit():
            continue
        if float(cells[0]) == pytest.approx(100 * rates[0]):
            yield cells
