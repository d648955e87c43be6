"""The scripted teacher at a running simulated cell: it speaks as a person does, so its episodes are ordinary bags."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from roboact_ros.errors import SimulationError
from roboact_ros.nodes.take import Take
from roboact_ros.sim.tasks.situation import Situation, from_report
from roboact_ros.sim.tasks.suite import MOST_MOTIONS, Episode
from roboact_ros.sim.teacher import Teacher
from roboact_ros.sim.world_client import WorldClient

_SAME_PLACE = 0.01
"""Where an object was put and where it lies differ by less [m]."""


def teach_cell(episode: Episode, address: str, tell: Callable[[str], None], namespace: str = "") -> Path:
    """Let the teacher do the episode that is on the table of a running cell, and return the bag.

    Args:
        episode: The episode; it must not have begun.
        address: Address of the simulated controller.
        tell: Gets every phrase.
        namespace: Namespace of the cell.

    Raises:
        RoboactError: The cell holds another episode, refused a motion, or the task was not done; nothing is saved then.
    """
    with Take(episode.instruction, namespace) as take, WatchedTable(address, take) as table:
        start = now = table.situation()
        if not _laid(episode, start):
            raise SimulationError(
                f"the table at {address} is not laid for this episode; start the cell anew with "
                f"sim.task:={episode.name} sim.split:={episode.split.value} sim.seed:={episode.seed}"
            )
        teacher = Teacher(episode.task, start)
        for _ in range(MOST_MOTIONS):
            motion = teacher.next_motion(now)
            if motion is None:
                break
            tell(motion.phrase)
            refused = take.do(motion.phrase)
            if refused:
                raise SimulationError(f"{episode.name} {episode.seed}: {refused}")
            now = table.situation()
        if not episode.task.succeeded(start, now):
            raise SimulationError(f"{episode.name} {episode.seed}: the teacher did not get it done")
        return take.save()


def _laid(episode: Episode, now: Situation) -> bool:
    """Whether the table is as the episode begins."""
    places = episode.draft.places
    return places.keys() <= now.poses.keys() and all(
        np.abs(now.position(name)[:2] - (where.x, where.y)).max() < _SAME_PLACE for name, where in places.items()
    )


class WatchedTable:
    """The true state of a simulated table over the network; use it in a ``with`` block.

    Attributes:
        client: The connection to the world.

    Args:
        address: Address of the simulated controller.
        take: Who knows the arm.
    """

    def __init__(self, address: str, take: Take) -> None:
        self.client = WorldClient(address)
        self._take = take

    def situation(self) -> Situation:
        """Return the present situation.

        Raises:
            SimulationError: The world is gone.
        """
        report = self.client.ask(do="objects")["objects"]
        return from_report(report, self._take.position, self._take.gripper, self.client.scene.table_z)

    def __enter__(self) -> WatchedTable:
        return self

    def __exit__(self, *_: object) -> None:
        """Disconnect."""
        self.client.close()
