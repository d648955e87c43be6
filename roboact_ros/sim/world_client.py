"""Watches a simulated world from another process."""

from __future__ import annotations

import json
import select
import socket
import time
from typing import Any

from roboact_ros.errors import SimulationError
from roboact_ros.sim.scene import Scene
from roboact_ros.sim.world_protocol import ANSWER, HEADER, LONGEST, PORT, STATE, parse_line, parse_state
from roboact_ros.types import FloatArray


class WorldClient:
    """A blocking connection to one world.

    Attributes:
        scene: What the world is built from.
    """

    def __init__(self, address: str, port: int = PORT, timeout: float = 3.0) -> None:
        """Connect.

        Args:
            address: Where the world is shown.
            port: Its port there.
            timeout: Longest silence that is waited for [s].

        Raises:
            SimulationError: Nobody answers there.
        """
        self._where = f"{address}:{port}"
        self._timeout = timeout
        self._buffer = b""
        self._newest: tuple[float, FloatArray] | None = None
        try:
            self._socket = socket.create_connection((address, port), timeout)
        except OSError as error:
            raise SimulationError(f"no simulated world at {self._where}: {error}") from error
        try:
            self.scene = Scene.from_mapping(parse_line(self._read_line()).get("scene", {}))
        except SimulationError:
            self.close()
            raise

    def state(self) -> tuple[float, FloatArray]:
        """Return the newest state, waiting for one that was not returned before.

        Returns:
            Simulated time [s] and the (nq,) generalised positions.

        Raises:
            SimulationError: The world is gone.
        """
        deadline = time.monotonic() + self._timeout
        while self._newest is None or self._more_waiting():
            self._frame(deadline)
        newest, self._newest = self._newest, None
        return newest

    def ask(self, **command: Any) -> dict[str, Any]:
        """Send a command such as ``ask(do="reset", seed=3)`` and return the answer.

        Raises:
            SimulationError: The world refuses or is gone.
        """
        deadline = time.monotonic() + self._timeout
        try:
            self._socket.sendall(json.dumps(command).encode() + b"\n")
        except OSError as error:
            raise SimulationError(f"the simulated world at {self._where} is gone: {error}") from error
        answer = None
        while answer is None:
            answer = self._frame(deadline)
        if "error" in answer:
            raise SimulationError(str(answer["error"]))
        # What was sent before the command took effect is no longer the newest.
        self._newest = None
        return answer

    def close(self) -> None:
        """Disconnect; may be called twice."""
        self._socket.close()

    def _frame(self, deadline: float) -> dict[str, Any] | None:
        """Read one frame: keep a state, return an answer."""
        kind, length = HEADER.unpack(self._take(HEADER.size, deadline))
        if kind not in (STATE, ANSWER) or length > LONGEST:
            raise SimulationError(f"the server at {self._where} does not speak as a simulated world does")
        body = self._take(length, deadline)
        if kind == ANSWER:
            return parse_line(body)
        self._newest = parse_state(body)
        return None

    def _more_waiting(self) -> bool:
        return bool(self._buffer) or bool(select.select([self._socket], [], [], 0.0)[0])

    def _take(self, count: int, deadline: float) -> bytes:
        while len(self._buffer) < count:
            self._buffer += self._receive(deadline)
        taken, self._buffer = self._buffer[:count], self._buffer[count:]
        return taken

    def _read_line(self) -> bytes:
        deadline = time.monotonic() + self._timeout
        while b"\n" not in self._buffer and len(self._buffer) < LONGEST:
            self._buffer += self._receive(deadline)
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line

    def _receive(self, deadline: float) -> bytes:
        self._socket.settimeout(max(deadline - time.monotonic(), 1e-3))
        try:
            received = self._socket.recv(65536)
        except OSError as error:
            raise SimulationError(f"the simulated world at {self._where} is silent: {error}") from error
        if not received:
            raise SimulationError(f"the simulated world at {self._where} has closed the connection")
        return received
