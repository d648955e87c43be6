"""Images of samples, decoded only when somebody looks at them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np

from roboact_ros.errors import RecordingError
from roboact_ros.types import ImageArray

JPEG_QUALITY = 95
_ENDS = {b"\xff\xd8": b"\xff\xd9", b"\x89P": b"IEND"}
"""First bytes of a JPEG and of a PNG, and what a whole one has near its end."""


class Picture(Protocol):
    """Where an image comes from."""

    def load(self) -> ImageArray:
        """Return the (H, W, 3) uint8 RGB pixels.

        Raises:
            RecordingError: They cannot be read.
        """
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Pixels:
    """An image in memory, (H, W, 3) uint8 RGB."""

    image: ImageArray

    def load(self) -> ImageArray:
        """Return the pixels."""
        return self.image


@dataclass(frozen=True, slots=True)
class Encoded:
    """A JPEG or PNG in memory; ``name`` says in errors where it came from."""

    data: bytes
    name: str

    def load(self) -> ImageArray:
        """Return the (H, W, 3) uint8 RGB pixels.

        Raises:
            RecordingError: It is damaged, or ends before the image does (decoders would fill the rest in grey).
        """
        end = _ENDS.get(self.data[:2])
        bgr = cv2.imdecode(np.frombuffer(self.data, np.uint8), cv2.IMREAD_COLOR) if self.data else None
        if bgr is None or (end is not None and end not in self.data[-64:]):
            raise RecordingError(f"{self.name}: the image ({len(self.data)} bytes) is damaged or cut off")
        return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), dtype=np.uint8)


@dataclass(frozen=True, slots=True)
class PictureFile:
    """An image file."""

    path: Path

    def load(self) -> ImageArray:
        """Return the (H, W, 3) uint8 RGB pixels.

        Raises:
            RecordingError: It is missing or damaged.
        """
        return Encoded(read_bytes(self.path), str(self.path)).load()


def png(picture: Picture) -> bytes:
    """Return the image as a PNG, which is what it was if it was one."""
    encoded = _encoded(picture)
    if encoded is not None and encoded.startswith(b"\x89PNG"):
        return encoded
    return _encode(".png", picture.load(), [cv2.IMWRITE_PNG_COMPRESSION, 1])


def jpeg(picture: Picture) -> bytes:
    """Return the image as a JPEG, which is what it was if it was one: nothing is compressed twice."""
    encoded = _encoded(picture)
    if encoded is not None and encoded.startswith(b"\xff\xd8"):
        return encoded
    return _encode(".jpg", picture.load(), [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])


def read_bytes(path: Path) -> bytes:
    """Return the content of a file.

    Raises:
        RecordingError: It cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise RecordingError(f"{path}: {error.strerror}") from error


def _encoded(picture: Picture) -> bytes | None:
    if isinstance(picture, Encoded):
        return picture.data
    return read_bytes(picture.path) if isinstance(picture, PictureFile) else None


def _encode(kind: str, image: ImageArray, options: list[int]) -> bytes:
    return bytes(cv2.imencode(kind, cv2.cvtColor(image, cv2.COLOR_RGB2BGR), options)[1])
