"""A frozen ResNet-50 for single images, as R3M has it (https://arxiv.org/abs/2203.12601): the mean of its last maps."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torchvision.models import resnet50

from roboact_ros.errors import PolicyError
from roboact_ros.policies.nets.checkpoint import load_weights, read_state_dict
from roboact_ros.policies.preprocessing import Preprocessing
from roboact_ros.types import ImageArray

EMBEDDING = 2048
_IMAGES = {
    "size": 224,
    "mean": [0.485, 0.456, 0.406],
    "std": [0.229, 0.224, 0.225],
    "interpolation": "bilinear",
    "resize_mode": "shortest",
}
_PREFIX = "convnet."
"""What the names of R3M's released weights begin with, below "module."; its other networks are for words."""


class FrozenResNet50:
    """See :class:`~roboact_ros.policies.encoders.single.FrameTower`.

    Args:
        device: Where it runs.
        weights: ``.pt`` or ``.safetensors`` of torchvision's ResNet-50, or of R3M with its tensors alone; empty for
            random weights.
        seed: Of random weights.

    Raises:
        PolicyError: The file cannot be used.
    """

    embedding = EMBEDDING

    def __init__(self, device: torch.device, weights: str = "", seed: int = 0) -> None:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            network = resnet50(weights=None)
        network.fc = nn.Identity()
        self.fingerprint = f"random {seed}"
        if weights:
            path = Path(weights)
            load_weights(network, _of_trunk(read_state_dict(path)), path, "ResNet-50")
            self.fingerprint = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
        self._network = network.to(device).eval().requires_grad_(False)
        self._preprocess, self._device = Preprocessing(_IMAGES, device), device

    @torch.no_grad()
    def frame(self, image: ImageArray) -> Tensor:
        """Return the (2048,) feature of one RGB image.

        Raises:
            PolicyError: It is no image.
        """
        if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or 0 in image.shape:
            raise PolicyError(f"an image must be (height, width, 3) uint8, not {image.shape} {image.dtype}")
        pixels = self._preprocess(torch.from_numpy(np.require(image, requirements=["C", "W"])).to(self._device))
        feature: Tensor = self._network(pixels)[0]
        return feature


def _of_trunk(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return the weights without the classifier, and of R3M those of its vision alone."""
    own = {name.removeprefix(_PREFIX): value for name, value in weights.items() if name.startswith(_PREFIX)}
    return {name: value for name, value in (own or weights).items() if not name.startswith("fc.")}
