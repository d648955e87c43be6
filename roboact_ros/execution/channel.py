"""Messages between the executor node and the servo process: JSON over a socket pair that keeps their borders."""

from __future__ import annotations

import json
import select
import socket
from collections.abc import Sequence
from typing import Any

import numpy as np

from roboact_ros.errors import MotionRefused
from roboact_ros.types import ActionChunk, Motion

Message = dict[str, Any]

LONGEST = 1 << 17
"""Longest message [bytes]; one of twice that does not fit into the socket."""


def plan_to_json(plan: Sequence[Motion]) -> list[list[object]]:
    """Convert a plan for the channel."""
    return [[motion.phrase, list(motion.action), motion.primitive] for motion in plan]


def plan_from_json(plan: list[list[object]]) -> list[Motion]:
    """Inverse of :func:`plan_to_json`."""
    return [Motion(phrase, tuple(action), primitive) for phrase, action, primitive in plan]  # type: ignore[arg-type]


def chunk_to_json(chunk: ActionChunk, stamp_ns: int) -> Message:
    """Convert a chunk for the channel; ``stamp_ns`` is when its image was exposed in monotonic time."""
    return {"axes": chunk.axes, "steps": chunk.steps.tolist(), "period": chunk.period_ns, "stamp": stamp_ns}


def chunk_from_json(chunk: Message) -> ActionChunk:
    """Inverse of :func:`chunk_to_json`.

    Raises:
        MotionRefused: It is no chunk.
    """
    return ActionChunk(tuple(chunk["axes"]), np.array(chunk["steps"], np.float64), chunk["period"], chunk["stamp"])


class Channel:
    """One end of the pair. Sending never waits: what does not fit is dropped and counted.

    Args:
        end: Connected ``AF_UNIX`` socket of type ``SOCK_SEQPACKET``.
    """

    def __init__(self, end: socket.socket) -> None:
        self._socket = end
        self._socket.setblocking(False)
        self._poll = select.poll()
        self._poll.register(self._socket, select.POLLIN)
        self.drops = 0

    @classmethod
    def pair(cls) -> tuple[Channel, socket.socket]:
        """Return one end and the socket of the other, for a child process."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        return cls(ours), theirs

    def send(self, message: Message, longest: int = LONGEST) -> bool:
        """Send a message of at most ``longest`` bytes and return whether it went out.

        Raises:
            EOFError: The other end is gone.
            MotionRefused: It is too long.
        """
        data = json.dumps(message, separators=(",", ":")).encode()
        if len(data) > longest:
            raise MotionRefused(f"that takes {len(data)} bytes to tell the servo process, allowed {longest}")
        try:
            self._socket.send(data)
        except BlockingIOError:
            self.drops += 1
            return False
        except (BrokenPipeError, ConnectionError):
            raise EOFError("the other end is gone") from None
        return True

    def receive(self, timeout: float = 0.0) -> Message | None:
        """Return the next message, or None when none came within ``timeout`` [s].

        Raises:
            EOFError: The other end is gone.
        """
        if not self._poll.poll(timeout * 1e3):
            return None
        try:
            data = self._socket.recv(LONGEST)
        except ConnectionError:
            raise EOFError("the other end is gone") from None
        if not data:
            raise EOFError("the other end is gone")
        message: Message = json.loads(data)
        return message

    def close(self) -> None:
        """Close this end; may be called twice."""
        self._socket.close()
