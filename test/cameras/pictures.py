"""Pictures and videos that tests make."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np


def write_picture(path: Path, colour: tuple[int, int, int], width: int = 64, height: int = 48) -> None:
    """Write a picture of one colour, given as RGB."""
    picture = np.full((height, width, 3), colour[::-1], np.uint8)
    # Renamed into place, as a reader may be listing the folder.
    hidden = path.with_name(f".{path.name}")
    hidden.write_bytes(cv2.imencode(path.suffix, picture)[1].tobytes())
    hidden.rename(path)


def write_video(path: Path, frames: int, fps: float, width: int = 64, height: int = 48) -> None:
    """Write a video that gets redder."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), fps, (width, height))
    for number in range(frames):
        writer.write(np.full((height, width, 3), (0, 0, 255 * number // frames), np.uint8))
    writer.release()
