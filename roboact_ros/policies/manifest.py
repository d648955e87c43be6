"""Folders of trained models: ``manifest.yaml`` beside the weights and open_clip's description of the network."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from roboact_ros.errors import PolicyError
from roboact_ros.share import share_folder

MANIFEST, CONFIG, WEIGHTS = "manifest.yaml", "open_clip_config.json", "open_clip_model.safetensors"


@dataclass(frozen=True, slots=True, eq=False)
class TrainedModel:
    """A model that training wrote.

    Attributes:
        folder: Where it is.
        kind: Kind of policy that runs it, e.g. ``clip_rt``.
        weights: File of its weights, verified.
        notes: The whole manifest.
    """

    folder: Path
    kind: str
    weights: Path
    notes: dict[str, Any]

    @property
    def model(self) -> str:
        """Name of its network for open_clip."""
        return f"local-dir:{self.folder}"


def trained_model_folder(checkpoint: str) -> Path | None:
    """Return the folder of a trained model that ``checkpoint`` names, by path or by the name of a shipped one."""
    path = Path(checkpoint)
    if path.is_dir():
        return path
    shipped = share_folder("models") / checkpoint
    return shipped if checkpoint and len(path.parts) == 1 and (shipped / MANIFEST).is_file() else None


def read_notes(folder: Path) -> dict[str, Any]:
    """Return the manifest of a trained model.

    Raises:
        PolicyError: It cannot be read.
    """
    path = folder / MANIFEST
    try:
        notes = yaml.safe_load(path.read_text(encoding="utf-8"))
        if not isinstance(notes, dict):
            raise TypeError("it is no mapping")
    except (OSError, UnicodeDecodeError, yaml.YAMLError, TypeError) as error:
        raise PolicyError(f"{folder} is not the folder of a trained model: {path.name}: {error}") from error
    return notes


def read_trained_model(folder: Path, kind: str, *others: str) -> TrainedModel:
    """Read a manifest and verify the weights beside it.

    Args:
        folder: Where it is.
        kind: What the model must be.
        others: What it may be as well.

    Raises:
        PolicyError: Something is missing or damaged, or the model is one of another kind.
    """
    path = folder / MANIFEST
    try:
        notes = read_notes(folder)
        found, about = notes["kind"], notes["weights"]
        weights, expected = folder / str(about["file"]), about["sha256"]
        if weights.parent != folder:
            raise PolicyError(f"{path}: the weights {about['file']} are not beside the manifest")
        measured = hashlib.sha256(weights.read_bytes()).hexdigest()
    except (OSError, TypeError, KeyError) as error:
        raise PolicyError(
            f"{folder} is not the folder of a trained model: {path.name} or its weights: {error}"
        ) from error
    if found not in (kind, *others):
        raise PolicyError(f"{folder} holds a model of kind {found}, not {kind} (policy.kind in the system file)")
    if measured != expected:
        raise PolicyError(
            f"{weights} is damaged or was replaced: its SHA-256 is {measured}, the manifest says {expected}"
        )
    return TrainedModel(folder, str(found), weights, notes)
