"""Real time: whether the control loop may go first."""

from __future__ import annotations

import os
import resource
import threading
from collections.abc import Iterator
from pathlib import Path

from roboact_ros.doctor.finding import Finding, ok, warn

PRIORITY = 20
"""What the servo process asks for."""
_LIMITS = "/etc/security/limits.d/roboact.conf"
_CPU = Path("/sys/devices/system/cpu")


def check_realtime() -> Iterator[Finding]:
    """Try what the servo process will do, and look at what else delays it."""
    user = os.environ.get("USER") or str(os.getuid())
    if _may_go_first():
        yield ok("realtime priority", f"SCHED_FIFO {PRIORITY} is granted")
    else:
        advice = f'echo "{user} - rtprio 99" | sudo tee -a {_LIMITS}, then log in again'
        yield warn("realtime priority", "not permitted: the loop may be late when the machine is busy", advice)
    soft, _ = resource.getrlimit(resource.RLIMIT_MEMLOCK)
    if soft == resource.RLIM_INFINITY or soft >= 1 << 30 or os.geteuid() == 0:
        yield ok("locked memory", "permitted")
    else:
        advice = f'echo "{user} - memlock unlimited" | sudo tee -a {_LIMITS}, then log in again'
        yield warn("locked memory", f"only {soft // 1024} KiB may be locked", advice)
    governors = {file.read_text().strip() for file in _CPU.glob("cpu[0-9]*/cpufreq/scaling_governor")}
    if governors & {"powersave", "conservative", "ondemand"}:
        found = f"the processors save power ({', '.join(sorted(governors))})"
        yield warn("processor", found, "sudo cpupower frequency-set -g performance")
    cores, load = len(os.sched_getaffinity(0)), os.getloadavg()[0]
    if cores < 4 or load > cores:
        advice = "end what else runs; a cell with a policy wants four cores"
        yield warn("processor", f"{cores} cores, and {load:.1f} processes want one right now", advice)
    else:
        yield ok("processor", f"{cores} cores, load {load:.1f}")


def _may_go_first() -> bool:
    """Try it in a thread, which is what the scheduling class belongs to."""
    granted: list[bool] = []

    def attempt() -> None:
        try:
            os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(PRIORITY))
        except PermissionError:
            granted.append(False)
        else:
            os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
            granted.append(True)

    thread = threading.Thread(target=attempt)
    thread.start()
    thread.join()
    return granted == [True]
