"""Features of the patches of images from a frozen encoder: DINOv3, or any other that transformers reads."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from torch import Tensor

from roboact_ros.errors import ConfigurationError, PolicyError
from roboact_ros.types import ImageArray

RANDOM = "random-dinov3"
Normal = tuple[tuple[float, ...], tuple[float, ...]]
_IMAGENET: Normal = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_PREPARED = "preprocessor_config.json"
_BESIDE = 16
"""Most tokens of an encoder that are no patches: its class and its registers."""


@dataclass(frozen=True, slots=True)
class ImageSize:
    """What the encoder sees [px]; images of other sizes are stretched."""

    height: int
    width: int

    def pixels(self, images: Sequence[ImageArray]) -> Tensor:
        """Return (n, 3, height, width) in 0 … 1 for (H, W, 3) uint8 RGB images."""
        small = [cv2.resize(image, (self.width, self.height), interpolation=cv2.INTER_AREA) for image in images]
        return torch.from_numpy(np.stack(small)).movedim(-1, 1).float() / 255.0


class PatchEncoder:
    """Looks at images; nothing here learns.

    Args:
        network: Of transformers; its ``last_hidden_state`` ends with the patches, row by row.
        size: Of the images.
        device: Where it runs.
        normal: Mean and deviation of colours that it was trained with; those of DINOv3 (and ImageNet) without it.

    Attributes:
        patches: Of an image.
        width: Of a feature.
        fingerprint: What identifies the weights and the size.

    Raises:
        PolicyError: It is no encoder of patches, or its patches do not fit the size.
    """

    def __init__(self, network: Any, size: ImageSize, device: torch.device, normal: Normal = _IMAGENET) -> None:
        self._network = network.to(device).eval().requires_grad_(False)
        self.size, self.device = size, device
        kind = type(network).__name__
        try:
            patch, self.width = int(network.config.patch_size), int(network.config.hidden_size)
        except (AttributeError, TypeError) as error:
            raise PolicyError(f"a {kind} is no encoder of square patches: {error}") from error
        if size.height % patch or size.width % patch:
            raise PolicyError(f"images of {size.height} x {size.width} px cannot be cut into patches of {patch} px")
        self.patches = size.height // patch * (size.width // patch)
        self._mean, self._deviation = (torch.tensor(part, device=device)[:, None, None] for part in normal)
        self.fingerprint = _fingerprint(network, size, normal)
        try:
            with torch.no_grad():
                tokens = self._tokens(torch.zeros(1, 3, size.height, size.width, device=device))
        except (AttributeError, TypeError, ValueError, RuntimeError) as error:
            reason = str(error).splitlines()[0]
            raise PolicyError(f"a {kind} cannot look at {size.height} x {size.width} px: {reason}") from error
        if not 0 <= tokens.shape[1] - self.patches <= _BESIDE or tokens.shape[2] != self.width:
            raise PolicyError(
                f"the encoder gives {tuple(tokens.shape[1:])}, not {self.patches} patches of {self.width}"
            )

    @torch.no_grad()
    def __call__(self, pixels: Tensor) -> Tensor:
        """Return (n, patches, width) features of (n, 3, height, width) images in 0 … 1."""
        return self.patches_of(pixels.to(self.device))

    def patches_of(self, pixels: Tensor) -> Tensor:
        """Return the same, with gradients for a network that somebody lets learn."""
        return self._tokens(pixels)[:, -self.patches :].float()

    def _tokens(self, pixels: Tensor) -> Tensor:
        tokens: Tensor = self._network(pixel_values=(pixels - self._mean) / self._deviation).last_hidden_state
        return tokens


def patch_encoder(model: str, size: ImageSize, device: torch.device, seed: int = 0) -> PatchEncoder:
    """Return the encoder in a folder, or a tiny DINOv3 with random weights if ``random-dinov3`` is asked for.

    Raises:
        ConfigurationError: transformers is not installed, or no encoder was named.
        PolicyError: The folder holds none.
    """
    try:
        from transformers import AutoModel, DINOv3ViTConfig, DINOv3ViTModel
    except ImportError as error:
        raise ConfigurationError(f"{error.name} is not installed: pip install 'roboact_ros[clap]'") from error
    if not model:
        raise ConfigurationError(f"a vd_vae needs an encoder of patches: --model FOLDER (or {RANDOM}, to try it out)")
    if model == RANDOM:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            config = DINOv3ViTConfig(
                hidden_size=64,
                intermediate_size=128,
                num_hidden_layers=2,
                num_attention_heads=2,
                num_register_tokens=4,
                image_size=max(size.height, size.width),
            )
            return PatchEncoder(DINOv3ViTModel(config), size, device)
    folder = Path(model.removeprefix("local-dir:"))
    if not (folder / "config.json").is_file():
        raise PolicyError(f"{folder} is not the folder of an encoder as transformers saves them: no config.json")
    try:
        network = AutoModel.from_pretrained(folder, local_files_only=True)
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise PolicyError(f"{folder} cannot be read as an encoder: {str(error).splitlines()[0]}") from error
    return PatchEncoder(network, size, device, _normal(folder))


def _normal(folder: Path) -> Normal:
    """Return how an encoder wants colours normalised, which its folder may say."""
    path = folder / _PREPARED
    if not path.is_file():
        return _IMAGENET
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
        mean, deviation = (tuple(map(float, known[name])) for name in ("image_mean", "image_std"))
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise PolicyError(f"{path} does not say how colours are normalised: {error!r}") from error
    if len(mean) != 3 or len(deviation) != 3 or min(deviation) <= 0.0:
        raise PolicyError(f"{path}: image_mean and image_std are three numbers each, not {mean} and {deviation}")
    return mean, deviation


def _fingerprint(network: Any, size: ImageSize, normal: Normal) -> str:
    digest = hashlib.sha256(f"{size}{'' if normal == _IMAGENET else normal}".encode())
    for name, value in sorted(network.state_dict().items()):
        digest.update(name.encode())
        digest.update(value.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().data)
    return digest.hexdigest()[:16]
