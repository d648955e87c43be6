"""Orbbec cameras (Femto Bolt, Gemini 330 series and others) and recordings of them, through pyorbbecsdk2."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyorbbecsdk as ob

from roboact_ros.cameras.camera import SourceEnded
from roboact_ros.cameras.depth import millimetres
from roboact_ros.cameras.device_clock import DeviceClock
from roboact_ros.cameras.found import ANY, FoundCamera
from roboact_ros.cameras.orbbec_streams import choose, colour_profiles, intrinsics, rgb
from roboact_ros.cameras.synchronizer import Synchronizer
from roboact_ros.errors import CameraError, did_you_mean
from roboact_ros.types import Frame

RECORDING = ".bag"
"""Suffix of recordings."""

FIRST_FRAME, NEXT_FRAME = 5.0, 1.0
"""Time a camera gets to start, and to send its next image, before it counts as gone [s]."""

_FAILURES = (RuntimeError, ob.OBError)
_MICROSECOND = 1000
Device = Any

# By itself the SDK writes a log file into the working directory; what matters of it is in its exceptions.
ob.Context.set_logger_to_console(ob.OBLogLevel.NONE)
ob.Context.set_logger_to_file(ob.OBLogLevel.NONE, "")


class OrbbecCamera:
    """Colour, and depth as the colour camera sees it; when it is unplugged, ``read`` raises, and opens it again later.

    Frames are stamped with the moment of exposure: the device's own clock, mapped to this machine's by
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
        self._pipeline: Any = None
        self._open()

    def read(self) -> Frame:
        """See :class:`~roboact_ros.cameras.camera.Camera`.

        Raises:
            SourceEnded: The recording has been played.
        """
        if self._pipeline is None:
            self._open()
        deadline = time.monotonic() + self._patience
        try:
            while (left := deadline - time.monotonic()) > 0:
                arrived = self._pipeline.wait_for_frames(int(1000 * left) + 1)
                found = self._together(arrived, time.monotonic_ns()) if arrived is not None else None
                if found is not None:
                    self._patience = NEXT_FRAME
                    return self._frame(**found)
            ended = self._recorded and self._device.get_playback_status() == ob.OBPlaybackStatus.STOPPED
        except (CameraError, *_FAILURES) as error:
            self.close()
            raise CameraError(f'camera "{self._name}": {error}') from error
        self.close()
        if ended:
            raise SourceEnded(f'camera "{self._name}": the recording ended')
        raise CameraError(f'camera "{self._name}": {self._title} gives no images; is it unplugged?')

    def close(self) -> None:
        """Release the device."""
        pipeline, self._pipeline = self._pipeline, None
        if pipeline is not None:
            with contextlib.suppress(*_FAILURES):  # what was unplugged cannot be stopped
                pipeline.stop()

    def _open(self) -> None:
        try:
            device = self._device = self._find()
            self._recorded = isinstance(device, ob.PlaybackDevice)
            about = device.get_device_info()
            self._title = f"{about.get_name()} {about.get_serial_number()}"
            pipeline = ob.Pipeline(device)
            chosen = choose(pipeline, None if self._recorded else self._size, self._depth)
            config = ob.Config()
            for profile in chosen:
                config.enable_stream(profile)
            # Colour and depth are brought together here, by the moment of their exposure instead of their arrival.
            config.set_frame_aggregate_output_mode(ob.OBFrameAggregateOutputMode.ANY_SITUATION)
            self._clock, self._align = DeviceClock(), ob.AlignFilter(ob.OBStreamType.COLOR_STREAM)
            streams = ("colour", "depth") if self._depth else ("colour",)
            self._pairs = Synchronizer[tuple[Any, int]](streams, int(5e8 / chosen[0].get_fps()))
            self._patience = FIRST_FRAME
            pipeline.start(config)
            self._pipeline = pipeline
        except CameraError as error:
            raise CameraError(f'camera "{self._name}": {error}') from error
        except _FAILURES as error:
            raise CameraError(f'camera "{self._name}" cannot be opened: {error}') from error

    def _together(self, arrived: Any, arrival_ns: int) -> dict[str, tuple[Any, int]] | None:
        newest = None
        for stream, frame in (("colour", arrived.get_color_frame()), ("depth", arrived.get_depth_frame())):
            if frame is not None:
                device_ns = frame.get_timestamp_us() * _MICROSECOND
                newest = self._pairs.add(stream, device_ns, (frame, arrival_ns)) or newest
        return newest

    def _frame(self, colour: tuple[Any, int], depth: tuple[Any, int] | None = None) -> Frame:
        frame, arrival_ns = colour
        exposed_ns = arrival_ns - self._clock.age(frame.get_timestamp_us() * _MICROSECOND, arrival_ns)
        return Frame(
            self._name,
            time.time_ns() - (time.monotonic_ns() - exposed_ns),
            rgb(frame),
            intrinsics(frame),
            None if depth is None else self._aligned(frame, depth[0]),
        )

    def _aligned(self, colour: Any, depth: Any) -> Any:
        pair = ob.Frame.create_frame_set()
        pair.push_frame(depth)
        pair.push_frame(colour)
        aligned = self._align.process(pair)
        frame = None if aligned is None else aligned.as_frame_set().get_depth_frame()
        if frame is None:
            raise CameraError("its depth cannot be aligned to its colour images")
        raw = np.asarray(frame.get_data()).view(np.uint16).reshape(frame.get_height(), frame.get_width())
        return millimetres(raw, frame.get_depth_scale())


def connected(serial: str) -> Callable[[], Device]:
    """Return what finds the camera with a serial number, or with ``any`` the only one that is plugged in."""

    def find() -> Device:
        listing = ob.Context().query_devices()
        serials = [str(listing.get_device_serial_number_by_index(n)) for n in range(len(listing))]
        if serial == ANY and len(serials) == 1:
            return listing.get_device_by_index(0)
        if serial not in serials:
            raise CameraError(f'no Orbbec camera "{serial}" is plugged in: {did_you_mean(serial, serials)}')
        return listing.get_device_by_serial_number(serial)

    return find


def recorded(path: str) -> Callable[[], Device]:
    """Return what opens a recording, which is then played once in real time."""

    def find() -> Device:
        if not Path(path).is_file():
            raise CameraError(f"the recording {path} does not exist")
        return ob.PlaybackDevice(path)

    return find


def search() -> list[FoundCamera]:
    """Return the Orbbec cameras that are plugged in.

    Raises:
        CameraError: One of them does not answer.
    """
    try:
        listing = ob.Context().query_devices()
        return [found(listing.get_device_by_index(number)) for number in range(len(listing))]
    except _FAILURES as error:
        raise CameraError(f"Orbbec cameras cannot be listed: {error}") from error


def found(device: Device) -> FoundCamera:
    """Describe a device."""
    about = device.get_device_info()
    serial, connection = str(about.get_serial_number()), str(about.get_connection_type())
    return FoundCamera("orbbec", serial, str(about.get_name()), serial, connection, colour_profiles(device))
