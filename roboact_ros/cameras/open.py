"""From the description of a camera to its driver."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from roboact_ros.cameras.camera import Camera
from roboact_ros.cameras.sdk import require_sdk
from roboact_ros.cells.description import CameraDescription
from roboact_ros.errors import ConfigurationError

Opener = Callable[[], Camera]
"""Opens a camera; raises CameraError when it is not there now, and may then be called again."""


def camera_opener(name: str, description: CameraDescription, address: str) -> Opener:
    """Return what opens the camera; drivers are imported by the first call.

    Args:
        name: Name of the camera in the system file.
        description: The camera.
        address: Address of the simulated cell, for simulated cameras.

    Raises:
        ConfigurationError: No driver can ever open this source, or its SDK is not installed.
    """
    if description.kind in _WITH_DEPTH:
        return _WITH_DEPTH[description.kind](name, description)
    if description.depth:
        kinds = ", ".join(_WITH_DEPTH)
        raise ConfigurationError(f'camera "{name}": {description.kind} has no depth; valid kinds: {kinds}')
    if description.kind == "simulated":
        return lambda: _simulated(name, description, address)
    source = description.source
    if source.isdecimal() or source.startswith("/dev/"):
        return lambda: _usb(name, description)
    if Path(source).is_dir():
        return lambda: _folder(name, description)
    return _video_opener(name, description)


def _video_opener(name: str, description: CameraDescription) -> Opener:
    from roboact_ros.cameras.video_file import VIDEO_SUFFIXES

    path = Path(description.source)
    if path.suffix.lower() not in VIDEO_SUFFIXES or not path.is_file():
        problem = "has no known suffix" if path.is_file() else "does not exist"
        raise ConfigurationError(
            f'camera "{name}": source "{description.source}" {problem}. Valid: a device index (0), a device'
            f" (/dev/video0), a folder of images, or a video ({', '.join(VIDEO_SUFFIXES)})"
        )
    return lambda: _video(name, description)


def _simulated(name: str, it: CameraDescription, address: str) -> Camera:
    from roboact_ros.cameras.simulated import SimulatedCamera

    return SimulatedCamera(name, it.source, it.width, it.height, it.fps, address)


def _usb(name: str, it: CameraDescription) -> Camera:
    from roboact_ros.cameras.opencv import OpenCVCamera
    from roboact_ros.cameras.resized import Resized

    return Resized(OpenCVCamera(name, it.source, it.width, it.height, it.fps), it.width, it.height)


def _folder(name: str, it: CameraDescription) -> Camera:
    from roboact_ros.cameras.image_folder import ImageFolderCamera
    from roboact_ros.cameras.resized import Resized

    return Resized(ImageFolderCamera(name, it.source, it.fps), it.width, it.height)


def _video(name: str, it: CameraDescription) -> Camera:
    from roboact_ros.cameras.resized import Resized
    from roboact_ros.cameras.video_file import VideoFileCamera

    return Resized(VideoFileCamera(name, it.source, it.fps), it.width, it.height)


def _realsense_opener(name: str, it: CameraDescription) -> Opener:
    require_sdk("realsense")
    from roboact_ros.cameras.realsense import RECORDINGS, RealSenseCamera, connected, recorded
    from roboact_ros.cameras.resized import Resized

    find = recorded(it.source) if it.source.lower().endswith(RECORDINGS) else connected(it.source)
    return lambda: Resized(RealSenseCamera(name, find, it.width, it.height, it.fps, it.depth), it.width, it.height)


def _orbbec_opener(name: str, it: CameraDescription) -> Opener:
    require_sdk("orbbec")
    from roboact_ros.cameras.orbbec import RECORDING, OrbbecCamera, connected, recorded
    from roboact_ros.cameras.resized import Resized

    find = recorded(it.source) if it.source.lower().endswith(RECORDING) else connected(it.source)
    return lambda: Resized(OrbbecCamera(name, find, it.width, it.height, it.fps, it.depth), it.width, it.height)


_WITH_DEPTH: dict[str, Callable[[str, CameraDescription], Opener]] = {
    "realsense": _realsense_opener,
    "orbbec": _orbbec_opener,
}
