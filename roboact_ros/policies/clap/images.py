"""Images as CLAP-RF sees them, in training and at work alike."""

from __future__ import annotations

import cv2
import numpy as np

from roboact_ros.types import ImageArray


def resized(image: ImageArray, size: tuple[int, int] | None) -> ImageArray:
    """Return an image with another width and height; its shape is not kept. None leaves it as it is."""
    if size is None or size == (image.shape[1], image.shape[0]):
        return image
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
