"""A patient person beside a policy: lets it find its own way, and steps in where it goes wrong."""

from __future__ import annotations

import numpy as np

from roboact_ros.sim.teacher import Teacher
from roboact_ros.types import Motion
from roboact_train.data.samples import DONE
from roboact_train.table import Table

DEEPER = 0.01
"""Going this much farther down than the teacher cannot be waited for [m]."""


class Helper:
    """Replaces at most ``most`` motions of a policy in one episode by those of the teacher.

    Four things are replaced at once, since they may spoil the episode: a command to the gripper that the teacher does
    not give, a turn of the tool, a motion that leads more than ``DEEPER`` farther down than the teacher's, and ``done``
    before the task is done. Any other motion that does not go the teacher's way at all is let pass, and so is one that
    the arm refuses. After that, and after a replacement, every motion is replaced that does not go the teacher's way or
    repeats a refused one, until one goes the teacher's way.

    Attributes:
        given: How many motions were replaced.

    Args:
        table: The table of the episode.
        most: How many motions may be replaced.
    """

    def __init__(self, table: Table, most: int) -> None:
        self._table, self._most = table, most
        self._teacher = Teacher(table.episode.task, table.start)
        self._before: Motion | None = None
        self._wrong = False
        self._refusals = 0
        self.given = 0

    def instead_of(self, motion: Motion) -> Motion | None:
        """Return what is to be done instead of ``motion``; None lets the policy go on."""
        wanted = self._teacher.next_motion(self._table.situation) if self.given < self._most else None
        if wanted is None:
            return None
        refused, self._refusals = self._table.refused > self._refusals, self._table.refused
        wrong = not goes_along(motion, wanted) or (refused and motion == self._before)
        again, self._wrong, self._before = wrong and (self._wrong or refused), wrong, motion
        if not (again or must_not(motion, wanted)):
            return None
        self._wrong = True
        self.given += 1
        return wanted


def must_not(motion: Motion, wanted: Motion) -> bool:
    """Whether ``motion`` may spoil the episode when the teacher wants another."""
    if motion.phrase == DONE:
        return True
    if motion.gripper is not None:
        return motion.gripper != wanted.gripper
    if any(motion.action[3:7]):
        return not goes_along(motion, wanted)
    return motion.action[2] < min(wanted.action[2], 0.0) - DEEPER - 1e-9


def goes_along(motion: Motion, wanted: Motion) -> bool:
    """Whether ``motion`` does some of what the teacher wants."""
    if wanted.gripper is not None or motion.gripper is not None:
        return motion.gripper == wanted.gripper
    return float(np.dot(motion.action[:7], wanted.action[:7])) > 0.0
