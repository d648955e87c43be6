"""Stamps: nanoseconds of ROS (Unix) time and their message."""

from __future__ import annotations

from builtin_interfaces.msg import Time

_SECOND = 1_000_000_000


def stamp_to_message(stamp_ns: int) -> Time:
    """Convert a stamp [ns]."""
    sec, nanosec = divmod(stamp_ns, _SECOND)
    return Time(sec=sec, nanosec=nanosec)


def stamp_from_message(message: Time) -> int:
    """Inverse of :func:`stamp_to_message` [ns]."""
    return int(message.sec) * _SECOND + int(message.nanosec)
