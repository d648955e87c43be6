"""Encoders that see the newest frame only: a frozen CLIP, a frozen ResNet-50, and a fake."""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor

from roboact_ros.types import ImageArray


class FrameTower(Protocol):
    """A frozen network for single images."""

    @property
    def embedding(self) -> int:
        """Width of its features."""
        ...

    def frame(self, image: ImageArray) -> Tensor:
        """Return the (embedding,) feature of one RGB image.

        Raises:
            PolicyError: It is no image.
        """
        ...


class NewestFrame:
    """See :class:`~roboact_ros.policies.encoders.encoder.VisualEncoder`.

    Args:
        tower: What embeds images.
    """

    frames = 1

    def __init__(self, tower: FrameTower) -> None:
        self._tower = tower

    @property
    def width(self) -> int:
        """Width of a feature."""
        return self._tower.embedding

    def embed(self, image: ImageArray) -> Tensor:
        """See the contract."""
        return self._tower.frame(image)

    def encode(self, window: Tensor) -> Tensor:
        """Return the newest feature."""
        return window[:, -1]


class MeanColour:
    """A fake tower: the mean colour of an image, 0 … 1."""

    embedding = 3

    def frame(self, image: ImageArray) -> Tensor:
        """Return (3,)."""
        return torch.from_numpy(image.mean(axis=(0, 1)) / 255.0).float()
