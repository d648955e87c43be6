"""Runs the processes of a cell without ros2 launch: starts, names their output, restarts, and leaves nothing behind."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from roboact_ros.cells.processes import NodeProcess

REFUSED = 2
"""Exit status of a node that refused its configuration; starting it again would not help."""

_RESTART_SECONDS = 1.0
_LONGEST_RESTART_SECONDS = 30.0
_STABLE_SECONDS = 20.0
_GRACE_SECONDS = 6.0
_PR_SET_PDEATHSIG = 1


@dataclass(slots=True)
class _Child:
    node: NodeProcess
    label: str
    process: subprocess.Popen[str]
    started_at: float
    delay: float = _RESTART_SECONDS / 2
    restart_at: float | None = None


class Supervisor:
    """Owns the processes of one cell.

    A process that crashes is started again after a second, later when it keeps crashing, as a robot cell must survive
    the loss of any one of them; one that refuses its configuration ends the cell.
    """

    def __init__(self, nodes: Sequence[NodeProcess], environment: Mapping[str, str]) -> None:
        """Start every process.

        Args:
            nodes: What to run, in order.
            environment: Environment variables of the processes.
        """
        self._environment = dict(environment)
        self._ready: set[str] = set()
        self._announced = False
        self._count = len(nodes)
        self._arm = next((node.namespace.strip("/") for node in nodes if node.arm), "")
        self._children = [_Child(node, _label(node), self._start(node), time.monotonic()) for node in nodes]

    def run(self) -> int:
        """Watch over the processes until SIGINT or SIGTERM, then stop them all.

        Returns:
            0 after a signal, 2 when a process refused its configuration.
        """
        interrupted = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: interrupted.set())
        status = 0
        while not interrupted.wait(0.1):
            refused = [child.label for child in self._children if self._watch(child) == REFUSED]
            if refused:
                print(f"{', '.join(refused)} refused to start; the cell is stopped", file=sys.stderr, flush=True)
                status = REFUSED
                break
        self.stop()
        return status

    def stop(self) -> None:
        """Stop every process, the simulated robot last, so that the executor still brings the arm to rest."""
        robot = [child for child in self._children if child.node.executable == "sim_node"]
        self._end([child for child in self._children if child not in robot])
        self._end(robot)

    def _end(self, children: Sequence[_Child]) -> None:
        """Interrupt ``children`` and kill those that do not leave."""
        for number, seconds in ((signal.SIGINT, _GRACE_SECONDS), (signal.SIGKILL, _GRACE_SECONDS)):
            staying = [child for child in children if child.process.poll() is None]
            for child in staying:
                if number == signal.SIGKILL:
                    print(f"{child.label} did not leave in {_GRACE_SECONDS:.0f} s and is killed", flush=True)
                os.killpg(child.process.pid, number)
            deadline = time.monotonic() + seconds
            while time.monotonic() < deadline and any(child.process.poll() is None for child in staying):
                time.sleep(0.02)

    def _watch(self, child: _Child) -> int | None:
        status = child.process.poll()
        if status is None or status == REFUSED:
            return status
        now = time.monotonic()
        if child.restart_at is None:
            self._ready.discard(child.label)
            fast = now - child.started_at < _STABLE_SECONDS
            child.delay = min(2 * child.delay, _LONGEST_RESTART_SECONDS) if fast else _RESTART_SECONDS
            child.restart_at = now + child.delay
            print(f"{child.label} ended with status {status}; starting it again", file=sys.stderr, flush=True)
        elif now >= child.restart_at:
            child.process, child.started_at, child.restart_at = self._start(child.node), now, None
        return None

    def _start(self, node: NodeProcess) -> subprocess.Popen[str]:
        command = [sys.executable, "-u", "-m", f"roboact_ros.nodes.{node.executable}", *node.arguments]
        if node.namespace:
            command += ["--ros-args", "-r", f"__ns:=/{node.namespace.strip('/')}"]
        process = subprocess.Popen(
            command,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
            preexec_fn=_die_with_parent,
        )
        threading.Thread(target=self._relay, args=(_label(node), process), daemon=True).start()
        return process

    def _relay(self, label: str, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None  # noqa: S101 - Popen was given a pipe
        for line in process.stdout:
            text = line.rstrip()
            if text == "ready":
                self._ready.add(label)
                self._announce()
            else:
                print(f"[{label}] {text}", flush=True)

    def _announce(self) -> None:
        if not self._announced and len(self._ready) == self._count:  # some are ready before the last one is started
            self._announced = True
            to = f"--namespace {self._arm} " if self._arm else ""
            print(
                f'the cell is up; talk to it with: roboact say {to}"move left a lot"   or: roboact teleop {to}',
                flush=True,
            )


def _label(node: NodeProcess) -> str:
    which = node.arguments[-1] if "--camera" in node.arguments else node.arm
    return f"{node.executable.removesuffix('_node')}{' ' + which if which else ''}"


def _die_with_parent() -> None:
    """Let the kernel end this process when its supervisor is killed: nothing may be left driving an arm."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGINT)
