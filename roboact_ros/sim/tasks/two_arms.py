"""Tasks that take two arms: lift the tray, hand over the rod."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from roboact_ros.cells.description import Cell
from roboact_ros.errors import SimulationError, did_you_mean
from roboact_ros.robots import robot_model
from roboact_ros.sim.bases import planar_bases
from roboact_ros.sim.scene import Contents, Planar, Tray
from roboact_ros.sim.tasks.layout import Split, part_and_stream
from roboact_ros.sim.tasks.skills import reached
from roboact_ros.sim.tasks.task import CLOSED, OPEN, Waypoint
from roboact_ros.sim.world import World
from roboact_ros.types import FloatArray, GripperState

LEFT, RIGHT = 0, 1
Both = tuple[Waypoint, Waypoint]

_GRIP = 0.055
"""Where a post is held: above the bottom of the board [m]."""
_LIFTED, _LEVEL = 0.08, 0.985
"""A tray is lifted when it is so much higher than it was [m], and level when its normal has so much of the vertical."""
_LIFT = 0.11
_HIGH, _AWAY = 0.05, 0.07
"""A rod has been handed over when it is so far above the table and from the gripper that gave it [m]."""
_MEETING = 0.12
"""Height above the table at which a rod is handed over [m]."""
_ROD = Tray("rod", Planar(0.50, -0.48), (0.035, 0.30, 0.012), 0.25)
_OVER_BOTH = 0.30


@dataclass(frozen=True, slots=True, eq=False)
class PairSituation:
    """One moment of a world with two arms; everything in the base frame of the left one.

    Attributes:
        tools: (2, 3) tool centre points, left and right [m].
        grippers: Measured states of the grippers.
        poses: (4, 4) pose of every object [m].
        table_z: Height of the table top [m].
    """

    tools: FloatArray
    grippers: tuple[GripperState, GripperState]
    poses: Mapping[str, FloatArray]
    table_z: float

    def posts(self, tray: Tray) -> FloatArray:
        """Return (2, 3) where its posts are held, left and right [m]."""
        ends = np.array([[0.0, side * tray.posts / 2, _GRIP, 1.0] for side in (1, -1)])
        held: FloatArray = (ends @ self.poses[tray.name].T)[:, :3]
        return held

    def holds(self, arm: int, point: FloatArray) -> bool:
        """Whether a gripper holds what is at ``point``, (3,) [m]."""
        return self.grippers[arm].holding and float(np.linalg.norm(self.tools[arm] - point)) < 0.035


def observe_pair(world: World) -> PairSituation:
    """Return the present situation of a world with two arms.

    Raises:
        SimulationError: It has another number of arms.
    """
    if len(world.arms) != 2:
        raise SimulationError(f"a task for two arms needs two, not {len(world.arms)}")
    left, right = world.arms
    return PairSituation(
        tools=np.array([arm.pose_tool_in_world[:3, 3] for arm in world.arms]),
        grippers=(left.read().gripper, right.read().gripper),
        poses={name: world.pose_object_in_base(name) for name in world.objects},
        table_z=world.scene.table_z,
    )


class PairTask(Protocol):
    """One thing that two arms do; immutable, decided by the situation alone."""

    @property
    def instruction(self) -> str:
        """The words of the person."""
        ...

    def succeeded(self, start: PairSituation, now: PairSituation) -> bool:
        """Whether it is done, given the situations at the start of the episode and now."""
        ...

    def next_waypoints(self, start: PairSituation, now: PairSituation) -> Both | None:
        """Return where to take both tools now; None when nothing can be done."""
        ...


@dataclass(frozen=True, slots=True)
class LiftTray:
    """Lift a tray by its two posts, level."""

    tray: Tray

    @property
    def instruction(self) -> str:
        """See :class:`PairTask`."""
        return f"lift the {self.tray.name}"

    def succeeded(self, start: PairSituation, now: PairSituation) -> bool:
        """Both hold it, it is 8 cm higher than it was, and level to within 10 degrees."""
        pose, posts = now.poses[self.tray.name], now.posts(self.tray)
        higher = float(pose[2, 3] - start.poses[self.tray.name][2, 3])
        return higher > _LIFTED and float(pose[2, 2]) > _LEVEL and all(now.holds(arm, posts[arm]) for arm in (0, 1))

    def next_waypoints(self, start: PairSituation, now: PairSituation) -> Both | None:
        """See :class:`PairTask`."""
        posts = now.posts(self.tray)
        if all(now.holds(arm, posts[arm]) for arm in (LEFT, RIGHT)):
            higher = now.poses[self.tray.name][2, 3] - start.poses[self.tray.name][2, 3]
            up = np.array([0.0, 0.0, _LIFT - higher])
            return Waypoint(now.tools[0] + up, CLOSED, True), Waypoint(now.tools[1] + up, CLOSED, True)
        # Neither closes before both are there, or one would pull the tray away from the other.
        there = all(now.holds(arm, posts[arm]) or reached(now.tools[arm], posts[arm]) for arm in (LEFT, RIGHT))
        return Waypoint(posts[0], CLOSED if there else OPEN), Waypoint(posts[1], CLOSED if there else OPEN)


@dataclass(frozen=True, slots=True)
class HandOver:
    """Take a rod with the right arm and give it to the left one."""

    rod: Tray

    @property
    def instruction(self) -> str:
        """See :class:`PairTask`."""
        return f"hand over the {self.rod.name}"

    def succeeded(self, start: PairSituation, now: PairSituation) -> bool:
        """The left arm alone holds it, above the table."""
        left, right = now.posts(self.rod)
        high = float(now.poses[self.rod.name][2, 3]) > now.table_z + _HIGH
        given = now.grippers[RIGHT].opening > 0.8 and float(np.linalg.norm(now.tools[RIGHT] - right)) > _AWAY
        return high and given and now.holds(LEFT, left)

    def next_waypoints(self, start: PairSituation, now: PairSituation) -> Both | None:
        """See :class:`PairTask`."""
        left, right = now.posts(self.rod)
        stay = Waypoint(now.tools[LEFT], OPEN, True)
        if now.holds(LEFT, left):
            away = np.array([0.0, 0.0, 1.5 * _AWAY])
            return Waypoint(now.tools[LEFT], CLOSED, True), Waypoint(right + away, OPEN, True)
        if not now.holds(RIGHT, right):
            return stay, Waypoint(right, CLOSED if reached(now.tools[RIGHT], right) else OPEN)
        x, y, z = now.poses[self.rod.name][:3, 3]
        up = np.array([0.0, 0.0, now.table_z + _MEETING - z])
        if up[2] > 0.02:
            return stay, Waypoint(now.tools[RIGHT] + up, CLOSED, True)
        hold = Waypoint(now.tools[RIGHT], CLOSED, True)
        return Waypoint(left, CLOSED if reached(now.tools[LEFT], left) else OPEN, cruise=_OVER_BOTH), hold


@dataclass(frozen=True, slots=True)
class PairEpisode:
    """One task of two arms on one table; equal names, splits and seeds give equal episodes.

    Attributes:
        name: Name of the task.
        split: Whether a policy may learn from it.
        seed: Its number.
        task: What is to be done.
        contents: What is on the table.
    """

    name: str
    split: Split
    seed: int
    task: PairTask
    contents: Contents

    def world(self, cell: Cell) -> World:
        """Build its world for the arms of a cell, each at home."""
        arms = [cell.of_arm(name) for name in cell.arm_names]
        models, homes = [robot_model(arm.arm.model) for arm in arms], [arm.arm.home for arm in arms]
        table_z = arms[0].safety.table_z
        return World(models, 0, homes, planar_bases(cell), self.contents, table_z)


def _moved(tray: Tray, split: Split, random: np.random.Generator) -> Tray:
    """Return the tray somewhere else: along x up to 2 cm if seen, 3 to 5 cm if not, along y up to 2 cm."""
    low, high = (0.0, 0.02) if split is Split.TRAIN else (0.03, 0.05)
    x = float(random.uniform(low, high)) * (1 if random.random() < 0.5 else -1)
    place = Planar(tray.place.x + x, tray.place.y + float(random.uniform(-0.02, 0.02)))
    return Tray(tray.name, place, tray.size, tray.posts, tray.reach)


_TASKS: Mapping[str, tuple[Tray, Callable[[Tray], PairTask]]] = {
    "lift_tray": (Tray(), LiftTray),
    "hand_over": (_ROD, HandOver),
}
PAIR_TASKS = tuple(_TASKS)
"""Everything that can be asked of two arms."""


def pair_episode(name: str, split: Split | str, seed: int) -> PairEpisode:
    """Return the episode number ``seed`` of a task for two arms.

    Raises:
        SimulationError: There is no such task or split, or the seed is negative.
    """
    if name not in _TASKS:
        raise SimulationError(f'no task "{name}" for two arms: {did_you_mean(name, _TASKS)}')
    part, random = part_and_stream(name, split, seed)
    tray, task = _TASKS[name]
    tray = _moved(tray, part, random)
    return PairEpisode(name, part, seed, task(tray), Contents((), (), (), (), (), (tray,)))
