"""The image and the compose file say what the program knows."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from serving.cli import SHORT_HELP
from serving.settings import ServiceSettings

ROOT = Path(__file__).parent.parent
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def services() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "compose.yaml").read_text())[
        "services"
    ]
    return found


def test_every_variable_is_a_setting(services: dict[str, dict[str, Any]]) -> None:
    known = {f"FINELINE_{name.upper()}" for name in ServiceSettings.model_fields}
    text = DOCKERFILE + str(services["fineline"]["environment"])
    named = set(re.findall(r"FINELINE_[A-Z_]+", text)) - {"FINELINE_"}
    assert named >= {"FINELINE_HOME", "FINELINE_HOST", "FINELINE_DATABASE_URL"}
    assert named <= known


def test_what_listens_on_the_host_listens_on_loopback(services: dict[str, dict[str, Any]]) -> None:
    ports = [port for one in services.values() for port in one.get("ports", [])]
    assert ports == ["127.0.0.1:8000:8000"]


def test_no_password_is_written_down(services: dict[str, dict[str, Any]]) -> None:
    for one in services.values():
        for value in one.get("environment", {}).values():
            assert not re.search(r":[^/$@{}]+@", str(value))
    assert services["postgres"]["environment"]["POSTGRES_PASSWORD"].startswith("${POSTGRES_PASS")


def test_the_image_holds_what_it_copies_and_no_root(services: dict[str, dict[str, Any]]) -> None:
    copied = re.findall(r"^COPY (?!--)(.+) \S+$", DOCKERFILE, re.MULTILINE)
    sources = [name for line in copied for name in line.split()]
    assert {"features", "models", "training", "serving", "requirements.lock"} <= set(sources)
    assert all((ROOT / name).exists() for name in sources)
    ignored = (ROOT / ".dockerignore").read_text().split()
    assert {f"!{name}" for name in sources} <= set(ignored)
    last = [line.split()[1] for line in DOCKERFILE.splitlines() if line.startswith("USER ")][-1]
    assert last == "fineline"
    (command,) = re.findall(r'^CMD \["fineline", "(\w+)"\]$', DOCKERFILE, re.MULTILINE)
    assert command in SHORT_HELP


def test_the_service_waits_for_what_it_needs(services: dict[str, dict[str, Any]]) -> None:
    waits = services["fineline"]["depends_on"]
    assert set(waits) == {"postgres", "mlflow"}
    assert all("healthcheck" in services[name] for name in waits)
