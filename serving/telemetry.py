"""What Prometheus sees of the service; no personal data in any label."""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from starlette.types import Scope

from models.decide import Decider
from models.decision import Decision
from serving.settings import METRICS_FOLDER
from serving.stored.matured import Matured

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


def asked_of(scope: Scope) -> tuple[str, str]:
    """Method and route of a request; a route is its pattern, never a path."""
    method = scope["method"] if scope["method"] in _METHODS else "other"
    return method, getattr(scope.get("route"), "path", "unknown")


class Telemetry:
    """Metrics of one app, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._shown: str | None = None
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
        self.failed = Counter(
            "fineline_decide_errors", "Requests the decider failed on.", registry=self.registry
        )
        self.webhooks = Counter(
            "fineline_webhooks", "Attempts to send a message.", ["outcome"], registry=self.registry
        )
        self.model = Gauge(
            "fineline_model_info", "1 for the version that answers.", ["version"],
            registry=self.registry, multiprocess_mode="livemax",
        )  # fmt: skip
        self.trained = Gauge(
            "fineline_model_trained_timestamp_seconds",
            "When the model that answers was trained, in seconds since 1970.",
            registry=self.registry, multiprocess_mode="livemostrecent",
        )  # fmt: skip

        self.senders_known = Gauge(
            "fineline_senders_known_timestamp_seconds",
            "As of when it is known how senders and clients fare, in seconds since 1970; 0 before.",
            registry=self.registry, multiprocess_mode="livemin",
        )  # fmt: skip
        self.matured_touches = Gauge(
            "fineline_matured_touches", "Touches whose decision is old enough to be judged.",
            registry=self.registry, multiprocess_mode="livemostrecent",
        )  # fmt: skip
        self.matured_said = Gauge(
            "fineline_matured_said", "Mean chance within 30 days that was said of them.",
            ["outcome"], registry=self.registry, multiprocess_mode="livemostrecent",
        )  # fmt: skip
        self.matured_happened = Gauge(
            "fineline_matured_happened", "Share of them of which it came true.",
            ["outcome"], registry=self.registry, multiprocess_mode="livemostrecent",
        )  # fmt: skip
        self.store_up = Gauge(
            "fineline_store_up", "1 while the event store answers.",
            registry=self.registry, multiprocess_mode="livemin",
        )  # fmt: skip

    def answered(self, scope: Scope, status: int, seconds: float) -> None:
        """Count an answered request."""
        method, route = asked_of(scope)
        self.requests.labels(route, method, status).inc()
        self.seconds.labels(route).observe(seconds)

    def matured(self, found: Matured) -> None:
        """Show how what was said has held."""
        self.matured_touches.set(found.touches)
        for outcome, said in found.said.items():
            self.matured_said.labels(outcome).set(said)
            self.matured_happened.labels(outcome).set(found.happened[outcome])

    def loaded(self, decider: Decider) -> None:
        """Show the version that answers from now on, and its age."""
        if self._shown is not None:
            self.model.labels(self._shown).set(0)
        self._shown = decider.ref.version
        self.model.labels(self._shown).set(1)
        trained_at = decider.card.get("trained_at")
        if trained_at:
            self.trained.set(datetime.fromisoformat(trained_at).timestamp())

    def count(self, decisions: Iterable[Decision]) -> None:
        """Count decisions by hint, and the rules that bit."""
        for d in decisions:
            self.decisions.labels(d.hint).inc()
            for hit in d.rules:
                self.rules.labels(hit.rule).inc()

    def page(self) -> bytes:
        """The exposition format; of all server processes, where they share a folder."""
        if METRICS_FOLDER not in os.environ:
            return generate_latest(self.registry)
        everyone = CollectorRegistry()
        MultiProcessCollector(everyone)  # type: ignore[no-untyped-call]
        return generate_latest(everyone)
