"""Reads RLDS episodes from TFRecord files, as TensorFlow Datasets writes them, without TensorFlow.

A file is a row of records: length (8 bytes), checksum, data, checksum; the data of each is one episode as a
``tf.train.Example``, a map from names to lists of byte strings, floats or integers. Checksums are not verified.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from roboact_ros.errors import RecordingError, did_you_mean
from roboact_train.data.demonstrations import Demonstration
from roboact_train.data.pictures import Encoded

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_OBSERVED = "steps/observation/"
_WORDS = (
    "steps/language_instruction",
    "steps/observation/language_instruction",
    "steps/observation/natural_language_instruction",
)

Value = list[Any]
"""Byte strings, floats or integers."""


def read_tfrecord(path: Path, image: str = "") -> Iterator[Demonstration]:
    """Return the episodes of a file; actions must be 7-D, see :mod:`roboact_train.data.supervision`.

    Args:
        path: The file.
        image: Name of the image in the observation; ``image`` or the only one by default.

    Raises:
        RecordingError: The file is cut off or damaged, or an episode lacks something.
    """
    for number, data in enumerate(records(path)):
        name = f"{path}, episode {number}"
        try:
            episode = _demonstration(read_example(data), name, image)
        except (KeyError, IndexError, ValueError) as error:
            raise RecordingError(f"{name} is damaged ({error})") from error
        yield episode


def records(path: Path) -> Iterator[bytes]:
    """Return the records of a file.

    Raises:
        RecordingError: It cannot be read, or is cut off; says how many records were whole.
    """
    whole = 0
    try:
        with path.open("rb") as file:
            while head := file.read(12):
                length = int.from_bytes(head[:8], "little")
                left = path.stat().st_size - file.tell()
                if len(head) < 12 or left < length + 4:
                    raise RecordingError(f"{path} is cut off; {whole} episodes before that were whole")
                yield file.read(length)
                file.seek(4, 1)
                whole += 1
    except OSError as error:
        raise RecordingError(f"{path}: {error.strerror}") from error


def read_example(data: bytes) -> dict[str, Value]:
    """Return the features of a serialised ``tf.train.Example``.

    Raises:
        KeyError, IndexError, ValueError: It is damaged.
    """
    features: dict[str, Value] = {}
    for _, _, holder in _fields(data):
        for _, _, entry in _fields(_as_bytes(holder)):
            parts = {field: _as_bytes(value) for field, _, value in _fields(_as_bytes(entry))}
            features[parts[1].decode()] = _feature(parts.get(2, b""))
    return features


def _feature(data: bytes) -> Value:
    for kind, _, holder in _fields(data):
        values = [value for _, _, value in _fields(_as_bytes(holder))]
        texts = [value for value in values if isinstance(value, bytes)]
        if kind == 1:
            return texts
        if kind == 2:
            return [number for packed in texts for number in np.frombuffer(packed, "<f4").tolist()]
        return [*(n for packed in texts for n in _varints(packed)), *(v for v in values if isinstance(v, int))]
    return []


def _fields(data: bytes) -> Iterator[tuple[int, int, bytes | int]]:
    """Return number, wire type and value of the fields of a protocol buffer."""
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        wire = tag & 7
        value: bytes | int
        if wire == _VARINT:
            value, at = _varint(data, at)
        elif wire in (_BYTES, _FIXED32, _FIXED64):
            size, at = _varint(data, at) if wire == _BYTES else (4 if wire == _FIXED32 else 8, at)
            value = data[at : at + size]
            if len(value) < size:
                raise ValueError("a field is cut off")
            at += size
        else:
            raise ValueError(f"wire type {wire}")
        yield tag >> 3, wire, value


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def _varints(data: bytes) -> Iterator[int]:
    at = 0
    while at < len(data):
        value, at = _varint(data, at)
        yield value


def _as_bytes(value: bytes | int) -> bytes:
    if isinstance(value, int):
        raise ValueError("a number where a message should be")
    return value


def _demonstration(features: dict[str, Value], name: str, image: str) -> Demonstration:
    images = {
        key.removeprefix(_OBSERVED): value
        for key, value in features.items()
        if key.startswith(_OBSERVED)
        and value
        and isinstance(value[0], bytes)
        and value[0][:2] in (b"\xff\xd8", b"\x89P")
    }
    chosen = image or ("image" if "image" in images or len(images) != 1 else next(iter(images)))
    if chosen not in images:
        raise RecordingError(f'{name} has no image "{chosen}": {did_you_mean(chosen, images)}')
    words = next((features[key] for key in _WORDS if key in features), None)
    if words is None or not all(isinstance(text, bytes) for text in words):
        raise RecordingError(f"{name} has no instruction: {', '.join(features)}")
    count = len(images[chosen])
    actions = np.array(features.get("steps/action", []), dtype=np.float64)
    if actions.size != 7 * count:
        raise RecordingError(f'{name}: "steps/action" should be {count} x 7 numbers, not {actions.size} in all')
    last = features.get("steps/is_last", [])
    keep = count - 1 if last and last[-1] else count  # what stands in the last step of RLDS is no action
    return Demonstration(
        name,
        [Encoded(data, f"{name}, step {i}") for i, data in enumerate(images[chosen][:keep])],
        [text.decode("utf-8", errors="replace") for text in words[:keep]],
        actions.reshape(count, 7)[:keep],
        [0] * keep,
    )
