"""Writes what was drawn."""

from __future__ import annotations

from pathlib import Path

import cv2

from roboact_ros.errors import RecordingError
from roboact_ros.types import ImageArray


def check_picture(path: Path) -> None:
    """Refuse a name that no picture can be written to, before the work that it shows is done.

    Raises:
        RecordingError: There is no such folder, or no such kind of picture.
    """
    if not path.parent.is_dir():
        raise RecordingError(f"{path} cannot be written: there is no folder {path.parent}")
    if not cv2.haveImageWriter(path.name):
        raise RecordingError(f'{path} cannot be written: pictures end in .png, .jpg or .webp, not "{path.suffix}"')


def write_picture(path: Path, image: ImageArray) -> None:
    """Write a (H, W, 3) BGR image as PNG, JPEG or what the name ends in.

    Raises:
        RecordingError: It cannot be written there.
    """
    check_picture(path)
    if not cv2.imwrite(str(path), image):
        raise RecordingError(f"{path} cannot be written")
