"""Clocks: whether this machine's is set, and whether what the cell sends is stamped with the same time."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Mapping

from roboact_ros.doctor.finding import Finding, ok, warn

LARGEST_AGE = 0.5
"""Age of a message on arrival above which its stamp is not believed [s]."""
_FUTURE = -0.01
_UNSYNCHRONISED = 0x40  # STA_UNSYNC
_ERROR = 5  # TIME_ERROR


class _Timex(ctypes.Structure):
    """The first fields of ``struct timex``; the rest is room that the kernel may write to."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_byte * 512),
    )


def check_clock() -> Iterator[Finding]:
    """Ask the kernel whether somebody keeps the clock."""
    state = _Timex()
    result = ctypes.CDLL(None).adjtimex(ctypes.byref(state))
    if result in (-1, _ERROR) or state.status & _UNSYNCHRONISED:
        advice = "apt install chrony (or: timedatectl set-ntp true), on every machine of the cell"
        yield warn("clock", "nobody keeps the clock of this machine; stamps of other machines may not fit", advice)
    else:
        yield ok("clock", f"synchronised, within {state.maxerror / 1000:.0f} ms")


def check_stamps(ages: Mapping[str, float]) -> Iterator[Finding]:
    """Judge the offsets of a running cell: shortest time from stamp to arrival [s] by topic."""
    for topic, age in ages.items():
        if _FUTURE <= age <= LARGEST_AGE:
            yield ok("clock offset", f"{topic} arrives {age * 1000:.0f} ms after its stamp")
        else:
            found = f"{topic} arrives {age:.3f} s after its stamp"
            advice = "synchronise the clocks of the two machines (chrony); on one machine, it is overloaded"
            yield warn("clock offset", found, advice)
