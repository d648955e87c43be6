"""Finds the video devices of the Linux kernel."""

from __future__ import annotations

import fcntl
import struct
from pathlib import Path

from roboact_ros.cameras.found import FoundCamera

_QUERYCAP = 0x80685600
"""VIDIOC_QUERYCAP: asks for ``struct v4l2_capability``, 104 bytes."""

_ANSWER = struct.Struct("16s32s32sIII12x")
_VIDEO_CAPTURE = 0x1


def search(devices: Path = Path("/dev")) -> list[FoundCamera]:
    """Return the devices that give images; the metadata nodes beside them do not.

    Args:
        devices: Folder of the devices.
    """
    links = {link.resolve(): link for link in sorted((devices / "v4l" / "by-id").glob("*"))}
    found = []
    for device in sorted(devices.glob("video*")):
        try:
            with device.open("rb", buffering=0) as opened:
                answer = fcntl.ioctl(opened, _QUERYCAP, bytes(_ANSWER.size))
        except OSError as error:
            found.append(FoundCamera("opencv", str(device), f"cannot be opened: {error.strerror}"))
            continue
        _, card, bus, _, _, capabilities = _ANSWER.unpack(answer)
        if capabilities & _VIDEO_CAPTURE:
            # A link by the camera's own name stays the same when others are plugged in.
            source = str(links.get(device.resolve(), device))
            found.append(FoundCamera("opencv", source, _text(card), connection=_text(bus)))
    return found


def _text(field: bytes) -> str:
    return field.split(b"\0", 1)[0].decode(errors="replace")
