"""The frozen CLIP below RoboAct-CLIP: features of single frames and of texts (eq. 1, 3)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from roboact_ros.errors import PolicyError
from roboact_ros.policies.nets.clip import ClipNetwork, model_config
from roboact_ros.policies.nets.prompted import PromptedTower
from roboact_ros.policies.nets.text import embed_texts
from roboact_ros.policies.nets.vision import ReducedVisionTransformer, can_reduce
from roboact_ros.policies.preprocessing import Preprocessing
from roboact_ros.types import ImageArray


class FrozenClip:
    """Computes un-normalised float32 features; nothing here learns.

    Args:
        network: The model with its weights.
        device: Where it runs.

    Raises:
        PolicyError: What the model sees depends on a prompt, so that frames have no features of their own.
    """

    def __init__(self, network: ClipNetwork, device: torch.device) -> None:
        self._model: Any = network.model.to(device).eval().requires_grad_(False)
        visual = cast(nn.Module, self._model.visual)
        if isinstance(visual, PromptedTower):
            raise PolicyError(f"model {network.name} looks with a prompt in mind; RoboAct-CLIP needs a plain CLIP")
        self.device, self._tokenize = device, network.tokenize
        self._preprocess = Preprocessing(network.preprocess, device)
        self._single = ReducedVisionTransformer(visual, device, torch.float32) if can_reduce(visual) else None
        with torch.no_grad():
            self.embedding = int(self.texts(["a"]).shape[-1])

    @torch.no_grad()
    def frame(self, image: ImageArray) -> Tensor:
        """Return the (embedding,) feature of one RGB image, as fast as the device allows.

        Raises:
            PolicyError: It is no image.
        """
        pixels = self._pixels(image)
        return (self._embed(pixels) if self._single is None else self._single(pixels))[0]

    @torch.no_grad()
    def frames(self, images: Sequence[ImageArray]) -> Tensor:
        """Return the (n, embedding) features of RGB images, all at once.

        Raises:
            PolicyError: One is no image.
        """
        return self._embed(torch.cat([self._pixels(image) for image in images]))

    @torch.no_grad()
    def texts(self, texts: Sequence[str]) -> Tensor:
        """Return the (n, embedding) features of texts.

        Raises:
            PolicyError: One is too long for the model.
        """
        return embed_texts(self._model, self._tokenize(texts).to(self.device)).float()

    def _embed(self, pixels: Tensor) -> Tensor:
        features: Tensor = self._model.encode_image(pixels)
        return features.float()

    def _pixels(self, image: ImageArray) -> Tensor:
        if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or 0 in image.shape:
            raise PolicyError(f"an image must be (height, width, 3) uint8, not {image.shape} {image.dtype}")
        return self._preprocess(torch.from_numpy(np.require(image, requirements=["C", "W"])).to(self.device))


def fingerprint(network: ClipNetwork) -> str:
    """Return what identifies a CLIP: its weights, its structure, and what it does to images."""
    about = json.dumps([model_config(network.name)["model_cfg"], network.preprocess], default=str)
    digest = hashlib.sha256(about.encode())
    for name, value in sorted(network.model.state_dict().items()):
        digest.update(name.encode())
        digest.update(value.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().data)
    return digest.hexdigest()[:16]
