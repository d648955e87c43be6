"""A simulated cell in the background, on a network of its own: for the demo and for benchmarks of the whole system."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from roboact_ros.errors import RoboactError

_LEAVE_SECONDS = 30.0


@contextmanager
def background_cell(system: str, overrides: Sequence[str], log: Path) -> Iterator[None]:
    """Run ``roboact up SYSTEM`` with a simulated robot for as long as the block lasts.

    From here on this process talks to a ROS domain of its own, so that nothing it says can move the arm of another cell
    on the same machine.

    Args:
        system: Name or file of the system.
        overrides: ``key:=value`` changes.
        log: Where the output of the cell goes; errors in the block name it.
    """
    os.environ["ROS_DOMAIN_ID"] = str(random.randint(1, 100))
    os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"
    address = f"127.0.{random.randint(1, 254)}.{random.randint(2, 254)}"
    command = [sys.executable, "-m", "roboact_ros.cli", "up", system, f"sim.address:={address}", *overrides]
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, start_new_session=True)
        try:
            yield
        except RoboactError as error:
            raise type(error)(f"{error}; the output of the cell is in {log}") from error
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(_LEAVE_SECONDS)
