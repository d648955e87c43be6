"""The tasks that take two arms."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from roboact_ros.cells.description import Cell
from roboact_ros.errors import SimulationError, did_you_mean
from roboact_ros.robots import robot_model
from roboact_ros.sim.bases import planar_bases
from roboact_ros.sim.scene import Contents
from roboact_ros.sim.tasks.layout import Split, part_and_stream
from roboact_ros.sim.tasks.pair.hand_over import draft_hand_over
from roboact_ros.sim.tasks.pair.lift_tray import draft_lift_tray
from roboact_ros.sim.tasks.pair.open_and_place import draft_open_and_place
from roboact_ros.sim.tasks.pair.slide_tray import draft_pull_tray, draft_push_tray
from roboact_ros.sim.tasks.pair.task import PairDraft, PairTask
from roboact_ros.sim.world import World

_TASKS: Mapping[str, Callable[[Split, np.random.Generator], PairDraft]] = {
    "lift_tray": draft_lift_tray,
    "pull_tray": draft_pull_tray,
    "push_tray": draft_push_tray,
    "hand_over": draft_hand_over,
    "open_and_place": draft_open_and_place,
}
PAIR_TASKS = tuple(_TASKS)
"""Everything that can be asked of two arms."""


@dataclass(frozen=True, slots=True)
class PairEpisode:
    """One task of two arms on one table; equal names, splits and seeds give equal episodes.

    Attributes:
        name: Name of the task.
        split: Whether a policy may learn from it.
        seed: Its number.
        draft: The task and the table.
    """

    name: str
    split: Split
    seed: int
    draft: PairDraft

    @property
    def task(self) -> PairTask:
        """What is to be done."""
        return self.draft.task

    @property
    def instruction(self) -> str:
        """The words of the person."""
        return self.draft.task.instruction

    @property
    def contents(self) -> Contents:
        """What is on the table."""
        return self.draft.contents

    def world(self, cell: Cell) -> World:
        """Build its world for the arms of a cell, each at home, every object in its place."""
        arms = [cell.of_arm(name) for name in cell.arm_names]
        models, homes = [robot_model(arm.arm.model) for arm in arms], [arm.arm.home for arm in arms]
        world = World(models, 0, homes, planar_bases(cell), self.contents, arms[0].safety.table_z)
        for name, where in self.draft.places.items():
            world.place(name, (where.x, where.y), where.yaw)
        return world


def pair_episode(name: str, split: Split | str, seed: int) -> PairEpisode:
    """Return the episode number ``seed`` of a task for two arms.

    Raises:
        SimulationError: There is no such task or split, or the seed is negative.
    """
    if name not in _TASKS:
        raise SimulationError(f'no task "{name}" for two arms: {did_you_mean(name, _TASKS)}')
    part, random = part_and_stream(name, split, seed)
    return PairEpisode(name, part, seed, _TASKS[name](part, random))
