"""The streams of a RealSense device: which to open, and how their frames go together."""

from __future__ import annotations

from typing import Any

import pyrealsense2 as rs

from roboact_ros.cameras.found import profile_text
from roboact_ros.errors import CameraError
from roboact_ros.types import Intrinsics

_PLUMB_BOB = (
    rs.distortion.none,
    rs.distortion.brown_conrady,
    rs.distortion.modified_brown_conrady,
    rs.distortion.inverse_brown_conrady,
)


def offered(device: Any, stream: Any, pixels: Any) -> list[tuple[Any, Any]]:
    """Return (sensor, profile) of every stream of one kind and pixel format that a device offers."""
    return [
        (sensor, profile.as_video_stream_profile())
        for sensor in device.query_sensors()
        for profile in sensor.get_stream_profiles()
        if profile.stream_type() == stream and profile.format() == pixels
    ]


def colour_profiles(device: Any) -> tuple[str, ...]:
    """Return the colour profiles of a device in words, the smallest image first."""
    sizes = {_size(profile) for _, profile in offered(device, rs.stream.color, rs.format.rgb8)}
    return tuple(profile_text(*size) for size in sorted(sizes))


def choose(device: Any, size: tuple[int, int, float] | None, depth: bool) -> list[tuple[Any, Any]]:
    """Return (sensor, profile) of the colour stream asked for and, with ``depth``, of the depth nearest to it in size.

    Args:
        device: The device.
        size: Width [px], height [px] and images per second of colour; None takes what there is, as from a recording.
        depth: Whether depth is wanted.

    Raises:
        CameraError: The device does not offer it; the message begins with a verb.
    """
    colours = offered(device, rs.stream.color, rs.format.rgb8)
    chosen = [it for it in colours if size is None or _size(it[1]) == size][:1]
    if not chosen:
        wanted = "any" if size is None else f"{size[0]}x{size[1]} at {size[2]:g} Hz"
        valid = ", ".join(colour_profiles(device)) or "(none)"
        raise CameraError(f"does not offer colour images (rgb8) of {wanted}; valid: {valid}")
    if depth:
        width, height, fps = _size(chosen[0][1])
        depths = [it for it in offered(device, rs.stream.depth, rs.format.z16) if it[1].fps() == fps]
        if not depths:
            raise CameraError(f"does not offer depth at {fps} Hz")
        chosen.append(min(depths, key=lambda it: abs(it[1].width() * it[1].height() - width * height)))
    return chosen


def intrinsics(frame: Any) -> Intrinsics | None:
    """Return the pinhole model of a video frame, or None where its distortion is no plumb bob."""
    model = frame.profile.as_video_stream_profile().intrinsics
    if model.model not in _PLUMB_BOB:
        return None
    k1, k2, p1, p2, k3 = model.coeffs
    return Intrinsics(model.width, model.height, model.fx, model.fy, model.ppx, model.ppy, (k1, k2, p1, p2, k3))


class DepthAligner:
    """Projects depth onto colour with the SDK, which aligns nothing but sets of frames."""

    def __init__(self) -> None:
        self._pair: list[Any] = []
        self._sets = rs.frame_queue(1)
        self._compose = rs.processing_block(
            lambda _, source: source.frame_ready(source.allocate_composite_frame(self._pair))
        )
        self._compose.start(self._sets)
        self._align = rs.align(rs.stream.color)

    def align(self, colour: Any, depth: Any) -> Any:
        """Return the depth frame as the colour camera sees it."""
        self._pair = [depth, colour]
        self._compose.invoke(colour)
        self._pair = []
        return self._align.process(self._sets.wait_for_frame(1000).as_frameset()).get_depth_frame()


def _size(profile: Any) -> tuple[int, int, int]:
    return profile.width(), profile.height(), profile.fps()
