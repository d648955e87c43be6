"""Robotiq grippers through the socket that their URCap opens on the controller (port 63352, one line per request)."""

from __future__ import annotations

import socket
import time

from roboact_ros.errors import ArmError
from roboact_ros.types import GripperState

PORT = 63352
_CLOSED = 255
_TIMEOUT = 1.0
_ACTIVATION_TIMEOUT = 8.0
_ACTIVE = 3
_MOVING, _HOLDING_OUTSIDE, _HOLDING_INSIDE = 0, 1, 2


class RobotiqGripper:
    """See :class:`~roboact_ros.arms.gripper.Gripper`. Every call may block for up to a second.

    Args:
        address: Host name or address of the controller.
        speed: 0 … 1.
        force: 0 … 1.

    Raises:
        ArmError: The gripper does not answer or cannot be activated.
    """

    def __init__(self, address: str, speed: float = 0.5, force: float = 0.25) -> None:
        self._address = address
        self._speed, self._force = round(speed * _CLOSED), round(force * _CLOSED)
        try:
            self._socket = socket.create_connection((address, PORT), timeout=_TIMEOUT)
        except OSError as error:
            raise ArmError(
                f"no Robotiq gripper answers at {address}:{PORT} ({error.strerror or error}); "
                "check that its URCap is installed, or set gripper.kind"
            ) from error
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._get("STA") != _ACTIVE:
            self._activate()

    def move(self, opening: float) -> None:
        """See :class:`~roboact_ros.arms.gripper.Gripper`."""
        position = round((1.0 - min(1.0, max(0.0, opening))) * _CLOSED)
        self._set(f"POS {position} SPE {self._speed} FOR {self._force} GTO 1")
        # The gripper echoes the request once it has taken it; before that, "not moving" would still be the old motion.
        deadline = time.monotonic() + _TIMEOUT
        while self._get("PRE") != position or self._get("GTO") != 1:
            if time.monotonic() > deadline:
                raise ArmError(f"the gripper at {self._address} did not take the position {position}")
            time.sleep(0.01)

    def halt(self) -> None:
        """See :class:`~roboact_ros.arms.gripper.Gripper`; what is held stays held."""
        if self._get("OBJ") not in (_HOLDING_OUTSIDE, _HOLDING_INSIDE):
            self._set("GTO 0")

    def read(self) -> GripperState:
        """See :class:`~roboact_ros.arms.gripper.Gripper`."""
        position, contact = self._get("POS"), self._get("OBJ")
        return GripperState(
            opening=1.0 - position / _CLOSED,
            moving=contact == _MOVING and self._get("GTO") != 0,
            holding=contact in (_HOLDING_OUTSIDE, _HOLDING_INSIDE),
        )

    def close(self) -> None:
        """See :class:`~roboact_ros.arms.gripper.Gripper`."""
        self._socket.close()

    def _activate(self) -> None:
        self._set("ACT 0")
        self._set("ACT 1")
        deadline = time.monotonic() + _ACTIVATION_TIMEOUT
        while self._get("STA") != _ACTIVE:
            if time.monotonic() > deadline:
                fault = self._get("FLT")
                raise ArmError(f"the gripper at {self._address} did not become active; its fault code is {fault}")
            time.sleep(0.05)

    def _get(self, name: str) -> int:
        answer = self._ask(f"GET {name}")
        key, _, value = answer.partition(" ")
        if key != name or not value.strip().isdigit():
            raise ArmError(f'the gripper at {self._address} answered "{answer}" to GET {name}')
        return int(value)

    def _set(self, assignment: str) -> None:
        answer = self._ask(f"SET {assignment}")
        if answer != "ack":
            raise ArmError(f'the gripper at {self._address} answered "{answer}" to SET {assignment}; expected "ack"')

    def _ask(self, request: str) -> str:
        """Send one request and return its answer; some firmware ends answers without a newline."""
        try:
            self._socket.sendall(request.encode() + b"\n")
            answer = self._socket.recv(1024)
        except OSError as error:
            raise ArmError(f"the gripper at {self._address} does not answer: {error}") from error
        if not answer:
            raise ArmError(f"the gripper at {self._address} closed the connection")
        return answer.decode(errors="replace").strip()
