"""Settings from the environment (`FINELINE_*`, a `.env` file too); a command's options win."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from pydantic import AliasChoices, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from features.errors import BadSetting

S = TypeVar("S", bound="Settings")


class Settings(BaseSettings):
    """Where models and events live, and what share of nudges is held back at random."""

    model_config = SettingsConfigDict(
        env_prefix="FINELINE_", env_file=".env", extra="ignore", populate_by_name=True
    )

    home: Path = Field(Path(".fineline"), description="Folder of everything fineline keeps.")
    tracking_uri: str = Field(
        "",
        validation_alias=AliasChoices("FINELINE_TRACKING_URI", "MLFLOW_TRACKING_URI"),
        description="MLflow tracking server or database; default: SQLite in the home folder.",
    )
    model_name: str = Field("fineline", description="Name of the registered model.")
    hold_share: float = Field(
        0.05, ge=0, le=0.5, description="Share of recorded nudges held back for a week; 0: none."
    )
    hold_key: SecretStr = Field(
        SecretStr(""), description="Secret that the draws of held nudges are keyed with."
    )

    rules: Path | None = Field(
        None, description="YAML file of rules that tenants tighten; default: none does."
    )
    database_url: str = Field(
        "", description="Database of the event store; default: SQLite in the home folder."
    )
    erasure_key: SecretStr = Field(
        SecretStr(""),
        description="Secret under which opt-outs of erased people are kept; default: a file in the "
        "home folder.",
    )

    @property
    def store_url(self) -> str:
        """The URL of the event store in force."""
        return self.database_url or f"sqlite:///{(self.home / 'store.db').absolute()}"

    @property
    def mlflow_uri(self) -> str:
        """The tracking URI in force."""
        return self.tracking_uri or f"sqlite:///{(self.home / 'mlflow.db').absolute()}"

    @property
    def artifacts(self) -> Path:
        """Folder of model files where the tracking store is a database of ours."""
        return (self.home / "artifacts").absolute()


def load_settings(kind: type[S], **overrides: object) -> S:
    """Read settings; options that are not None win. Raises BadSetting naming the setting."""
    given = {name: value for name, value in overrides.items() if value is not None}
    try:
        return kind(**given)  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors()[0]
        name = "_".join(str(part) for part in first["loc"]).upper()
        name = name if name.startswith(("FINELINE_", "MLFLOW_")) else f"FINELINE_{name}"
        raise BadSetting(f"{name}: {first['msg']} (got {first['input']!r})") from None
