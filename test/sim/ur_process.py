"""Starts simulated controllers as processes of their own, on addresses that no other test uses."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_RANDOM = random.Random(os.getpid() ^ time.monotonic_ns())


def free_address() -> str:
    """Return a random loopback address; its last number leaves room for further controllers."""
    return f"127.{_RANDOM.randint(1, 254)}.{_RANDOM.randint(1, 254)}.{_RANDOM.randint(1, 200)}"


def command(address: str, *models: str, options: tuple[str, ...] = ()) -> list[str]:
    return [sys.executable, "-m", "roboact_ros.cli", "sim", *models, "--ideal", "--address", address, *options]


@contextmanager
def controllers(
    *models: str, options: tuple[str, ...] = ("--unlock-after", "0.3")
) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Run controllers and yield the address of the first and the process."""
    address = free_address()
    process = subprocess.Popen(command(address, *models, options=options), stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("ready"), f"the simulation did not start: {line!r}"
        yield address, process
    finally:
        process.terminate()
        process.wait(timeout=10)


def eventually(condition: Callable[[], bool], seconds: float = 5.0) -> bool:
    """Wait until ``condition`` holds."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.005)  # polls a condition with a deadline
    return condition()
