"""Isolation that every test gets: a ROS domain of its own, and a loopback address of its own for simulated robots."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator

import pytest

# Before any test imports rclpy: nothing may reach, or be reached by, another machine or another test run.
os.environ["ROS_DOMAIN_ID"] = str(1 + os.getpid() % 100)
os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"
# What outlives a process must not outlive the tests, nor touch what the user of this machine keeps.
_STATE = tempfile.TemporaryDirectory()
os.environ["XDG_STATE_HOME"] = _STATE.name

# A shell that runs the tests in the background ignores Ctrl-C, and what the tests start would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _no_process_is_left() -> Iterator[None]:
    """A worker that outlives its test keeps Python from ending."""
    before = set(multiprocessing.active_children())
    yield
    left = set(multiprocessing.active_children()) - before
    for process in left:
        process.kill()
    assert not left, f"left running: {left}"


@pytest.fixture
def robot_address() -> str:
    """A loopback address for one simulated controller, whose ports are fixed."""
    return _free_address()


def _free_address() -> str:
    return f"127.{random.randint(1, 254)}.{random.randint(1, 254)}.{random.randint(2, 254)}"


class Simulator:
    """A simulated controller as a process of its own, which can be killed, frozen and started again."""

    def __init__(self, address: str, model: str = "ur5e", *options: str) -> None:
        self.address = address
        self._command = [sys.executable, "-m", "roboact_ros.cli", "sim", model, "--ideal", "--address", address]
        self._command += ["--unlock-after", "0.2", *options]
        self.process: subprocess.Popen[str] | None = None
        self.start()

    def start(self) -> None:
        """Start it and wait until it serves."""
        self.process = subprocess.Popen(self._command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line.startswith("ready"), f"the simulated controller did not start: {line!r}"

    def signal(self, number: int) -> None:
        """Send a signal to it."""
        assert self.process is not None
        self.process.send_signal(number)

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()


@pytest.fixture
def start_simulator(robot_address: str) -> Iterator[Callable[..., Simulator]]:
    """Starts simulated controllers at ``robot_address`` that end with the test."""
    started: list[Simulator] = []

    def start(model: str = "ur5e", *options: str) -> Simulator:
        started.append(Simulator(robot_address, model, *options))
        return started[-1]

    yield start
    for simulator in started:
        simulator.signal(signal.SIGCONT)
        simulator.kill()


@pytest.fixture
def simulator(start_simulator: Callable[..., Simulator]) -> Simulator:
    """A simulated UR5e that is wherever it was told to be."""
    return start_simulator()


@pytest.fixture(scope="module")
def module_simulator() -> Iterator[Simulator]:
    """One simulated UR5e for all tests of a module; it stays as they leave it."""
    simulator = Simulator(_free_address())
    yield simulator
    simulator.signal(signal.SIGCONT)
    simulator.kill()
