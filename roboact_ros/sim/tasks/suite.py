"""The tasks by name, and their episodes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from roboact_ros.errors import SimulationError, did_you_mean
from roboact_ros.robots import RobotModel
from roboact_ros.sim.scene import HOME
from roboact_ros.sim.tasks import furniture, knock, pick, place, point, push, put_in
from roboact_ros.sim.tasks.layout import Draft, Draw, Split, part_and_stream
from roboact_ros.sim.tasks.task import Task
from roboact_ros.sim.world import World

TASKS: Mapping[str, Callable[[Draw], Draft]] = {
    "point_at": point.draft,
    "push": push.draft_push,
    "pull": push.draft_pull,
    "knock_over": knock.draft,
    "pick_block": pick.draft_block,
    "pick_can": pick.draft_can,
    "put_beside": place.draft_beside,
    "stack": place.draft_stack,
    "put_in_bowl": put_in.draft_bowl,
    "put_in_box": put_in.draft_box,
    "open_drawer": furniture.draft_drawer,
    "close_lid": furniture.draft_lid,
}
"""Everything that can be asked for."""

MOST_MOTIONS = 60
"""An episode that is not done after this many motions has failed."""


@dataclass(frozen=True, slots=True)
class Episode:
    """One task on one table; equal names, splits and seeds give equal episodes.

    Attributes:
        name: Name of the task in the suite.
        split: Whether a policy may learn from it.
        seed: Its number.
        draft: The task and the table.
    """

    name: str
    split: Split
    seed: int
    draft: Draft

    @property
    def task(self) -> Task:
        """What is to be done."""
        return self.draft.task

    @property
    def instruction(self) -> str:
        """The words of the person."""
        return self.draft.task.instruction

    def world(self, model: RobotModel, home: tuple[float, ...] = HOME, table_z: float | None = None) -> World:
        """Build its world: the arm at ``home`` [rad], every object in its place.

        Args:
            model: Kinematics of the arm.
            home: Where it starts.
            table_z: Height of the table top in the base [m]; see :class:`~roboact_ros.sim.world.World`.
        """
        world = World([model], seed=0, home=[home], contents=self.draft.contents, table_z=table_z)
        for name, where in self.draft.places.items():
            world.place(name, (where.x, where.y), where.yaw)
        return world


def episode(name: str, split: Split | str, seed: int) -> Episode:
    """Return the episode number ``seed`` of a task.

    Raises:
        SimulationError: There is no such task or split, or the seed is negative.
    """
    if name not in TASKS:
        raise SimulationError(f'no task "{name}": {did_you_mean(name, TASKS)}')
    part, random = part_and_stream(name, split, seed)
    return Episode(name, part, seed, TASKS[name](Draw(part, random)))
