"""Schemathesis over the OpenAPI document, every check, with stored state: it is true."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from models.decide import Decider
from models.decision import ModelRef
from serving.app import create_app
from serving.settings import ServiceSettings
from tests.served import served
from training.train import model_of_base_rates

_ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def first_day() -> Decider:
    """A decider that has learned nothing yet: quick to make, and complete."""
    return Decider(model_of_base_rates(), ModelRef("fineline", "1"))


def disagreements(address: str, *options: str) -> str:
    """What schemathesis has to say of the API at `address`; nothing if it is content."""
    words = [
        sys.executable, "-m", "schemathesis.cli", "--config-file", "tests/schemathesis.toml",
        "run", f"{address}/openapi.json", "--checks", "all", "--suppress-health-check", "all",
        "--continue-on-failure", "--no-color", "--seed", "1", "--generation-database", "none",
        *options,
    ]  # fmt: skip
    done = subprocess.run(
        words, cwd=_ROOT, capture_output=True, text=True, check=False,
        env={**os.environ, "SCHEMATHESIS_HOOKS": "tests.hostile", "PYTHONPATH": str(_ROOT)},
    )  # fmt: skip
    assert "Selected" in done.stdout, done.stdout + done.stderr
    return done.stdout if done.returncode else ""


@pytest.mark.parametrize(
    "options",
    [
        pytest.param(["--phases", "examples,coverage,stateful", "--max-time", "22"], id="short"),
        pytest.param(["--max-time", "400"], id="long", marks=pytest.mark.fuzz),
    ],
)
@pytest.mark.timeout(600)
def test_the_api_does_what_its_document_says(
    first_day: Decider, tmp_path: Path, options: list[str]
) -> None:
    app = create_app(ServiceSettings(home=tmp_path), lambda: first_day)
    with served(app) as address:
        found = disagreements(address, *options)
    assert not found, found
