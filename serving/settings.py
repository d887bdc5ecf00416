"""Settings of the service, from the environment; see models.settings."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_network

from pydantic import Field, SecretStr, field_validator

from models.settings import Settings
from serving.access.origin import is_loopback
from serving.logs import Format

#: The environment variable by which prometheus-client adds up several processes.
METRICS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"


class ServiceSettings(Settings):
    """Where and how the API listens, and what it refuses as too large."""

    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8000, ge=1, le=65535, description="Port to listen on.")
    workers: int = Field(1, ge=1, le=64, description="Server processes.")
    max_body_mb: int = Field(10, ge=1, description="Largest body of POST /v1/score, in MB.")
    max_batch_body_mb: int = Field(100, ge=1, description="Largest body of a list, in MB.")
    max_items: int = Field(5000, ge=1000, description="Most items in POST /v1/scores.")
    max_events: int = Field(
        10_000, ge=10_000, description="Most items in POST /v1/events and POST /v1/contacts."
    )
    hubspot_secret: SecretStr = Field(
        SecretStr(""), description="Secret of the HubSpot app; with it webhooks must be signed."
    )
    public_url: str = Field(
        "", description="Address at which others reach the service, where a proxy stands before it."
    )
    refresh_seconds: float = Field(
        5, ge=0, le=3600, description="Pause between two looks for stored threads to decide anew."
    )
    ledger_seconds: float = Field(
        300,
        ge=0,
        le=86_400,
        description="Pause between two looks at how senders and clients have fared since the model "
        "was trained; 0: never.",
    )
    watch_seconds: float = Field(
        1, ge=0.05, le=3600, description="Pause between two looks for a new champion."
    )
    shadow_seconds: float = Field(
        5,
        ge=0,
        le=3600,
        description="Pause between two looks for a challenger in shadow and for "
        "decisions to ask it about; 0: never.",
    )
    webhook_seconds: float = Field(
        1, ge=0, le=3600, description="Pause between two looks for messages to send; 0: never."
    )
    webhook_key: SecretStr = Field(
        SecretStr(""),
        description="Secret under which those of endpoints are kept; default: a file in the home "
        "folder.",
    )
    webhook_networks: str = Field(
        "", description="Networks that messages may go to though not public, such as 10.0.0.0/8."
    )
    log_format: Format = Field("text", description="How the service logs: text or json.")
    log_requests: bool = Field(False, description="Whether each request is logged.")
    otlp_endpoint: str = Field(
        "",
        pattern=r"^$|^https?://\S+$",
        description="Address of an OpenTelemetry collector that spans go to (OTLP over HTTP).",
    )
    retention_days: int = Field(
        365, ge=1, le=36_500, description="How long decisions stay on record."
    )
    max_history: int = Field(10_000, ge=1, description="Most events in one history.")
    embed_origins: str = Field(
        "",
        pattern=r"^$|^https?://[A-Za-z0-9.:\-\[\]]+(,https?://[A-Za-z0-9.:\-\[\]]+)*$",
        description="Sites that may show hints, as origins with commas between them.",
    )

    require_keys: bool = Field(
        False, description="Whether a key is needed on this machine too; elsewhere it always is."
    )

    rate_limit: str = Field(
        "6000/minute",
        pattern=r"^$|^[1-9]\d{0,8} ?/ ?([1-9]\d{0,3} ?)?(second|minute|hour|day)s?$",
        description="Most requests of one key, in each server process; empty: no limit.",
    )

    session_hours: int = Field(
        12, ge=1, le=8760, description="Hours until whoever signed in has to do so again."
    )

    @property
    def keys_required(self) -> bool:
        """Whether whoever asks needs a key, or has to sign in."""
        return self.require_keys or not is_loopback(self.host)

    @field_validator("webhook_networks")
    @classmethod
    def _are_networks(cls, text: str) -> str:
        _networks(text)
        return text

    @property
    def networks(self) -> list[IPv4Network | IPv6Network]:
        """The networks that messages may go to though they are not public."""
        return _networks(self.webhook_networks)

    @property
    def embedding(self) -> list[str]:
        """The origins that may show hints."""
        return [origin for origin in self.embed_origins.split(",") if origin]


def _networks(text: str) -> list[IPv4Network | IPv6Network]:
    """`10.0.0.0/8,fd00::/8` as networks; raises ValueError."""
    return [ip_network(part.strip()) for part in text.split(",") if part.strip()]
