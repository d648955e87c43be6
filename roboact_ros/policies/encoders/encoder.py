"""The contract of frozen visual encoders."""

from __future__ import annotations

from typing import Protocol

from torch import Tensor

from roboact_ros.types import ImageArray


class VisualEncoder(Protocol):
    """Represents the last frames of a camera: each is embedded once, whatever is made of them together."""

    @property
    def frames(self) -> int:
        """How many frames it looks at, the newest one included."""
        ...

    @property
    def width(self) -> int:
        """Size of what represents them."""
        ...

    def embed(self, image: ImageArray) -> Tensor:
        """Return the (embedding,) feature of one RGB image.

        Raises:
            PolicyError: It is no image.
        """
        ...

    def encode(self, window: Tensor) -> Tensor:
        """Return (n, width) for the (n, frames, embedding) features of frames in order."""
        ...
