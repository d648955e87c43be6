"""Gives the images of any camera the size that the system file promises."""

from __future__ import annotations

import dataclasses
import logging
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from roboact_ros.cameras.camera import Camera
from roboact_ros.types import Frame, ImageArray, Intrinsics

_LOG = logging.getLogger(__name__)


class Resized:
    """A camera whose images are scaled to one size; the pinhole model and depth follow."""

    def __init__(self, camera: Camera, width: int, height: int) -> None:
        """Wrap ``camera``; its images become ``width`` x ``height`` [px]."""
        self._camera = camera
        self._size = (width, height)
        self._told = False

    def read(self) -> Frame:
        """See :class:`~roboact_ros.cameras.camera.Camera`."""
        frame = self._camera.read()
        height, width, _ = frame.image.shape
        if (width, height) == self._size:
            return frame
        if not self._told:
            self._told = True
            _LOG.warning('camera "%s" gives %dx%d, scaled to %dx%d', frame.camera, width, height, *self._size)
        smaller = self._size[0] * self._size[1] < width * height
        how = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
        depth = None if frame.depth is None else cv2.resize(frame.depth, self._size, interpolation=cv2.INTER_NEAREST)
        return dataclasses.replace(
            frame,
            image=cast(ImageArray, cv2.resize(frame.image, self._size, interpolation=how)),
            intrinsics=None if frame.intrinsics is None else _scaled(frame.intrinsics, *self._size),
            depth=cast("NDArray[np.uint16] | None", depth),
        )

    def close(self) -> None:
        """Release the camera."""
        self._camera.close()


def _scaled(model: Intrinsics, width: int, height: int) -> Intrinsics:
    x, y = width / model.width, height / model.height
    # Pixel centres lie at whole numbers, so the image begins half a pixel before 0.
    cx, cy = (model.cx + 0.5) * x - 0.5, (model.cy + 0.5) * y - 0.5
    return Intrinsics(width, height, model.fx * x, model.fy * y, cx, cy, model.distortion)
