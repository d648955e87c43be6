"""The contract of the camera room."""

from __future__ import annotations

from typing import Protocol

from roboact_ros.errors import CameraError
from roboact_ros.types import Frame


class SourceEnded(CameraError):
    """A recorded source has shown its last image; reading it again would say the same."""


class Camera(Protocol):
    """A source of frames. Constructing one opens it; drivers import their SDK inside their own module."""

    def read(self) -> Frame:
        """Block until the next frame and return it.

        Raises:
            CameraError: The device is gone or the source has ended; ``read`` may be called again to retry.
        """
        ...

    def close(self) -> None:
        """Release the device; may be called twice."""
        ...
