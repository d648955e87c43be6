"""MessagePack with NumPy arrays, as policy servers speak it; what comes in is data and never code."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np

from roboact_ros.errors import PolicyError

_ARRAY, _SCALAR, _DATA, _TYPE, _SHAPE = b"__ndarray__", b"__npgeneric__", b"data", b"dtype", b"shape"
_PLAIN = re.compile(r"[<>|=]?[biufSU]\d+")
"""Types of arrays that are nothing but numbers or text."""

_NUMBER = (bool, int, float)
_ITEMS: dict[str, tuple[type, ...]] = {**dict.fromkeys("biuf", _NUMBER), "S": (bytes,), "U": (str,)}
"""What a scalar is made of, by the kind of its type."""


def pack(value: Any) -> bytes:
    """Return ``value``, made of dictionaries, lists, text, numbers and arrays, as bytes.

    Raises:
        PolicyError: There is something else in it.
    """
    import msgpack

    try:
        packed: bytes = msgpack.packb(value, default=_described)
    except (TypeError, ValueError, OverflowError) as error:
        raise PolicyError(f"a request cannot be sent: {error}") from error
    return packed


def unpack(data: bytes) -> Any:
    """Return what :func:`pack` made ``data`` of; arrays are read-only, and tuples have become lists.

    Raises:
        PolicyError: It is something else.
    """
    import msgpack

    try:
        return msgpack.unpackb(data, object_hook=_restored)
    except (msgpack.UnpackException, ValueError, TypeError, OverflowError) as error:
        raise PolicyError(f"a message of {len(data)} bytes is no MessagePack: {error}") from error


def _described(value: Any) -> dict[bytes, Any]:
    if not isinstance(value, (np.ndarray, np.generic)):
        raise TypeError(f"{type(value).__name__} is neither a number nor an array")
    kind = value.dtype.str
    if not _PLAIN.fullmatch(kind):
        raise TypeError(f"arrays of the type {kind} are not sent")
    if isinstance(value, np.generic):
        return {_SCALAR: True, _DATA: value.item(), _TYPE: kind}
    return {_ARRAY: True, _DATA: value.tobytes(), _TYPE: kind, _SHAPE: value.shape}


def _restored(found: dict[Any, Any]) -> Any:
    if _ARRAY not in found and _SCALAR not in found:
        return found
    kind = found.get(_TYPE)
    if not isinstance(kind, str) or not _PLAIN.fullmatch(kind):
        raise PolicyError(f"an array of the type {kind!r} is refused")
    shape, data = found.get(_SHAPE), found.get(_DATA)
    if _SCALAR in found:
        if not isinstance(data, _ITEMS[np.dtype(kind).kind]):  # a number as text is how much room NumPy makes for it
            raise PolicyError(f"a scalar of the type {kind} does not come as {type(data).__name__}")
        return np.dtype(kind).type(data)
    sizes = isinstance(shape, list) and all(isinstance(size, int) and size >= 0 for size in shape)
    if not sizes or not isinstance(data, bytes) or math.prod(shape or ()) * np.dtype(kind).itemsize != len(data):
        raise PolicyError(f"an array of the shape {shape} and type {kind} is cut off")
    return np.frombuffer(data, np.dtype(kind)).reshape(shape or ())
