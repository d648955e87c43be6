"""Reads a trained RoboAct-CLIP: a folder with its own weights, which names the frozen CLIP below it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from roboact_ros.errors import PolicyError
from roboact_ros.policies.manifest import MANIFEST, read_trained_model
from roboact_ros.policies.nets.checkpoint import load_weights, read_state_dict
from roboact_ros.policies.nets.clip import ClipNetwork, clip_with_random_weights, clip_with_weights
from roboact_ros.policies.nets.roboact_clip.classes import ActClasses, classes_from
from roboact_ros.policies.nets.roboact_clip.clip_features import fingerprint
from roboact_ros.policies.nets.roboact_clip.model import RoboActClip
from roboact_ros.policies.nets.roboact_clip.shape import shape_from

KIND = "roboact_clip"


@dataclass(frozen=True, slots=True, eq=False)
class TrainedEncoder:
    """A trained encoder and the CLIP that it was trained on, both on the CPU.

    Attributes:
        clip: The frozen CLIP.
        model: The network on top.
        classes: What its auxiliary heads and its banks know.
        notes: What names the CLIP: ``model``, ``checkpoint`` as it was found, ``seed`` and ``fingerprint``.
    """

    clip: ClipNetwork
    model: RoboActClip
    classes: ActClasses
    notes: dict[str, Any]


def load_encoder(folder: Path, checkpoint: Path | None = None) -> TrainedEncoder:
    """Read what ``roboact train roboact_clip`` wrote.

    Args:
        folder: Of the model.
        checkpoint: Weights of the CLIP where they are now, if they were moved since the training.

    Raises:
        PolicyError: Something is missing or damaged, or the CLIP is not the one of the training.
    """
    trained = read_trained_model(folder, KIND)
    origin = str(folder / MANIFEST)
    encoder, below = (_mapping(trained.notes, name, origin) for name in ("encoder", "clip"))
    model = RoboActClip(shape_from(encoder, origin))
    load_weights(model, read_state_dict(trained.weights), trained.weights, KIND)
    classes = classes_from(_mapping(trained.notes, "classes", origin), origin)
    weights, seed = str(checkpoint or below.get("checkpoint", "")), int(below.get("seed", 0))
    clip = clip_of(str(below.get("model", "")), weights, seed)
    found = fingerprint(clip)
    if found != below.get("fingerprint"):
        raise PolicyError(
            f"{folder} was trained on another CLIP than {clip.name} with {weights or 'random weights'}: "
            f"its fingerprint is {found}, {MANIFEST} says {below.get('fingerprint')}"
        )
    named = {**below, "checkpoint": weights and str(Path(weights).resolve())}
    return TrainedEncoder(clip, model.eval().requires_grad_(False), classes, named)


def clip_of(model: str, checkpoint: str, seed: int) -> ClipNetwork:
    """Return a CLIP with the weights of a file, or with random ones where none is named.

    Raises:
        PolicyError: No such model or file.
    """
    return clip_with_weights(model, Path(checkpoint)) if checkpoint else clip_with_random_weights(model, seed)


def _mapping(notes: dict[str, Any], name: str, origin: str) -> dict[str, Any]:
    found = notes.get(name)
    if not isinstance(found, dict):
        raise PolicyError(f"{origin}: {name} must be a mapping, not {found!r}")
    return found
