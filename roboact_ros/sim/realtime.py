"""Asks the operating system to run this thread on time."""

from __future__ import annotations

import os

_PRIORITY = 10


def raise_priority() -> str:
    """Give the calling thread a low real-time priority.

    Returns:
        Empty when it was granted, otherwise one sentence for the operator.
    """
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(_PRIORITY))
    except PermissionError:
        return "no real-time priority (not permitted): the simulation may be late when the machine is busy"
    return ""
