"""JSON as it comes from other people: checked entry by entry, with the file named in every refusal."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from roboact_ros.errors import RecordingError
from roboact_train.data.pictures import read_bytes


def read_object(path: Path) -> dict[str, Any]:
    """Return the JSON object in a file.

    Raises:
        RecordingError: It is missing, cut off or something else.
    """
    return parse_object(read_bytes(path), str(path))


def parse_object(data: bytes, where: str) -> dict[str, Any]:
    """Return the JSON object in ``data``; ``where`` is named in errors.

    Raises:
        RecordingError: It is cut off or something else.
    """
    try:
        value = json.loads(data)
    except ValueError as error:
        raise RecordingError(f"{where}: damaged or cut off ({error})") from error
    if not isinstance(value, dict):
        raise RecordingError(f"{where}: a JSON object was expected, not {type(value).__name__}")
    return value


def text(value: dict[str, Any], key: str, where: str) -> str:
    """Return a string entry.

    Raises:
        RecordingError: It is missing or no string.
    """
    if not isinstance(value.get(key), str):
        raise RecordingError(f'{where}: "{key}" should be a string, not {value.get(key)!r}')
    return str(value[key])


def numbers(value: dict[str, Any], key: str, count: int, where: str) -> tuple[float, ...]:
    """Return an entry of ``count`` finite numbers.

    Raises:
        RecordingError: It is something else.
    """
    given = value.get(key)
    good = isinstance(given, list) and len(given) == count
    if not good or not all(isinstance(n, (int, float)) and math.isfinite(n) for n in given or ()):
        raise RecordingError(f'{where}: "{key}" should be {count} finite numbers, not {given!r}')
    return tuple(float(n) for n in given or ())
