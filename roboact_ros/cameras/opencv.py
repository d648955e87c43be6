"""USB cameras, through OpenCV."""

from __future__ import annotations

import time
from pathlib import Path
from typing import cast

import cv2

from roboact_ros.errors import CameraError
from roboact_ros.types import Frame, ImageArray

_UNCOMPRESSED_PIXELS = 640 * 480
"""Above this size USB 2 carries 30 images per second only as JPEG."""


class OpenCVCamera:
    """A USB camera; when it is unplugged, ``read`` raises, and opens it again once it is back."""

    def __init__(self, name: str, source: str, width: int, height: int, fps: float) -> None:
        """Open the camera.

        Args:
            name: Name of the camera.
            source: Device index such as ``0``, or path such as ``/dev/video0`` or a link in ``/dev/v4l/by-id``.
            width: Image width asked for [px]; the camera may answer with another one.
            height: Image height asked for [px].
            fps: Images per second asked for.

        Raises:
            CameraError: There is no such camera, or another program uses it.
        """
        self._name = name
        self._device = f"/dev/video{source}" if source.isdecimal() else source
        self._settings = {
            cv2.CAP_PROP_FRAME_WIDTH: width,
            cv2.CAP_PROP_FRAME_HEIGHT: height,
            cv2.CAP_PROP_FPS: fps,
            # The driver keeps no old images: with newest-wins downstream they would only add latency.
            cv2.CAP_PROP_BUFFERSIZE: 1,
        }
        if width * height > _UNCOMPRESSED_PIXELS:
            self._settings = {cv2.CAP_PROP_FOURCC: cv2.VideoWriter.fourcc(*"MJPG"), **self._settings}
        self._capture = self._open()

    def read(self) -> Frame:
        """See :class:`~roboact_ros.cameras.camera.Camera`; stamped at the moment the driver hands the image over."""
        if not self._capture.isOpened():
            self._capture = self._open()
        grabbed = self._capture.grab()
        stamp_ns = time.time_ns()
        good, bgr = self._capture.retrieve() if grabbed else (False, None)
        if not good:
            self.close()
            raise CameraError(f'camera "{self._name}": {self._device} gives no images; is it unplugged?')
        return Frame(self._name, stamp_ns, cast(ImageArray, cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)))

    def close(self) -> None:
        """Release the device."""
        self._capture.release()

    def _open(self) -> cv2.VideoCapture:
        if not Path(self._device).exists():
            present = ", ".join(sorted(str(path) for path in Path("/dev").glob("video*"))) or "none"
            raise CameraError(f'camera "{self._name}": no device {self._device}; video devices present: {present}')
        capture = cv2.VideoCapture(self._device, cv2.CAP_V4L2)
        if not capture.isOpened():
            raise CameraError(
                f'camera "{self._name}": {self._device} cannot be opened; it may be in use by another program,'
                " closed to this user (group video), or no capture device"
            )
        for setting, value in self._settings.items():
            capture.set(setting, value)
        return capture
