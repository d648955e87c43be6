"""A folder of images as a camera: for running a cell, or trying a policy, on pictures."""

from __future__ import annotations

import time
from pathlib import Path
from typing import cast

import cv2

from roboact_ros.cameras.pace import Pace
from roboact_ros.errors import CameraError
from roboact_ros.types import Frame, ImageArray

IMAGE_SUFFIXES = (".bmp", ".jpeg", ".jpg", ".png", ".ppm", ".tif", ".tiff", ".webp")


class ImageFolderCamera:
    """Shows the images of a folder in the order of their names, at a fixed rate, from the start again after the last.

    The folder is listed anew every time round, so images may be added and removed while it runs.
    """

    def __init__(self, name: str, folder: str, fps: float) -> None:
        """Open the folder.

        Args:
            name: Name of the camera.
            folder: The folder; files that are not called like images are ignored.
            fps: Images per second.

        Raises:
            CameraError: The folder cannot be read or holds no image.
        """
        self._name = name
        self._folder = Path(folder)
        self._pace = Pace(fps)
        self._left = self._list()

    def read(self) -> Frame:
        """See :class:`~roboact_ros.cameras.camera.Camera`; a corrupt image is named and skipped by the next read."""
        self._pace.wait()
        self._left = self._left or self._list()
        path = self._left.pop()
        stamp_ns = time.time_ns()
        bgr = cv2.imread(str(path), cv2.IMREAD_COLOR)
        if bgr is None:
            raise CameraError(f'camera "{self._name}": {path} is no readable image; it is skipped')
        return Frame(self._name, stamp_ns, cast(ImageArray, cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)))

    def close(self) -> None:
        """Nothing to release."""

    def _list(self) -> list[Path]:
        try:
            paths = sorted((p for p in self._folder.iterdir() if p.suffix.lower() in IMAGE_SUFFIXES), reverse=True)
        except OSError as error:
            raise CameraError(f'camera "{self._name}": cannot read the folder {self._folder}: {error}') from error
        if not paths:
            suffixes = ", ".join(IMAGE_SUFFIXES)
            raise CameraError(f'camera "{self._name}": no image in {self._folder}; valid suffixes: {suffixes}')
        return paths
