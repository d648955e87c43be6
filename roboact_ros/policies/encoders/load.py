"""Makes the frozen networks below a policy, from what a person named or from what a manifest says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from roboact_ros.errors import PolicyError
from roboact_ros.policies.encoders.encoder import VisualEncoder
from roboact_ros.policies.encoders.roboact_clip import VideoFeatures
from roboact_ros.policies.encoders.single import NewestFrame
from roboact_ros.policies.nets.checkpoint import load_weights
from roboact_ros.policies.nets.resnet import FrozenResNet50
from roboact_ros.policies.nets.roboact_clip.checkpoint import clip_of, load_encoder
from roboact_ros.policies.nets.roboact_clip.clip_features import FrozenClip, fingerprint
from roboact_ros.policies.nets.roboact_clip.model import RoboActClip
from roboact_ros.policies.nets.roboact_clip.shape import shape_from

CLIP, RESNET = "clip", "resnet50"
_VIDEO = "roboact_clip"


@dataclass(frozen=True, slots=True)
class Frozen:
    """What is below a policy.

    Attributes:
        encoder: Of images.
        words: Of instructions.
        notes: What names both in a manifest; from it and ``weights`` :func:`frozen_from_notes` makes them again.
        weights: Of RoboAct-CLIP, which travel with the policy; of the others none do.
    """

    encoder: VisualEncoder
    words: FrozenClip
    notes: dict[str, Any]
    weights: dict[str, Tensor]

    @property
    def fingerprint(self) -> str:
        """Changes with what embeds single images."""
        return str(self.notes["encoder"].get("fingerprint") or self.notes["clip"]["fingerprint"])


def frozen_encoder(
    name: str,
    model: str,
    checkpoint: str,
    seed: int,
    resnet_weights: str,
    device: torch.device,
    newest: bool = True,
) -> Frozen:
    """Return what a person named.

    Args:
        name: ``clip``, ``resnet50``, or the folder of a trained RoboAct-CLIP.
        model: The CLIP that reads instructions, and with ``clip`` sees images; a RoboAct-CLIP names its own.
        checkpoint: Its weights.
        seed: Of random weights.
        resnet_weights: File for ``resnet50``; empty for random weights.
        device: Where everything runs.
        newest: Whether a RoboAct-CLIP gives CLIP's feature of the newest frame beside its own.

    Raises:
        PolicyError: There is no such encoder, or its files cannot be used.
    """
    if name not in (CLIP, RESNET):
        folder = Path(name)
        if not folder.is_dir():
            raise PolicyError(f'no encoder "{name}": give {CLIP}, {RESNET}, or the folder of a trained RoboAct-CLIP')
        trained = load_encoder(folder, Path(checkpoint) if checkpoint else None)
        words = FrozenClip(trained.clip, device)
        seen = {"kind": _VIDEO, "shape": asdict(trained.model.shape), "newest": newest}
        notes = {"encoder": seen, "clip": trained.notes}
        return Frozen(VideoFeatures(words, trained.model, newest), words, notes, dict(trained.model.state_dict()))
    network = clip_of(model, checkpoint, seed)
    about = {
        "model": model,
        "checkpoint": checkpoint and str(Path(checkpoint).resolve()),
        "seed": seed,
        "fingerprint": fingerprint(network),
    }
    words = FrozenClip(network, device)
    if name == CLIP:
        return Frozen(NewestFrame(words), words, {"encoder": {"kind": CLIP}, "clip": about}, {})
    tower = FrozenResNet50(device, resnet_weights, seed)
    path = resnet_weights and str(Path(resnet_weights).resolve())
    resnet = {"kind": RESNET, "checkpoint": path, "seed": seed, "fingerprint": tower.fingerprint}
    return Frozen(NewestFrame(tower), words, {"encoder": resnet, "clip": about}, {})


def frozen_from_notes(
    notes: Mapping[str, Any], weights: Mapping[str, Tensor], origin: Path, device: torch.device, clip: str = ""
) -> Frozen:
    """Return what a manifest names.

    Args:
        notes: The manifest.
        weights: Of RoboAct-CLIP, if it is one.
        origin: The manifest's file, for messages.
        device: Where everything runs.
        clip: Weights of the CLIP where they are now, if they were moved since the training.

    Raises:
        PolicyError: Something is missing, damaged, or not what it was in the training.
    """
    try:
        seen, about = dict(notes["encoder"]), dict(notes["clip"])
        kind, model, seed = str(seen["kind"]), str(about["model"]), int(about["seed"])
        checkpoint, expected = clip or str(about["checkpoint"]), about["fingerprint"]
    except (KeyError, TypeError, ValueError) as error:
        raise PolicyError(f"{origin}: what names its frozen encoder cannot be used: {error}") from error
    network = clip_of(model, checkpoint, seed)
    _same(f"CLIP {model} with {checkpoint or 'random weights'}", fingerprint(network), expected, origin)
    words = FrozenClip(network, device)
    if kind == CLIP:
        return Frozen(NewestFrame(words), words, dict(notes), {})
    if kind == RESNET:
        tower = FrozenResNet50(device, str(seen.get("checkpoint", "")), int(seen.get("seed", 0)))
        _same(
            f"ResNet-50 with {seen.get('checkpoint') or 'random weights'}",
            tower.fingerprint,
            seen["fingerprint"],
            origin,
        )
        return Frozen(NewestFrame(tower), words, dict(notes), {})
    if kind != _VIDEO or not isinstance(seen.get("shape"), Mapping):
        raise PolicyError(f'{origin}: no encoder "{kind}"; valid: {CLIP}, {RESNET}, {_VIDEO}')
    network_on_top = RoboActClip(shape_from(seen["shape"], str(origin)))
    load_weights(network_on_top, weights, origin.parent, _VIDEO)
    video = VideoFeatures(words, network_on_top, bool(seen.get("newest")))
    return Frozen(video, words, dict(notes), dict(weights))


def _same(what: str, found: str, expected: Any, origin: Path) -> None:
    if found != expected:
        raise PolicyError(f"{origin.parent} was trained on another {what}: its fingerprint is {found}, not {expected}")
