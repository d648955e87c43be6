"""Reads the factory-calibrated kinematics that a Universal Robots controller offers on its primary interface.

Source: client interface description of Universal Robots, robot state message (type 16), sub-package 5.
"""

from __future__ import annotations

import socket
import struct
import time

import numpy as np

from roboact_ros.types import FloatArray

PRIMARY_PORT = 30001

_HEAD = struct.Struct(">iB")
_KINEMATICS = struct.Struct(">6I24dI")
_ROBOT_STATE, _KINEMATICS_INFO = 16, 5
_LARGEST_MESSAGE = 1 << 16


def read_calibration(address: str, timeout: float = 2.0) -> FloatArray | None:
    """Return the (4, 6) Denavit-Hartenberg table of the robot: theta [rad], a [m], d [m], alpha [rad].

    Args:
        address: Host name or address of the controller.
        timeout: How long to wait for the controller to offer it [s].

    Returns:
        The table, or None when the controller does not offer it within ``timeout``.
    """
    deadline = time.monotonic() + timeout
    try:
        with socket.create_connection((address, PRIMARY_PORT), timeout=timeout) as connection:
            while time.monotonic() < deadline:
                size, kind = _HEAD.unpack(_receive(connection, _HEAD.size))
                if not _HEAD.size <= size <= _LARGEST_MESSAGE:
                    return None
                body = _receive(connection, size - _HEAD.size)
                table = _kinematics(body) if kind == _ROBOT_STATE else None
                if table is not None:
                    return table
    except OSError:
        return None  # not offered: a firewall, an older controller, or a secondary port in its place
    return None


def _kinematics(body: bytes) -> FloatArray | None:
    """Return the table in the body of a robot state message, if it is there."""
    at = 0
    while at + _HEAD.size <= len(body):
        size, kind = _HEAD.unpack_from(body, at)
        if kind == _KINEMATICS_INFO and size >= _HEAD.size + _KINEMATICS.size:
            numbers = _KINEMATICS.unpack_from(body, at + _HEAD.size)
            table = np.array(numbers[6:30]).reshape(4, 6)
            return table if np.isfinite(table).all() else None
        at += max(size, _HEAD.size)
    return None


def _receive(connection: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        chunk = connection.recv(count - len(data))
        if not chunk:
            raise ConnectionError("the controller closed the primary interface")
        data += chunk
    return data
