"""Modes of a UR controller with the numbers of the RTDE guide."""

from __future__ import annotations

import enum


class RobotMode(enum.IntEnum):
    """What the arm's power and brakes do."""

    POWER_OFF = 3
    POWER_ON = 4
    IDLE = 5
    RUNNING = 7


class SafetyMode(enum.IntEnum):
    """What the safety system allows."""

    NORMAL = 1
    PROTECTIVE_STOP = 3
    ROBOT_EMERGENCY_STOP = 7


class RuntimeState(enum.IntEnum):
    """What the program does."""

    STOPPED = 1
    PLAYING = 2


JOINT_MODE = {RobotMode.POWER_OFF: 239, RobotMode.POWER_ON: 246, RobotMode.IDLE: 255, RobotMode.RUNNING: 253}
"""Joint mode that goes with every robot mode: power off, motor initialisation, idle, running."""

SAFETY_BITS = {
    SafetyMode.NORMAL: 1 << 0,
    SafetyMode.PROTECTIVE_STOP: 1 << 2 | 1 << 10,
    SafetyMode.ROBOT_EMERGENCY_STOP: 1 << 6 | 1 << 7 | 1 << 10,
}
"""``safety_status_bits``: bit 0 normal, 2 protective stop, 6 robot emergency stop, 7 any, 10 stopped for safety."""
