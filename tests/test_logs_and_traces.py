"""What is logged and traced: a line or a span for each request, and nobody in any of them."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from fastapi.testclient import TestClient
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from models.decide import Decider
from serving.app import create_app
from serving.settings import ServiceSettings

#: Answers one request, fails on another, and warns, as a server process would.
_SERVER = """
import logging, sys
from fastapi.testclient import TestClient
from models.decide import Decider
from models.decision import ModelRef
from serving.app import create_app
from serving.logs import configure
from serving.settings import ServiceSettings
from training.train import model_of_base_rates

configure(sys.argv[1], sys.argv[2] == "requests")
decider = Decider(model_of_base_rates(), ModelRef("fineline", "1"))
app = create_app(ServiceSettings(), lambda: decider)

@app.get("/v1/contacts/{contact_id}/broken")
async def broken(contact_id: str) -> None:
    raise RuntimeError("a bug")

with TestClient(app, raise_server_exceptions=False) as client:
    client.get("/v1/contacts/anna-Xyzzy/hint", headers={"x-request-id": "r-1"})
    client.get("/v1/contacts/anna-Xyzzy/broken", headers={"x-request-id": "r-2"})
logging.getLogger("uvicorn.error").warning("in the way")
"""


def logged(*words: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", _SERVER, *words], check=True, capture_output=True, text=True
    )
    assert "anna-Xyzzy" not in done.stderr
    return done.stderr.splitlines()


def test_a_line_is_an_object_with_the_id_of_its_request() -> None:
    lines = [json.loads(line) for line in logged("json", "requests")]
    assert all({"time", "level", "logger", "message", "request_id"} <= set(one) for one in lines)
    requests = {one["request_id"]: one for one in lines if one["logger"] == "fineline.requests"}
    assert requests["r-1"]["message"].startswith("GET /v1/contacts/{contact_id}/hint 404 in ")
    assert requests["r-2"]["message"].startswith("GET /v1/contacts/{contact_id}/broken 500 in ")
    (failed,) = [one for one in lines if one["level"] == "ERROR"]
    assert failed["request_id"] == "r-2"
    assert "RuntimeError: a bug" in failed["exc_info"]
    assert [one["message"] for one in lines if one["logger"] == "uvicorn.error"] == ["in the way"]


def test_text_has_no_line_for_each_request_unless_asked() -> None:
    lines = logged("text", "quiet")
    assert not [line for line in lines if "fineline.requests" in line]
    assert [line for line in lines if "ERROR fineline.api: request r-2" in line]


@contextmanager
def collector() -> Iterator[tuple[str, list[bytes]]]:
    """An OpenTelemetry collector's address, and what it was sent."""
    got: list[bytes] = []

    class Receive(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            if self.path == "/v1/traces":
                got.append(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Receive) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}", got
        server.shutdown()
        thread.join()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_request_is_a_span_under_that_of_its_caller(decider: Decider) -> None:
    trace = "0af7651916cd43dd8448eb211c80319c"
    with collector() as (address, got):
        app = create_app(ServiceSettings(otlp_endpoint=address), lambda: decider)
        with TestClient(app) as client:
            headers = {"traceparent": f"00-{trace}-b7ad6b7169203331-01", "x-request-id": "r-9"}
            client.get("/v1/contacts/anna-Xyzzy/hint?campaign_id=role-Xyzzy", headers=headers)
            client.get("/nowhere/anna-Xyzzy")
    sent = b"".join(got)
    assert b"Xyzzy" not in sent
    spans = [
        span
        for message in map(ExportTraceServiceRequest.FromString, got)
        for resource in message.resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]
    first, second = spans
    assert (first.name, second.name) == ("GET /v1/contacts/{contact_id}/hint", "GET unknown")
    assert first.trace_id.hex() == trace
    assert first.parent_span_id.hex() == "b7ad6b7169203331"
    found = {a.key: a.value.string_value or a.value.int_value for a in first.attributes}
    assert found == {
        "http.request.method": "GET", "http.route": "/v1/contacts/{contact_id}/hint",
        "http.response.status_code": 404, "fineline.request_id": "r-9",
    }  # fmt: skip
