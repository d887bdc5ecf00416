"""Registries of models for the tests: made once, then copied; and quick models."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from models import registry
from models.model import Model
from models.settings import Settings
from training.train import model_of_base_rates


def quick_model(slope: float = 1.0) -> Model:
    """A model without trees; with another `slope`, another model."""
    found = model_of_base_rates()
    land = dataclasses.replace(found.land, crude=found.land.crude * slope)
    card = {"trained_at": "2026-01-01T00:00:00Z", "trained_on": None}
    return dataclasses.replace(found, land=land, card=card)


def settings_of(home: Path) -> Settings:
    """Settings with the registry under `home`."""
    return Settings(home=home, tracking_uri="")


def make_empty(settings: Settings) -> None:
    """Make the registry's tables."""
    with registry._client(settings) as client:
        client.search_registered_models()


_PARAMS: Mapping[str, Any] = {"trees": 40}
_METRICS = {"land.auc": 0.7}


def register(
    settings: Settings,
    model: Model,
    params: Mapping[str, Any] = _PARAMS,
    metrics: Mapping[str, float] = _METRICS,
) -> str:
    """Register a model as a training run would; its version."""
    files = settings.home / "files"
    files.mkdir(parents=True, exist_ok=True)
    return registry.register(
        settings, model, params=params, metrics=metrics, files=files,
        description="a test", tags={"fineline.data": "abc"},
    )  # fmt: skip


def copy_of(template: Path, home: Path) -> Settings:
    """A home of its own with a copy of the empty registry `template`."""
    home.mkdir(parents=True, exist_ok=True)
    shutil.copy(template, home / "mlflow.db")
    return settings_of(home)
