"""Writes what was drawn."""

from __future__ import annotations

from pathlib import Path

import cv2

from roboact_ros.errors import RecordingError
from roboact_ros.types import ImageArray


def write_picture(path: Path, image: ImageArray) -> None:
    """Write a (H, W, 3) BGR image as PNG, JPEG or what the name ends in.

    Raises:
        RecordingError: It cannot be written there.
    """
    try:
        written = cv2.imwrite(str(path), image)
    except cv2.error as error:
        raise RecordingError(f"{path} cannot be written; does it end in .png, .jpg or the like? {error}") from error
    if not written:
        raise RecordingError(f"{path} cannot be written")
