"""What Prometheus sees of the service; no personal data in any label."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import generate_latest

from models.decision import Decision

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Telemetry:
    """Metrics of one app, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "fineline_requests", "Requests answered.", ["route", "method", "status"],
            registry=self.registry,
        )  # fmt: skip
        self.seconds = Histogram(
            "fineline_request_seconds", "Time to answer.", ["route"], buckets=_BUCKETS,
            registry=self.registry,
        )  # fmt: skip
        self.decisions = Counter(
            "fineline_decisions", "Decisions made.", ["hint"], registry=self.registry
        )
        self.rules = Counter(
            "fineline_rule_hits", "Rules that decided or bounded.", ["rule"], registry=self.registry
        )
        self.refused = Counter(
            "fineline_refused_items", "Items refused or failed.", registry=self.registry
        )
        self.model = Gauge(
            "fineline_model_info", "The version that answers.", ["version"], registry=self.registry
        )

    def count(self, decisions: Iterable[Decision]) -> None:
        """Count decisions by hint, and the rules that bit."""
        for d in decisions:
            self.decisions.labels(d.hint).inc()
            for hit in d.rules:
                self.rules.labels(hit.rule).inc()
            self.model.labels(d.model.version).set(1)

    def page(self) -> bytes:
        """The exposition format."""
        return generate_latest(self.registry)
