"""A recording of an Orbbec camera that no camera made: the messages that the SDK reads from its bags (version 2)."""

from __future__ import annotations

import struct
from pathlib import Path

import cv2
import numpy as np
import pyorbbecsdk as ob
from rosbags.rosbag1 import Writer

WIDTH, HEIGHT, FPS = 64, 48, 30
FX, CX, CY = 60.0, 31.5, 23.5
DISTORTION = {"k1": 0.1, "k2": 0.2, "k3": 0.3, "k4": 0.4, "k5": 0.5, "k6": 0.6, "p1": 0.01, "p2": 0.02}
BASELINE_MM = 50.0
"""The colour camera sits this far to the right of the depth camera [mm]."""

DEPTH = 1000
"""Everything is this far away [mm]."""

_FEMTO_BOLT = (0x2BC5, 0x066B)
_IMAGE = ("sensor_msgs/msg/Image", "060021388200f6f0f447d0fcd9c64743")
_DEVICE = ("custom_msg/msg/OBDeviceInfo", "afef5328bb4abebd1a309e1ea8b26b3a")
_PROFILE = ("custom_msg/msg/OBStreamProfileInfo", "0123456789abcdef0123456789abcdef")
_PROPERTY = ("custom_msg/msg/OBProperty", "0123456789abcdef0123456789abcdef")
_COLOUR, _DEPTH = 2, 3
_START_US = 5_000_000


def write_recording(path: Path, frames: int, encoding: str = "rgb8") -> None:
    """Write a recording of a Femto Bolt, colour in ``encoding`` (``rgb8``, ``bgr8``, ``mjpg``, ``yuyv``) and depth."""
    pixels = {"rgb8": ob.OBFormat.RGB, "bgr8": ob.OBFormat.BGR, "mjpg": ob.OBFormat.MJPG, "yuyv": ob.OBFormat.YUYV}
    with Writer(path) as bag:
        topics: dict[str, object] = {}

        def write(topic: str, kind: tuple[str, str], stamp_us: int, content: bytes) -> None:
            if topic not in topics:
                topics[topic] = bag.add_connection(topic, kind[0], msgdef="-", md5sum=kind[1])
            sec, microsec = divmod(stamp_us, 1_000_000)
            header = struct.pack("<III", 0, sec, microsec * 1000) + _text("")
            bag.write(topics[topic], stamp_us * 1000, header + content)

        for number in range(frames):
            stamp = _START_US + number * 1_000_000 // FPS
            colour = _colour_pixels(number, encoding)
            write("/cam/sensor_2/frameType_2", _IMAGE, stamp, _image(encoding, colour, number, stamp))
            depth = np.full((HEIGHT, WIDTH), DEPTH, np.uint16).tobytes()
            write("/cam/sensor_3/frameType_3", _IMAGE, stamp, _image("mono16", depth, number, stamp))
        write("/cam/deviceInfo", _DEVICE, _START_US, _device())
        write("/cam/property", _PROPERTY, _START_US, struct.pack("<IIdI", 0, 8, 2.0, 8))
        write("/cam/streamProfileType_2", _PROFILE, _START_US, _profile(_COLOUR, pixels[encoding].value, DISTORTION))
        write("/cam/streamProfileType_3", _PROFILE, _START_US, _profile(_DEPTH, ob.OBFormat.Y16.value, {}))


def colour_picture(number: int) -> np.ndarray:
    """A picture that tells its number by its red, and its left half by its green."""
    picture = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    picture[..., 0] = 10 * number % 256
    picture[:, : WIDTH // 2, 1] = 200
    return picture


def _colour_pixels(number: int, encoding: str) -> bytes:
    picture = colour_picture(number)
    if encoding == "rgb8":
        return picture.tobytes()
    bgr = cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)
    if encoding == "mjpg":
        jpeg = cv2.imencode(".jpg", bgr, (cv2.IMWRITE_JPEG_QUALITY, 100))[1].tobytes()
        # The SDK takes a JPEG of less than 1 kB for a damaged one: a comment makes it long enough.
        return jpeg[:2] + b"\xff\xfe" + struct.pack(">H", 1026) + bytes(1024) + jpeg[2:]
    return bgr.tobytes() if encoding == "bgr8" else cv2.cvtColor(bgr, cv2.COLOR_BGR2YUV_YUYV).tobytes()


def _image(encoding: str, data: bytes, number: int, stamp_us: int) -> bytes:
    head = struct.pack("<II", HEIGHT, WIDTH) + _text(encoding) + struct.pack("<BII", 0, len(data) // HEIGHT, len(data))
    return head + data + struct.pack("<fQQQQIIB", 0.0, number, stamp_us, stamp_us, 0, 0, 0, 16)


def _device() -> bytes:
    names = _text("Femto Bolt") + _text("Orbbec Femto Bolt") + _text("")
    versions = b"".join(map(_text, ("uid", "CL8F25300C1", "1.1.2", "1.0", "2.0.0", "USB3.2")))
    return names + struct.pack("<HH", *_FEMTO_BOLT) + versions + struct.pack("<HB", 0, 0) + _text("") + _text("")


def _profile(stream: int, pixels: int, distortion: dict[str, float]) -> bytes:
    rotation, there = (1, 0, 0, 0, 1, 0, 0, 0, 1), (-BASELINE_MM, 0, 0)
    size = struct.pack("<BB9f3fHHH", stream, pixels, *rotation, *there, WIDTH, HEIGHT, FPS)
    bent = [distortion.get(key, 0.0) for key in ("k1", "k2", "k3", "k4", "k5", "k6", "p1", "p2")]
    model = ob.OBCameraDistortionModel.BROWN_CONRADY_K6 if distortion else ob.OBCameraDistortionModel.NONE
    return size + struct.pack("<4f8fB", FX, FX, CX, CY, *bent, model.value)


def _text(text: str) -> bytes:
    return struct.pack("<I", len(text)) + text.encode()
