"""What every answer says of itself to browsers, and which sites' scripts may read one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from models.decide import Decider
from serving.app import create_app
from serving.settings import ServiceSettings
from tests.access import first_day

CRM, STRANGE = "https://crm.example", "https://strange.example"


@pytest.fixture(scope="module")
def decider() -> Decider:
    return first_day()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


def service(decider: Decider, home: Path, base_url: str = "http://testserver", **own: Any) -> Any:
    app = create_app(ServiceSettings(home=home, **own), lambda: decider)
    return TestClient(app, base_url=base_url, raise_server_exceptions=False)


@pytest.fixture(scope="module")
def client(decider: Decider, home: Path) -> Iterator[TestClient]:
    with service(decider, home, embed_origins=CRM) as found:
        yield found


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/worklist", 200),
        ("GET", "/v1/contacts/anna", 404),
        ("GET", "/v1/worklist?limit=0", 422),
        ("PATCH", "/v1/score", 405),
        ("POST", "/v1/score", 400),
        ("GET", "/", 200),
        ("GET", "/contacts/anna", 404),
        ("GET", "/nowhere", 404),
        ("GET", "/docs", 200),
        ("GET", "/metrics", 200),
    ],
)
def test_every_answer_is_guarded(client: TestClient, method: str, path: str, status: int) -> None:
    answer = client.request(method, path)
    assert answer.status_code == status
    found = answer.headers
    assert found["x-content-type-options"] == "nosniff"
    assert found["cache-control"] == "no-store"
    assert found["x-frame-options"] == "DENY"
    assert found["cross-origin-opener-policy"] == "same-origin"
    assert found["cross-origin-resource-policy"] == "same-origin"
    assert "frame-ancestors 'none'" in found["content-security-policy"]
    assert "unsafe" not in found["content-security-policy"]
    assert found["referrer-policy"] in ("no-referrer", "same-origin")
    assert "camera=()" in found["permissions-policy"]
    assert "server" not in found


def test_a_failure_of_ours_is_guarded_too(client: TestClient, monkeypatch: Any) -> None:
    app: Any = client.app

    def fails() -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(app.state.database, "reading", fails)
    answer = client.get("/v1/worklist")
    assert answer.status_code == 500
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_https_is_asked_for_where_there_is_some(decider: Decider, home: Path) -> None:
    for address, public, asked in (
        ("http://testserver", "", False),
        ("https://testserver", "", True),
        ("http://testserver", "https://fineline.example", True),
        ("http://testserver", "http://fineline.example", False),
    ):
        with service(decider, home, address, public_url=public) as client:
            for path in ("/healthz", "/nowhere", "/widget.js"):
                answer = client.get(path)
                assert ("strict-transport-security" in answer.headers) == asked


@pytest.mark.parametrize("path", ["/v1/worklist", "/v1/contacts/nobody/hint", "/v1/model"])
def test_only_named_sites_read_answers(client: TestClient, path: str) -> None:
    asked = {"access-control-request-method": "GET",
             "access-control-request-headers": "authorization"}  # fmt: skip
    allowed = client.options(path, headers={"origin": CRM, **asked})
    assert allowed.status_code == 200
    assert allowed.headers["access-control-allow-origin"] == CRM
    answer = client.get(path, headers={"origin": CRM})
    assert answer.headers["access-control-allow-origin"] == CRM
    assert "retry-after" in answer.headers["access-control-expose-headers"]
    assert "access-control-allow-credentials" not in answer.headers
    for origin in (STRANGE, "null", CRM + ".strange.example"):
        refused = client.options(path, headers={"origin": origin, **asked})
        assert refused.status_code == 400
        answer = client.get(path, headers={"origin": origin})
        assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_sites_only_read(client: TestClient, method: str) -> None:
    asked = {"origin": CRM, "access-control-request-method": method}
    assert client.options("/v1/contacts/anna", headers=asked).status_code == 400


def test_refusals_can_be_read_by_the_sites_too(decider: Decider, home: Path) -> None:
    with service(decider, home, embed_origins=CRM, require_keys=True) as client:
        answer = client.get("/v1/worklist", headers={"origin": CRM})
    assert answer.status_code == 401
    assert answer.headers["access-control-allow-origin"] == CRM
