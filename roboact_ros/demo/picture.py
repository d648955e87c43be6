"""Draws what the camera saw before and after."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from roboact_ros.errors import RecordingError
from roboact_ros.recording.reader import Episode
from roboact_ros.types import ImageArray

_BAND = 34
_SCALE = 2


def before_after(episode: Episode, camera: str, path: Path) -> Path:
    """Write the first and the last image of ``camera`` side by side and return the file.

    Raises:
        RecordingError: The episode has no images, or the file cannot be written.
    """
    images = [frame.image for frame in episode.images(camera)]
    picture = np.hstack([_titled(images[0], "before"), _titled(images[-1], "after")])
    path.parent.mkdir(parents=True, exist_ok=True)
    if not cv2.imwrite(str(path), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)):
        raise RecordingError(f"the picture {path} cannot be written")
    return path


def _titled(image: ImageArray, title: str) -> ImageArray:
    large = cv2.resize(image, None, fx=_SCALE, fy=_SCALE, interpolation=cv2.INTER_CUBIC)
    framed = cv2.copyMakeBorder(large, _BAND, 4, 4, 4, cv2.BORDER_CONSTANT, value=(32, 34, 40))
    cv2.putText(framed, title, (12, 24), cv2.FONT_HERSHEY_DUPLEX, 0.7, (235, 235, 235), 1, cv2.LINE_AA)
    return np.asarray(framed, dtype=np.uint8)
