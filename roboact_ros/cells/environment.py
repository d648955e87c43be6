"""Environment variables of a cell's processes."""

from __future__ import annotations

import os

from roboact_ros.cells.transport import transport_environment


def environment_defaults() -> dict[str, str]:
    """Return the variables that a cell needs and the user has not set.

    ROS traffic stays on this machine unless ``ROS_AUTOMATIC_DISCOVERY_RANGE`` says otherwise, because whoever can
    publish a correction can move the arm.
    """
    defaults = {**transport_environment(), "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST", "OMP_WAIT_POLICY": "PASSIVE"}
    return {name: value for name, value in defaults.items() if name not in os.environ}


def cell_environment() -> dict[str, str]:
    """Return the whole environment of the processes that ``roboact up`` starts."""
    return {**os.environ, **environment_defaults()}
