"""What both sides of the loop benchmark share: their command line, their motions and their report."""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from roboact_ros.cells.description import Cell
from roboact_ros.cells.load import load_cell
from roboact_ros.language.vocabulary import primitive
from roboact_ros.types import Motion

MOTIONS = tuple(
    primitive(f"move the arm to the {side} by ten centimeters") for side in ("left", "right", "right", "left")
)
"""What the arm does again and again."""

_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Side:
    """The command line: the cell, the time before and the time of the measurement [s]."""

    cell: Cell
    settle: float
    seconds: float


def parse_side() -> Side:
    """Read the command line."""
    system, settle, seconds = sys.argv[1:4]
    return Side(load_cell(system), float(settle), float(seconds))


def motion(number: int) -> Motion:
    """Return the motion that follows ``number`` others."""
    return MOTIONS[number % len(MOTIONS)]


def cpu_seconds(*pids: int) -> float:
    """Return the CPU time that processes have used [s]."""
    total = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / _TICKS


class Stopwatch:
    """CPU and wall time of processes since it was made."""

    def __init__(self, *pids: int) -> None:
        self._pids = pids
        self._cpu, self._wall = cpu_seconds(*pids), time.monotonic()

    def report(self, lateness: dict[str, Any], motions: int, realtime: str) -> None:
        """Print the counts as one JSON line."""
        cpu, wall = cpu_seconds(*self._pids) - self._cpu, time.monotonic() - self._wall
        print(json.dumps({**lateness, "cpu_s": cpu, "wall_s": wall, "motions": motions, "realtime": realtime}))
