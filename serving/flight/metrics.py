"""What Prometheus sees of models in flight."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge


class FlightMetrics:
    """Metrics of the watch; with several workers the worst of them shows."""

    def __init__(self, registry: CollectorRegistry, prefix: str = "fineline") -> None:
        self.swaps = Counter(f"{prefix}_model_swaps", "Versions that took over.", registry=registry)
        self.refusals = Counter(
            f"{prefix}_model_refusals", "Times a version was refused.", registry=registry
        )
        self.registry_up = Gauge(
            f"{prefix}_registry_up", "1 while the model registry answers.",
            registry=registry, multiprocess_mode="livemin",
        )  # fmt: skip
        self.champion_answers = Gauge(
            f"{prefix}_champion_answers", "1 while the version named is the one in place.",
            registry=registry, multiprocess_mode="livemin",
        )  # fmt: skip


class ShadowMetrics(FlightMetrics):
    """The same of the challenger, and what it was asked."""

    def __init__(self, registry: CollectorRegistry) -> None:
        super().__init__(registry, "fineline_shadow")
        self.asked = Counter(
            "fineline_shadow_decisions", "Decisions that the challenger was asked about too.",
            ["agreed"], registry=registry,
        )  # fmt: skip
        self.failed = Counter(
            "fineline_shadow_failures", "Decisions that the challenger failed on.",
            registry=registry,
        )  # fmt: skip
