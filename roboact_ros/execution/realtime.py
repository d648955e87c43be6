"""What keeps a Python loop punctual: scheduling class, locked memory, a quiet collector, sleeps to an absolute time."""

from __future__ import annotations

import ctypes
import gc
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

_PR_SET_TIMERSLACK, _PR_GET_TIMERSLACK = 29, 30
_MCL_CURRENT_AND_FUTURE = 3
_NANOSECONDS = 1_000_000_000


def prepare_process(priority: int = 20, timer_slack_ns: int = 1) -> str:
    """Prepare the calling thread (and the threads it starts later) for a control loop.

    Args:
        priority: Of the real-time scheduling class, 1 … 99.
        timer_slack_ns: How late the kernel may wake the thread to save power [ns].

    Returns:
        One line for the operator: what was granted and what the system refused.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    granted, refused = [], []
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(priority))
        granted.append(f"SCHED_FIFO {priority}")
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


@contextmanager
def lazy_threads(slack_ns: int = 1_000_000) -> Iterator[None]:
    """Let threads that a library starts inside wake up to ``slack_ns`` late, at normal priority.

    Such threads poll their sockets ten thousand times a second otherwise, which is most of the load of a process that
    streams to a robot. Threads inherit class and slack from the one that starts them.
    """
    libc = ctypes.CDLL(None)
    policy, parameters = os.sched_getscheduler(0), os.sched_getparam(0)
    slack = libc.prctl(_PR_GET_TIMERSLACK, 0, 0, 0, 0)
    os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    libc.prctl(_PR_SET_TIMERSLACK, slack_ns, 0, 0, 0)
    try:
        yield
    finally:
        libc.prctl(_PR_SET_TIMERSLACK, slack, 0, 0, 0)
        os.sched_setscheduler(0, policy, parameters)


def silence_collector() -> None:
    """Stop garbage collection: call when everything long-lived exists; the loop makes no reference cycles."""
    gc.collect()
    gc.freeze()
    gc.disable()


BIN_NS = 10_000
"""Width of one bin of the lateness histogram."""

LATE_NS = 1_000_000
"""A cycle that begins this much after its time counts as late."""

_BINS = 2000


class Lateness:
    """Counts how late the cycles of a loop begin.

    Attributes:
        cycles: Cycles so far.
        late: Those more than ``LATE_NS`` late.
        missed: Cycles that were left out because an earlier one was still being served.
        latest_ns: The largest lateness [ns].
        histogram: Cycles by lateness in bins of ``BIN_NS``; the last bin holds all that were later.
    """

    def __init__(self) -> None:
        self.cycles = self.late = self.missed = self.latest_ns = 0
        self.histogram = [0] * _BINS

    def note(self, lateness_ns: int, missed: int) -> None:
        """Count one cycle and those missed before the next one."""
        self.cycles += 1
        self.missed += missed
        self.late += lateness_ns > LATE_NS
        self.histogram[min(max(0, lateness_ns) // BIN_NS, _BINS - 1)] += 1
        self.latest_ns = max(self.latest_ns, lateness_ns)


class Ticker:
    """Wakes at multiples of a period on the monotonic clock.

    Attributes:
        lateness: How late it was.
    """

    def __init__(self, period_ns: int) -> None:
        self._period = period_ns
        self._due = time.monotonic_ns() + period_ns
        self.lateness = Lateness()

    def wait(self) -> None:
        """Sleep until the next tick; ticks that passed meanwhile are left out."""
        pause = self._due - time.monotonic_ns()
        if pause > 0:
            time.sleep(pause / _NANOSECONDS)
        lateness = time.monotonic_ns() - self._due
        missed = max(0, lateness) // self._period
        self.lateness.note(lateness, missed)
        self._due += (missed + 1) * self._period
