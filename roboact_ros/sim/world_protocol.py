"""What goes over the wire between a world and those who watch it.

The world greets with one JSON line (:meth:`World.describe` under ``scene``). Then come frames: one byte ``S`` (state)
or ``J`` (JSON answer), the length of the body as a 4-byte big-endian number, the body. A state is float64
little-endian: simulated time [s], then the generalised positions. Watchers send JSON lines such as
``{"do": "reset", "seed": 3}``.
"""

from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np

from roboact_ros.errors import SimulationError
from roboact_ros.types import FloatArray

PORT = 30100
STATE, ANSWER = b"S", b"J"
HEADER = struct.Struct("!cI")
LONGEST = 1 << 20
"""No line or frame is longer [bytes]."""


def state_frame(time: float, qpos: FloatArray) -> bytes:
    """Pack a state."""
    body = np.concatenate(([time], qpos)).astype("<f8").tobytes()
    return HEADER.pack(STATE, len(body)) + body


def answer_frame(answer: dict[str, Any]) -> bytes:
    """Pack an answer."""
    body = json.dumps(answer).encode()
    return HEADER.pack(ANSWER, len(body)) + body


def parse_state(body: bytes) -> tuple[float, FloatArray]:
    """Unpack the body of a state: simulated time [s] and the (nq,) generalised positions.

    Raises:
        SimulationError: The body is not a state.
    """
    if not body or len(body) % 8:
        raise SimulationError(f"a state of {len(body)} bytes is not a list of numbers")
    values = np.frombuffer(body, dtype="<f8").astype(np.float64)
    return float(values[0]), values[1:]


def parse_line(line: bytes) -> dict[str, Any]:
    """Unpack a JSON line.

    Raises:
        SimulationError: It is not a JSON object.
    """
    try:
        content = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise SimulationError(f"not a JSON line: {error}") from None
    if not isinstance(content, dict):
        raise SimulationError(f"not a JSON object: {content!r:.80}")
    return content
