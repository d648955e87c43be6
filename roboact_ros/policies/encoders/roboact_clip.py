"""RoboAct-CLIP as an encoder: 16 frames become who acts, what is done, and with what.

A network that learned to name actions forgets where things are. A policy may therefore see CLIP's feature of the newest
frame beside the branches, which is there anyway.
"""

from __future__ import annotations

import torch
from torch import Tensor

from roboact_ros.errors import PolicyError
from roboact_ros.policies.nets.roboact_clip.clip_features import FrozenClip
from roboact_ros.policies.nets.roboact_clip.model import RoboActClip
from roboact_ros.types import ImageArray


class VideoFeatures:
    """See :class:`~roboact_ros.policies.encoders.encoder.VisualEncoder`.

    Args:
        clip: The frozen CLIP.
        model: The network on top; it is moved to the device of the CLIP.
        newest: Whether CLIP's feature of the newest frame stands beside the branches.

    Raises:
        PolicyError: They do not go together.
    """

    def __init__(self, clip: FrozenClip, model: RoboActClip, newest: bool = False) -> None:
        if clip.embedding != model.shape.embedding:
            raise PolicyError(
                f"the CLIP has features of width {clip.embedding}, the model was made for {model.shape.embedding}"
            )
        self._newest = newest
        self._clip, self.model = clip, model.to(clip.device).eval().requires_grad_(False)

    @property
    def frames(self) -> int:
        """Of a video."""
        return self.model.shape.frames

    @property
    def width(self) -> int:
        """All branches together (eq. 23), and the newest frame."""
        return self.model.shape.output + (self.model.shape.embedding if self._newest else 0)

    def embed(self, image: ImageArray) -> Tensor:
        """See the contract."""
        return self._clip.frame(image)

    @torch.no_grad()
    def encode(self, window: Tensor) -> Tensor:
        """See the contract."""
        joined = self.model.encode_video(window).joined
        return torch.cat([joined, window[:, -1]], dim=-1) if self._newest else joined
