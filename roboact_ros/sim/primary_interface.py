"""The part of the primary interface that tells a client the calibrated kinematics of the robot.

Source: the client interface description of Universal Robots, robot state message (type 16), sub-package 5.
"""

from __future__ import annotations

import struct
import zlib

import numpy as np

from roboact_ros.sim.dh import DhArm

_HEAD = struct.Struct(">iB")
_KINEMATICS = struct.Struct(">6I24dI")
_ROBOT_STATE, _KINEMATICS_INFO = 16, 5
_CALIBRATED = 0


def kinematics_message(arm: DhArm) -> bytes:
    """Return the robot state message with the Denavit-Hartenberg table of ``arm``: theta, a, d, alpha."""
    rows = np.stack([arm.theta, arm.a, arm.d, arm.alpha])
    checksums = [zlib.crc32(rows[:, joint].astype(">f8").tobytes()) for joint in range(6)]
    body = _KINEMATICS.pack(*checksums, *rows.ravel(), _CALIBRATED)
    inner = _HEAD.pack(_HEAD.size + len(body), _KINEMATICS_INFO) + body
    return _HEAD.pack(_HEAD.size + len(inner), _ROBOT_STATE) + inner
