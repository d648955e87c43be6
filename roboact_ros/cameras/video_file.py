"""A video file as a camera, played once at its own rate."""

from __future__ import annotations

import time
from pathlib import Path
from typing import cast

import cv2

from roboact_ros.cameras.camera import SourceEnded
from roboact_ros.cameras.pace import Pace
from roboact_ros.errors import CameraError
from roboact_ros.types import Frame, ImageArray

VIDEO_SUFFIXES = (".avi", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".webm")


class VideoFileCamera:
    """Plays a video once, in real time; after the last image every read says that it has ended."""

    def __init__(self, name: str, path: str, fps: float) -> None:
        """Open the video.

        Args:
            name: Name of the camera.
            path: The video file.
            fps: Images per second when the file does not say.

        Raises:
            CameraError: There is no such file or it is no video.
        """
        self._name = name
        self._path = path
        self._shown = 0
        if not Path(path).is_file():
            raise CameraError(f'camera "{name}": the video {path} does not exist')
        self._capture = cv2.VideoCapture(path)
        if not self._capture.isOpened():
            raise CameraError(f'camera "{name}": {path} is no readable video')
        self._pace = Pace(self._capture.get(cv2.CAP_PROP_FPS) or fps)

    def read(self) -> Frame:
        """See :class:`~roboact_ros.cameras.camera.Camera`.

        Raises:
            SourceEnded: The last image was shown.
        """
        self._pace.wait()
        stamp_ns = time.time_ns()
        good, bgr = self._capture.read()
        if not good:
            raise SourceEnded(f'camera "{self._name}": {self._path} ended after {self._shown} images')
        self._shown += 1
        return Frame(self._name, stamp_ns, cast(ImageArray, cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)))

    def close(self) -> None:
        """Release the file."""
        self._capture.release()
