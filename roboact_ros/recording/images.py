"""Turns recorded image messages back into frames."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from roboact_ros.errors import RecordingError
from roboact_ros.types import Frame, ImageArray

_FROM_RAW = {"rgb8": None, "bgr8": cv2.COLOR_BGR2RGB, "rgba8": cv2.COLOR_RGBA2RGB, "bgra8": cv2.COLOR_BGRA2RGB}


def frame_from_recorded(message: Any, camera: str) -> Frame:
    """Return the frame in a deserialised ``sensor_msgs`` Image or CompressedImage.

    Raises:
        RecordingError: The image cannot be decoded.
    """
    stamp_ns = message.header.stamp.sec * 1_000_000_000 + message.header.stamp.nanosec
    image = _raw(message) if hasattr(message, "encoding") else _compressed(message)
    return Frame(camera, stamp_ns, image)


def _compressed(message: Any) -> ImageArray:
    data = np.asarray(message.data, dtype=np.uint8)
    image = cv2.imdecode(data, cv2.IMREAD_COLOR) if data.size else None
    if image is None:
        raise RecordingError(f'an image of format "{message.format}" with {data.size} bytes cannot be decoded')
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), dtype=np.uint8)


def _raw(message: Any) -> ImageArray:
    if message.encoding not in _FROM_RAW:
        raise RecordingError(f'an image of encoding "{message.encoding}" cannot be read; valid: {", ".join(_FROM_RAW)}')
    rows = np.asarray(message.data, dtype=np.uint8).reshape(message.height, message.step)
    channels = len(message.encoding) - 1
    image = rows[:, : message.width * channels].reshape(message.height, message.width, channels)
    code = _FROM_RAW[message.encoding]
    return image.copy() if code is None else np.asarray(cv2.cvtColor(image, code), dtype=np.uint8)
