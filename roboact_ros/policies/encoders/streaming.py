"""An encoder at run time: each camera frame is embedded once, and the last ones are kept."""

from __future__ import annotations

from collections import deque

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from roboact_ros.errors import PolicyError
from roboact_ros.policies.encoders.encoder import VisualEncoder
from roboact_ros.types import Frame


def spread(held: int, frames: int) -> NDArray[np.int64]:
    """Return which of ``held`` frames, the oldest first, stand for ``frames`` of them.

    While there are fewer, they are at equal distances from the first to the last, some of them twice, as a short video
    is trained with; of more, the last ones count.
    """
    first = max(held - frames, 0)
    return np.linspace(first, held - 1, frames).round().astype(np.int64)


class StreamingEncoder:
    """Encodes what one camera shows, frame by frame.

    Args:
        encoder: The encoder.
    """

    def __init__(self, encoder: VisualEncoder) -> None:
        self._encoder = encoder
        self._ring: deque[Tensor] = deque(maxlen=encoder.frames)
        self._newest: tuple[str, int] | None = None

    def reset(self) -> None:
        """Begin a new video: the task or the scene is another one."""
        self._ring.clear()
        self._newest = None

    def push(self, frame: Frame) -> bool:
        """Embed a frame and keep it; return False for the frame that was kept last, which is not embedded again.

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
        self._ring.append(self._encoder.embed(frame.image))
        self._newest = stamp
        return True

    def encoded(self) -> Tensor:
        """Return (1, width): what represents the last frames.

        Raises:
            PolicyError: No frame was pushed.
        """
        if not self._ring:
            raise PolicyError("no camera frame has been seen yet; push one before the video is encoded")
        places = spread(len(self._ring), self._encoder.frames)
        return self._encoder.encode(torch.stack([self._ring[place] for place in places.tolist()])[None])
