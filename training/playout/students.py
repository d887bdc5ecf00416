"""Models of a simulated year, learned once and kept."""

from __future__ import annotations

from pathlib import Path

from models import artifact
from models.model import Model
from training.dataset import Dataset, prepare
from training.playout.kept import Kept
from training.simulate.history import simulate
from training.train import fit_model, model_of_base_rates

#: The people of the history are others than those who are met afterwards.
HISTORY_SEED = 11


def student(kept: Kept, world: str, contacts: int, draw: int = 0) -> Model:
    """A model of a year of `contacts` people of a world; of base rates alone for none.

    `draw`: which of the years that the world might have had.
    """
    if not contacts:
        return model_of_base_rates()

    def write(folder: Path) -> None:
        data, encoding = prepare(*simulate(contacts, HISTORY_SEED + draw, world))
        artifact.save(fit_model(data, encoding, {"world": world, "contacts": contacts}), folder)

    return artifact.load(kept.folder(*_name(world, contacts, draw), __name__, write))


def lessons(world: str, contacts: int) -> Dataset:
    """The touches that such a model learns from."""
    return prepare(*simulate(contacts, HISTORY_SEED, world))[0]


def _name(world: str, contacts: int, draw: int) -> tuple[str, dict[str, object]]:
    key = {"world": world, "contacts": contacts, "seed": HISTORY_SEED + draw}
    return f"{world}-{contacts}-{draw}", key
