"""Spans of requests for OpenTelemetry, where FINELINE_OTLP_ENDPOINT names a collector.

A span holds the route's pattern, the method and the status: no path, no query, no header.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version

from opentelemetry.propagate import extract
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.trace import Span, SpanKind, Status, StatusCode
from starlette.types import Scope

_SPANNED = ("traceparent", "tracestate")


class Tracing:
    """Makes a span of each request and hands it to an exporter, in the background."""

    def __init__(self, exporter: SpanExporter) -> None:
        names = {SERVICE_NAME: "fineline", SERVICE_VERSION: version("fineline")}
        self._provider = TracerProvider(resource=Resource.create(names))
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("fineline")

    @contextmanager
    def request(self, scope: Scope) -> Iterator[Span]:
        """The span of a request, under that of its caller if it sent `traceparent`."""
        carrier = {
            name: value.decode("latin-1")
            for name, value in ((n.decode("latin-1"), v) for n, v in scope["headers"])
            if name in _SPANNED
        }
        with self._tracer.start_as_current_span(
            scope["method"], extract(carrier), SpanKind.SERVER,
            record_exception=False, set_status_on_exception=False,
        ) as span:  # fmt: skip
            yield span

    def stop(self) -> None:
        """Send what is left."""
        self._provider.shutdown()


def answered(span: Span, method: str, route: str, status: int, request_id: str) -> None:
    """Say in a request's span what came of it."""
    span.update_name(f"{method} {route}")
    span.set_attribute("http.request.method", method)
    span.set_attribute("http.route", route)
    span.set_attribute("http.response.status_code", status)
    span.set_attribute("fineline.request_id", request_id)
    if status >= 500:
        span.set_status(Status(StatusCode.ERROR))


def tracing_to(endpoint: str) -> Tracing | None:
    """Spans to a collector's address, such as http://collector:4318; None for an empty one."""
    if not endpoint:
        return None
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    return Tracing(OTLPSpanExporter(f"{endpoint.rstrip('/')}/v1/traces"))
