"""Makes augmented copies in cells: in simulated ones started for it, or in the one that runs."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import yaml

from roboact_ros.cells.background import background_cell
from roboact_ros.cells.description import Cell
from roboact_ros.cells.load import cell_from_mapping
from roboact_ros.errors import RecordingError
from roboact_ros.nodes.take import Take
from roboact_ros.nodes.teacher_client import WatchedTable
from roboact_ros.sim.tasks.suite import episode
from roboact_train.augment.original import Copy
from roboact_train.augment.record import record_copy


def copy_in_simulated_cell(copy: Copy, generator: np.random.Generator, folder: Path, log: Path) -> Path:
    """Start the simulated cell of the original with the same table, make the copy, and return its bag in ``folder``.

    Whether the task was done is judged by the physics, where the original is an episode of the task suite.

    Raises:
        Failed: It did not work out; nothing is saved.
        RecordingError: The original was not recorded in a simulated cell.
    """
    cell = cell_from_mapping(copy.original.cell, str(copy.original.path))
    if not cell.simulated:
        raise RecordingError(
            f"{copy.original.path} was recorded with the robot at {cell.arm.robot_ip}; start its cell, give --running"
        )
    address = f"127.2.{random.randint(1, 254)}.{random.randint(2, 254)}"
    changes = [f"sim.address:={address}", f"bags:={folder}", "record:=false", "policy.kind:=none", "viewpoint:=base"]
    with tempfile.TemporaryDirectory() as temporary:
        system = Path(temporary) / "cell.yaml"
        system.write_text(yaml.safe_dump(copy.original.cell))
        with background_cell(str(system), changes, log):
            with _take(copy, cell, cell.namespace) as take, WatchedTable(address, take) as table:
                return record_copy(copy, take, generator, _judge(cell, table))


def copy_in_running_cell(copy: Copy, generator: np.random.Generator, namespace: str, ask: Callable[[str], str]) -> Path:
    """Make the copy in the cell that runs, and return its bag.

    Args:
        copy: What to make.
        generator: Draws it.
        namespace: Namespace of the cell.
        ask: Asks the person beside the robot.

    Raises:
        Failed: It did not work out; nothing is saved.
    """
    cell = cell_from_mapping(copy.original.cell, str(copy.original.path))
    if cell.viewpoint != "base":
        raise RecordingError(f"{copy.original.path}: the words of a {cell.viewpoint}'s viewpoint cannot be said again")
    ask(f'Put everything back as it was before "{copy.original.instruction}", then press Enter: ')
    with _take(copy, cell, namespace) as take:
        return record_copy(copy, take, generator, lambda: ask("Is the task done? [Y/n] ").strip().lower() != "n")


def _take(copy: Copy, cell: Cell, namespace: str) -> Take:
    return Take(copy.original.instruction, namespace, tuple(cell.cameras))


def _judge(cell: Cell, table: WatchedTable) -> Callable[[], bool]:
    if not cell.sim.task:
        return lambda: True
    task, start = episode(cell.sim.task, cell.sim.split, cell.sim.seed).task, table.situation()
    return lambda: task.succeeded(start, table.situation())
