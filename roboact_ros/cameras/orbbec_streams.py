"""The streams of an Orbbec device: which to open, and what their frames hold."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pyorbbecsdk as ob

from roboact_ros.cameras.found import profile_text
from roboact_ros.errors import CameraError
from roboact_ros.types import ImageArray, Intrinsics

_TO_RGB: dict[Any, Callable[[ImageArray, int, int], Any]] = {
    ob.OBFormat.RGB: lambda data, height, width: data.reshape(height, width, 3).copy(),
    ob.OBFormat.BGR: lambda data, height, width: cv2.cvtColor(data.reshape(height, width, 3), cv2.COLOR_BGR2RGB),
    ob.OBFormat.MJPG: lambda data, height, width: cv2.imdecode(data, cv2.IMREAD_COLOR_RGB),
    ob.OBFormat.YUYV: lambda data, height, width: cv2.cvtColor(data.reshape(height, width, 2), cv2.COLOR_YUV2RGB_YUYV),
}
"""Pixel formats of colour that are understood, the preferred first: the SDK makes RGB of what most cameras send."""

_RATIONAL = ob.OBCameraDistortionModel.BROWN_CONRADY_K6
_PLUMB_BOB = (
    ob.OBCameraDistortionModel.NONE,
    ob.OBCameraDistortionModel.BROWN_CONRADY,
    ob.OBCameraDistortionModel.MODIFIED_BROWN_CONRADY,
    ob.OBCameraDistortionModel.INVERSE_BROWN_CONRADY,
)


def offered(listing: Any, formats: tuple[Any, ...]) -> list[Any]:
    """Return the video profiles of an SDK list in one of some pixel formats, by the order of the formats."""
    profiles = [listing.get_stream_profile_by_index(n).as_video_stream_profile() for n in range(len(listing))]
    return sorted((p for p in profiles if p.get_format() in formats), key=lambda p: formats.index(p.get_format()))


def colour_profiles(device: Any) -> tuple[str, ...]:
    """Return the colour profiles of a device in words, the smallest image first."""
    listing = ob.Pipeline(device).get_stream_profile_list(ob.OBSensorType.COLOR_SENSOR)
    return tuple(profile_text(*size) for size in sorted({_size(p) for p in offered(listing, tuple(_TO_RGB))}))


def choose(pipeline: Any, size: tuple[int, int, float] | None, depth: bool) -> list[Any]:
    """Return the colour profile asked for and, with ``depth``, the depth profile nearest to it in size.

    Args:
        pipeline: The device's pipeline.
        size: Width [px], height [px] and images per second of colour; None takes what there is, as from a recording.
        depth: Whether depth is wanted.

    Raises:
        CameraError: The device does not offer it; the message begins with a verb.
    """
    colours = offered(pipeline.get_stream_profile_list(ob.OBSensorType.COLOR_SENSOR), tuple(_TO_RGB))
    chosen = [profile for profile in colours if size is None or _size(profile) == size][:1]
    if not chosen:
        wanted = "any size" if size is None else f"{size[0]}x{size[1]} at {size[2]:g} Hz"
        valid = ", ".join(profile_text(*it) for it in sorted({_size(profile) for profile in colours})) or "(none)"
        raise CameraError(f"does not offer colour images of {wanted}; valid: {valid}")
    if depth:
        width, height, fps = _size(chosen[0])
        listing = pipeline.get_stream_profile_list(ob.OBSensorType.DEPTH_SENSOR)
        depths = [p for p in offered(listing, (ob.OBFormat.Y16, ob.OBFormat.Z16)) if p.get_fps() == fps]
        if not depths:
            raise CameraError(f"does not offer depth at {fps} Hz")
        chosen.append(min(depths, key=lambda p: abs(p.get_width() * p.get_height() - width * height)))
    return chosen


def rgb(frame: Any) -> ImageArray:
    """Return the (H, W, 3) uint8 RGB pixels of a colour frame, in memory of their own.

    Raises:
        CameraError: It is a damaged JPEG.
    """
    image = _TO_RGB[frame.get_format()](np.asarray(frame.get_data()), frame.get_height(), frame.get_width())
    if image is None:
        raise CameraError("sent a damaged JPEG")
    return np.asarray(image, np.uint8)


def intrinsics(frame: Any) -> Intrinsics | None:
    """Return the pinhole model of a colour frame, or None where its distortion is that of a fisheye."""
    profile = frame.get_stream_profile().as_video_stream_profile()
    model, bent = profile.get_intrinsic(), profile.get_distortion()
    distortion: tuple[float, ...] = (bent.k1, bent.k2, bent.p1, bent.p2, bent.k3)
    if bent.model == _RATIONAL:
        distortion += (bent.k4, bent.k5, bent.k6)
    elif bent.model not in _PLUMB_BOB:
        return None
    return Intrinsics(model.width, model.height, model.fx, model.fy, model.cx, model.cy, distortion)


def _size(profile: Any) -> tuple[int, int, int]:
    return profile.get_width(), profile.get_height(), profile.get_fps()
