"""A video encoder for run time: each camera frame is encoded once, and the last 16 are kept."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from roboact_ros.errors import PolicyError
from roboact_ros.policies.nets.roboact_clip.clip_features import FrozenClip
from roboact_ros.policies.nets.roboact_clip.model import Encoded, RoboActClip
from roboact_ros.types import Frame


class FrameRing:
    """The features of the last frames, on the device.

    Args:
        frames: How many.
        embedding: Width of a feature.
        device: Where they are.
    """

    def __init__(self, frames: int, embedding: int, device: torch.device) -> None:
        self._features = torch.zeros(frames, embedding, device=device)
        self._size, self._count = frames, 0

    def __len__(self) -> int:
        return min(self._count, self._size)

    def push(self, feature: Tensor) -> None:
        """Keep an (embedding,) feature, in the place of the oldest when there are enough."""
        self._features[self._count % self._size] = feature
        self._count += 1

    def clear(self) -> None:
        """Forget all."""
        self._count = 0

    def in_order(self) -> Tensor:
        """Return (frames, embedding), the oldest first.

        While there are fewer, they are at equal distances from the first to the last, some of them twice, as a short
        video is trained with.

        Raises:
            PolicyError: There is none.
        """
        held = len(self)
        if not held:
            raise PolicyError("no camera frame has been seen yet; push one before the video is encoded")
        places = np.linspace(self._count - held, self._count - 1, self._size).round().astype(np.int64)
        return self._features[torch.as_tensor(places % self._size, device=self._features.device)]


class StreamingEncoder:
    """Encodes what one camera shows, frame by frame.

    Args:
        clip: The frozen CLIP.
        model: The network on top, on the same device.
    """

    def __init__(self, clip: FrozenClip, model: RoboActClip) -> None:
        if clip.embedding != model.shape.embedding:
            raise PolicyError(
                f"the CLIP has features of width {clip.embedding}, the model was made for {model.shape.embedding}"
            )
        self._clip, self._model = clip, model.to(clip.device).eval()
        self._ring = FrameRing(model.shape.frames, clip.embedding, clip.device)
        self._newest: tuple[str, int] | None = None

    def reset(self) -> None:
        """Begin a new video: the task or the scene is another one."""
        self._ring.clear()
        self._newest = None

    def push(self, frame: Frame) -> bool:
        """Encode a frame and keep it; return False for the frame that was kept last, which is not encoded again.

        Raises:
            PolicyError: It is no image, it is of another camera, or it is older than the newest one.
        """
        stamp = frame.camera, frame.stamp_ns
        if self._newest is not None:
            if stamp == self._newest:
                return False
            if stamp[0] != self._newest[0]:
                raise PolicyError(f'a frame of camera "{stamp[0]}" in a video of "{self._newest[0]}"; reset in between')
            if stamp[1] < self._newest[1]:
                raise PolicyError(f"a frame stamped {stamp[1]} ns is older than the newest one, {self._newest[1]} ns")
        self._ring.push(self._clip.frame(frame.image))
        self._newest = stamp
        return True

    @torch.no_grad()
    def encoded(self) -> Encoded:
        """Return what represents the video of the last frames, each tensor of it with one row.

        Raises:
            PolicyError: No frame was pushed.
        """
        return self._model.encode_video(self._ring.in_order()[None])
