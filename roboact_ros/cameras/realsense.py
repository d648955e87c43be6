"""Intel RealSense cameras and recordings of them, through pyrealsense2."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import numpy as np
import pyrealsense2 as rs

from roboact_ros.cameras.camera import SourceEnded
from roboact_ros.cameras.depth import millimetres
from roboact_ros.cameras.device_clock import DeviceClock
from roboact_ros.cameras.found import ANY, FoundCamera
from roboact_ros.cameras.realsense_streams import DepthAligner, choose, colour_profiles, intrinsics
from roboact_ros.cameras.synchronizer import Synchronizer
from roboact_ros.errors import CameraError, did_you_mean
from roboact_ros.types import Frame, ImageArray

RECORDINGS = (".bag", ".db3")
"""Suffixes of recordings: version 2.57 of the SDK and older write and play the first, later ones the second."""

FIRST_FRAME, NEXT_FRAME = 5.0, 1.0
"""Time a camera gets to start, and to send its next image, before it counts as gone [s]."""

_QUEUE = 8
_MILLIMETRES = 1000.0
Device = Any


class RealSenseCamera:
    """Colour, and depth as the colour camera sees it; when it is unplugged, ``read`` raises, and opens it again later.

    Frames are stamped with the moment of exposure. Where the SDK has mapped it to the clock of this machine already
    (its global time), that is taken; stamps of the device's own clock, and of a recording, go through
    :class:`~roboact_ros.cameras.device_clock.DeviceClock`.
    """

    def __init__(
        self, name: str, find: Callable[[], Device], width: int, height: int, fps: float, depth: bool = False
    ) -> None:
        """Open the camera.

        Args:
            name: Name of the camera.
            find: Returns the device; :func:`connected` and :func:`recorded` make such functions.
            width: Image width [px], of a profile that the device offers; a recording plays what it holds.
            height: Image height [px].
            fps: Images per second.
            depth: Read depth, too.

        Raises:
            CameraError: There is no such device, or it does not offer this.
        """
        self._name, self._find = name, find
        self._size = (width, height, fps)
        self._depth = depth
        self._patience = FIRST_FRAME
        self._sensors: list[Any] = []
        self._open()

    def read(self) -> Frame:
        """See :class:`~roboact_ros.cameras.camera.Camera`.

        Raises:
            SourceEnded: The recording has been played.
        """
        if not self._sensors:
            self._open()
        deadline = time.monotonic() + self._patience
        try:
            while (left := deadline - time.monotonic()) > 0:
                arrived, frame = self._queue.try_wait_for_frame(int(1000 * left) + 1)
                found = self._together(frame, time.monotonic_ns()) if arrived else None
                if found is not None:
                    self._patience = NEXT_FRAME
                    return self._frame(**found)
        except RuntimeError as error:
            self.close()
            raise CameraError(f'camera "{self._name}": {error}') from error
        ended = self._recorded and self._device.as_playback().current_status() == rs.playback_status.stopped
        self.close()
        if ended:
            raise SourceEnded(f'camera "{self._name}": the recording ended')
        raise CameraError(f'camera "{self._name}": {_title(self._device)} gives no images; is it unplugged?')

    def close(self) -> None:
        """Release the device."""
        for sensor in self._sensors:
            with contextlib.suppress(RuntimeError):  # what was unplugged cannot be stopped
                sensor.stop()
                sensor.close()
        self._sensors = []

    def _open(self) -> None:
        try:
            device = self._device = self._find()
            self._recorded = device.is_playback()
            chosen = choose(device, None if self._recorded else self._size, self._depth)
            by_sensor: dict[str, tuple[Any, list[Any]]] = {}
            for sensor, profile in chosen:
                by_sensor.setdefault(sensor.get_info(rs.camera_info.name), (sensor, []))[1].append(profile)
            self._queue, self._aligner, self._clock = rs.frame_queue(_QUEUE), DepthAligner(), DeviceClock()
            half_a_period = int(5e8 / chosen[0][1].fps())
            streams = ("colour", "depth") if self._depth else ("colour",)
            self._pairs = Synchronizer[tuple[Any, int]](streams, half_a_period)
            self._patience = FIRST_FRAME
            for sensor, profiles in by_sensor.values():
                sensor.open(profiles)
                self._sensors.append(sensor)
                sensor.start(self._queue)
        except CameraError as error:
            raise CameraError(f'camera "{self._name}": {error}') from error
        except RuntimeError as error:
            self.close()
            raise CameraError(f'camera "{self._name}" cannot be opened: {error}') from error

    def _together(self, frame: Any, arrival_ns: int) -> dict[str, tuple[Any, int]] | None:
        stream = "colour" if frame.profile.stream_type() == rs.stream.color else "depth"
        device_ns = int(frame.get_timestamp() * 1e6)
        return self._pairs.add(stream, device_ns, (frame, arrival_ns))

    def _frame(self, colour: tuple[Any, int], depth: tuple[Any, int] | None = None) -> Frame:
        frame, arrival_ns = colour
        aligned = None
        if depth is not None:
            seen = self._aligner.align(frame, depth[0])
            aligned = millimetres(np.asarray(seen.get_data()), seen.get_units() * _MILLIMETRES)
        return Frame(
            self._name,
            self._stamp(frame, arrival_ns),
            cast(ImageArray, np.array(frame.get_data())),
            intrinsics(frame),
            aligned,
        )

    def _stamp(self, frame: Any, arrival_ns: int) -> int:
        device_ns = int(frame.get_timestamp() * 1e6)
        if self._recorded or frame.get_frame_timestamp_domain() == rs.timestamp_domain.hardware_clock:
            exposed_ns = arrival_ns - self._clock.age(device_ns, arrival_ns)
            return time.time_ns() - (time.monotonic_ns() - exposed_ns)
        return device_ns


def connected(serial: str) -> Callable[[], Device]:
    """Return what finds the camera with a serial number, or with ``any`` the only one that is plugged in."""

    def find() -> Device:
        devices = {_info(device, rs.camera_info.serial_number): device for device in rs.context().query_devices()}
        if serial == ANY and len(devices) == 1:
            return next(iter(devices.values()))
        if serial not in devices:
            raise CameraError(f'no RealSense camera "{serial}" is plugged in: {did_you_mean(serial, devices)}')
        return devices[serial]

    return find


def recorded(path: str) -> Callable[[], Device]:
    """Return what opens a recording, which is then played once in real time."""

    def find() -> Device:
        if not Path(path).is_file():
            raise CameraError(f"the recording {path} does not exist")
        return rs.context().load_device(path)

    return find


def search() -> list[FoundCamera]:
    """Return the RealSense cameras that are plugged in.

    Raises:
        CameraError: One of them does not answer.
    """
    try:
        return [found(device) for device in rs.context().query_devices()]
    except RuntimeError as error:
        raise CameraError(f"RealSense cameras cannot be listed: {error}") from error


def found(device: Device) -> FoundCamera:
    """Describe a device."""
    serial, usb = _info(device, rs.camera_info.serial_number), _info(device, rs.camera_info.usb_type_descriptor)
    model = _info(device, rs.camera_info.name)
    return FoundCamera("realsense", serial, model, serial, f"USB {usb}" if usb else "", colour_profiles(device))


def _title(device: Device) -> str:
    return f"{_info(device, rs.camera_info.name)} {_info(device, rs.camera_info.serial_number)}"


def _info(device: Device, kind: Any) -> str:
    return str(device.get_info(kind)) if device.supports(kind) else ""
