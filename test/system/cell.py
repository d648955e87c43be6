"""A whole cell as a person runs it: ``roboact up`` in a process of its own, with somebody who talks and watches."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from roboact_ros.nodes.witness import Witness

READY_SECONDS = 60.0
MOTION_SECONDS = 40.0
LOADING_SECONDS = 120.0
"""What loading a network takes at most, on a machine that is busy and has never read the files."""


class RunningCell:
    """One cell: its processes, its log, and the person (``talk``)."""

    def __init__(self, system: str, overrides: list[str], folder: Path, **watched: Any) -> None:
        self.log = folder / "cell.log"
        self._output = self.log.open("w")
        command = [sys.executable, "-m", "roboact_ros.cli", "up", system, *overrides]
        self.process = subprocess.Popen(command, stdout=self._output, stderr=subprocess.STDOUT, start_new_session=True)
        self.talk = Witness(**watched)

    def pid(self, words: str) -> int:
        """Process id of the part of this cell whose command line contains ``words``."""
        found = [p.pid for p in self.parts() if words in " ".join(p.cmdline())]
        assert len(found) == 1, f"{len(found)} processes match {words!r}"
        return found[0]

    def kill(self, words: str) -> None:
        os.kill(self.pid(words), signal.SIGKILL)

    def parts(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def close(self) -> list[psutil.Process]:
        """Press Ctrl-C and return the processes that are left."""
        parts = self.parts()
        self.talk.__exit__(None, None, None)
        self.process.send_signal(signal.SIGINT)
        self.process.wait(30.0)
        self._output.close()
        _, alive = psutil.wait_procs(parts, timeout=5.0)
        return alive


@contextmanager
def running_cell(system: str, overrides: list[str], folder: Path, **watched: Any) -> Iterator[RunningCell]:
    """Run a cell as long as the block; ``watched`` says which cell, and its cameras, as :class:`Witness` takes it."""
    cell = RunningCell(system, overrides, folder, **watched)
    left: list[psutil.Process] = []
    try:
        cell.talk.ready(READY_SECONDS)
        yield cell
    finally:
        left = cell.close()
        if sys.exc_info()[0] is not None:
            print(cell.log.read_text())
    assert not left, f"Ctrl-C left {left}"
    assert cell.process.returncode == 0


@contextmanager
def simulated_robot(address: str) -> Iterator[subprocess.Popen[str]]:
    """A simulated UR5e on its own, as ``roboact sim`` runs it."""
    command = [sys.executable, "-m", "roboact_ros.cli", "sim", "ur5e", "--address", address]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert process.stdout is not None
    said = []
    while not said or not said[-1].startswith("ready"):
        said.append(process.stdout.readline())
        assert said[-1], said
    try:
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30.0)
