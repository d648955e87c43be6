"""What keeps a Python loop punctual: scheduling class, locked memory, a quiet collector, sleeps to an absolute time."""

from __future__ import annotations

import ctypes
import gc
import os
import sys
import time

_PR_SET_TIMERSLACK = 29
_MCL_CURRENT_AND_FUTURE = 3
_SCHED_FIFO_PRIORITY = 20
_NANOSECONDS = 1_000_000_000


def prepare_process(timer_slack_ns: int = 1) -> str:
    """Prepare the calling thread (and the threads it starts later) for a control loop.

    Returns:
        One line for the operator: what was granted and what the system refused.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    granted, refused = [], []
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(_SCHED_FIFO_PRIORITY))
        granted.append(f"SCHED_FIFO {_SCHED_FIFO_PRIORITY}")
    except PermissionError:
        refused.append("SCHED_FIFO (needs rtprio in limits.conf or CAP_SYS_NICE)")
    if libc.mlockall(_MCL_CURRENT_AND_FUTURE) == 0:
        granted.append("memory locked")
    else:
        refused.append(f"mlockall ({os.strerror(ctypes.get_errno())})")
    if libc.prctl(_PR_SET_TIMERSLACK, timer_slack_ns, 0, 0, 0) != 0:
        refused.append(f"timer slack ({os.strerror(ctypes.get_errno())})")
    # A helper thread that computes must hand the interpreter back within a fraction of a control period.
    sys.setswitchinterval(0.0002)
    line = ", ".join(granted) or "normal priority"
    return f"{line}; not permitted: {', '.join(refused)}" if refused else line


def silence_collector() -> None:
    """Stop garbage collection: call when everything long-lived exists; the loop makes no reference cycles."""
    gc.collect()
    gc.freeze()
    gc.disable()


class Ticker:
    """Wakes at multiples of a period on the monotonic clock, and counts how late it was."""

    def __init__(self, period_ns: int) -> None:
        self._period = period_ns
        self._due = time.monotonic_ns() + period_ns
        self.cycles = 0
        self.late = 0
        self.missed = 0

    def wait(self) -> int:
        """Sleep until the next tick and return how late it came [ns]; ticks that passed meanwhile are dropped."""
        pause = self._due - time.monotonic_ns()
        if pause > 0:
            time.sleep(pause / _NANOSECONDS)
        lateness = time.monotonic_ns() - self._due
        passed = max(0, lateness) // self._period
        self.cycles += 1
        self.missed += passed
        self.late += lateness > 1_000_000
        self._due += (passed + 1) * self._period
        return lateness

    def forgive(self) -> None:
        """Start afresh from now, without counting the time spent on something that is not control."""
        self._due = time.monotonic_ns() + self._period
