"""All checks of a cell, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from roboact_ros.cells.description import Cell
from roboact_ros.doctor.cameras import check_cameras
from roboact_ros.doctor.clocks import check_clock, check_stamps
from roboact_ros.doctor.disk import check_disk
from roboact_ros.doctor.finding import Finding
from roboact_ros.doctor.gpu import check_gpu
from roboact_ros.doctor.network import Heard, check_network
from roboact_ros.doctor.realtime import check_realtime
from roboact_ros.doctor.robot import check_robot


def examine(cell: Cell, listen: Callable[[Cell], Heard], environment: Mapping[str, str]) -> Iterator[Finding]:
    """Yield what is found, as it is found.

    Args:
        cell: The cell that is to run here.
        listen: Listens to the ROS network for a moment.
        environment: Variables that the processes of the cell would see.
    """
    yield from check_cameras(cell)
    for arm in cell.arm_names:
        yield from check_robot(cell.of_arm(arm))
    yield from check_realtime()
    heard = listen(cell)
    yield from check_network(heard, environment)
    yield from check_clock()
    yield from check_stamps(heard.ages)
    yield from check_gpu(cell)
    yield from check_disk(cell)
