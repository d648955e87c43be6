"""Small random changes of images: where the camera stands and how the light falls, never left and right or hue."""

from __future__ import annotations

import cv2
import numpy as np

from roboact_ros.types import ImageArray

_CROP = 0.06
"""Largest part of the image that is cut off per axis; more would hide how far a centimetre is."""
_BRIGHTNESS, _CONTRAST, _SATURATION, _TINT = 30.0, 0.25, 0.3, 0.06
_GREY = np.full((3, 3), 1.0 / 3.0)


def augmented(image: ImageArray, strength: float, generator: np.random.Generator) -> ImageArray:
    """Return a random crop in random light.

    Args:
        image: (H, W, 3) uint8 RGB.
        strength: 0 (unchanged) … 1.
        generator: Source of chance.
    """
    if not strength:
        return image
    height, width = image.shape[:2]
    cut = generator.uniform(0.0, _CROP * strength, 2)
    top, left = (generator.uniform(0.0, cut) * (height, width)).astype(int)
    rows, columns = ((1.0 - cut) * (height, width)).astype(int)
    image = image[top : top + rows, left : left + columns]

    saturation, contrast = 1.0 + strength * generator.uniform(-1.0, 1.0, 2) * (_SATURATION, _CONTRAST)
    tint = 1.0 + strength * _TINT * generator.uniform(-1.0, 1.0, 3)
    brightness = strength * _BRIGHTNESS * generator.uniform(-1.0, 1.0)
    colours = contrast * tint[:, None] * (saturation * np.eye(3) + (1.0 - saturation) * _GREY)
    shift = 127.5 * (1.0 - contrast) + brightness
    matrix = np.hstack([colours, np.full((3, 1), shift)]).astype(np.float32)
    return np.asarray(cv2.transform(np.ascontiguousarray(image), matrix), dtype=np.uint8)
