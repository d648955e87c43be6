"""A RealSense camera made of software: the SDK's own device, sensors and frames, fed by a thread of this process."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyrealsense2 as rs

WIDTH, HEIGHT, FPS = 64, 48, 30
FX, CX, CY = 60.0, 31.5, 23.5
BASELINE = 0.05
"""The colour camera sits this far to the right of the depth camera [m]."""

DEPTH = 1000
"""Everything is this far away, in steps of the depth sensor."""


class SoftwareRealSense:
    """A device with colour and depth.

    Attributes:
        device: The SDK's device.
        exposures: Device stamp [ms] of every frame, and when it was made [ns, Unix].
        plugged: Whether frames come.

    Args:
        serial: Its serial number.
        domain: Clock of its stamps.
        clock_ms: What its clock shows at the first frame [ms]; the Unix time by default.
        unit: Step of the depth sensor [m].
    """

    def __init__(
        self,
        serial: str = "0123",
        domain: Any = rs.timestamp_domain.hardware_clock,
        clock_ms: float | None = None,
        unit: float = 0.001,
    ) -> None:
        self.device = rs.software_device()
        self.device.register_info(rs.camera_info.serial_number, serial)
        self.device.register_info(rs.camera_info.name, "Software D435")
        self.exposures: dict[float, int] = {}
        self.plugged = threading.Event()
        self.plugged.set()
        self._domain = domain
        self._offset_ms = 0.0 if clock_ms is None else clock_ms - time.time_ns() / 1e6
        self._colour = self._stream("RGB Camera", rs.stream.color, rs.format.rgb8, 0, 3)
        self._depth = self._stream("Stereo Module", rs.stream.depth, rs.format.z16, 1, 2)
        self._depth[0].add_read_only_option(rs.option.depth_units, unit)
        there = rs.extrinsics()
        there.rotation, there.translation = [1, 0, 0, 0, 1, 0, 0, 0, 1], [-BASELINE, 0, 0]
        self._depth[1].register_extrinsics_to(self._colour[1], there)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._live, daemon=True)

    @contextmanager
    def running(self) -> Iterator[SoftwareRealSense]:
        """Send frames as long as the block."""
        self._thread.start()
        try:
            yield self
        finally:
            self._over.set()
            self._thread.join()

    def find(self) -> Any:
        """Return the device, as a search for it would."""
        if not self.plugged.is_set():
            raise_unplugged()
        return self.device

    def _stream(self, sensor_name: str, kind: Any, pixels: Any, number: int, size: int) -> tuple[Any, Any, int]:
        sensor = self.device.add_sensor(sensor_name)
        stream, model = rs.video_stream(), rs.intrinsics()
        model.width, model.height, model.fx, model.fy, model.ppx, model.ppy = WIDTH, HEIGHT, FX, FX, CX, CY
        model.model, model.coeffs = rs.distortion.brown_conrady, [0.1, 0.2, 0.01, 0.02, 0.3]
        if kind == rs.stream.depth:
            model.coeffs = [0.0] * 5
        stream.type, stream.fmt, stream.uid, stream.index = kind, pixels, number, 0
        stream.width, stream.height, stream.fps, stream.bpp, stream.intrinsics = WIDTH, HEIGHT, FPS, size, model
        return sensor, sensor.add_video_stream(stream).as_video_stream_profile(), size

    def _live(self) -> None:
        number = 0
        while not self._over.wait(1 / FPS):
            if not self.plugged.is_set():
                continue
            number += 1
            stamp_ms = time.time_ns() / 1e6 + self._offset_ms
            self.exposures[stamp_ms] = time.time_ns()
            self._send(*self._colour, number, stamp_ms, colour_picture(number))
            self._send(*self._depth, number, stamp_ms, np.full((HEIGHT, WIDTH), DEPTH, np.uint16))

    def _send(self, sensor: Any, profile: Any, size: int, number: int, stamp_ms: float, pixels: Any) -> None:
        frame = rs.software_video_frame()
        frame.stride, frame.bpp, frame.profile, frame.pixels = WIDTH * size, size, profile, pixels
        frame.timestamp, frame.domain, frame.frame_number = stamp_ms, self._domain, number
        sensor.on_video_frame(frame)


def raise_unplugged() -> None:
    """Say what a search says when the camera is not there."""
    from roboact_ros.cameras.realsense import connected

    connected("0123")()


def colour_picture(number: int) -> Any:
    """A picture that tells its number by its red and its left half by its green."""
    picture = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    picture[..., 0] = number % 256
    picture[:, : WIDTH // 2, 1] = 200
    return picture


def record(camera: SoftwareRealSense, path: Path, seconds: float) -> None:
    """Write what the running camera sees with the SDK's recorder."""
    recorder = rs.recorder(str(path), camera.device)
    queue = rs.frame_queue(50)
    sensors = recorder.query_sensors()
    for sensor in sensors:
        sensor.open(sensor.get_stream_profiles())
        sensor.start(queue)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        queue.try_wait_for_frame(50)
    for sensor in sensors:
        sensor.stop()
        sensor.close()
    recorder.pause()
