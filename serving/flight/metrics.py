"""What Prometheus sees of models in flight."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge


class FlightMetrics:
    """Metrics of the watch; with several workers the worst of them shows."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.swaps = Counter(
            "fineline_model_swaps", "Versions that began to answer.", registry=registry
        )
        self.refusals = Counter(
            "fineline_model_refusals", "Times a version was refused.", registry=registry
        )
        self.registry_up = Gauge(
            "fineline_registry_up", "1 while the model registry answers.",
            registry=registry, multiprocess_mode="livemin",
        )  # fmt: skip
        self.champion_answers = Gauge(
            "fineline_champion_answers", "1 while the version that answers is the champion.",
            registry=registry, multiprocess_mode="livemin",
        )  # fmt: skip
