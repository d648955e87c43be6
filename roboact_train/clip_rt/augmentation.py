"""Small random changes of images: where the camera looks and how the light falls, never left and right or hue."""

from __future__ import annotations

import cv2
import numpy as np

from roboact_ros.types import FloatArray, ImageArray

_ZOOM = 0.06
"""Largest part of the image that is cut off per axis; more would hide how far a centimetre is."""
_SHIFT = 0.2
"""Largest shift, of the image's size: what is only ever seen in one place is otherwise learned to be there only."""
_BRIGHTNESS, _CONTRAST, _SATURATION, _TINT = 30.0, 0.25, 0.3, 0.06
_GREY = np.full((3, 3), 1.0 / 3.0)


def augmented(image: ImageArray, strength: float, generator: np.random.Generator) -> tuple[ImageArray, FloatArray]:
    """Return a random view, of the same size and in random light, and where it shows what was in the image.

    Args:
        image: (H, W, 3) uint8 RGB.
        strength: 0 (unchanged) … 1.
        generator: Source of chance.

    Returns:
        The image, and the (2, 3) matrix that takes places x, y, 1 in parts of the image to places in the new one.
    """
    zoom = 1.0 + generator.uniform(0.0, _ZOOM * strength, 2)
    shift = generator.uniform(-_SHIFT * strength, _SHIFT * strength, 2) + (1.0 - zoom) / 2
    change = np.column_stack([np.diag(zoom), shift])
    if not strength:
        return image, change
    height, width = image.shape[:2]
    size = np.array([width, height])
    # Pixel centres lie half a pixel inside the image.
    in_pixels = np.column_stack([np.diag(zoom), size * shift + 0.5 * zoom - 0.5])
    image = cv2.warpAffine(image, in_pixels, (width, height), borderMode=cv2.BORDER_REPLICATE)

    saturation, contrast = 1.0 + strength * generator.uniform(-1.0, 1.0, 2) * (_SATURATION, _CONTRAST)
    tint = 1.0 + strength * _TINT * generator.uniform(-1.0, 1.0, 3)
    brightness = strength * _BRIGHTNESS * generator.uniform(-1.0, 1.0)
    colours = contrast * tint[:, None] * (saturation * np.eye(3) + (1.0 - saturation) * _GREY)
    offset = 127.5 * (1.0 - contrast) + brightness
    matrix = np.hstack([colours, np.full((3, 1), offset)]).astype(np.float32)
    return np.asarray(cv2.transform(np.ascontiguousarray(image), matrix), dtype=np.uint8), change
