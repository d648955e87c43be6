"""The room that two arms share: whether a motion brings them too near to each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from roboact_ros.execution.anticipation import check_later
from roboact_ros.execution.beginning import Beginning
from roboact_ros.execution.chunks import Stage
from roboact_ros.execution.executor import Executor
from roboact_ros.execution.neighbour import Neighbour, Shape, at_equal_times, check_apart
from roboact_ros.execution.steps import ChunkPart

_SAMPLES = 40
"""Moments of a motion of both arms at which their distance is looked at beforehand; every cycle looks again."""

_TRAILING = 0.005
"""An arm that is so far from where it was sent is kept away from in both places [rad]."""


@dataclass(frozen=True, slots=True, eq=False)
class SharedRoom:
    """Two arms and how near they may come.

    Attributes:
        arms: Executors, left first.
        shapes: How much room each takes, in the same order.
        clearance: Smallest distance between the arms [m].
    """

    arms: Sequence[Executor]
    shapes: tuple[Shape, Shape]
    clearance: float

    def check(self, beginnings: Sequence[Beginning | None]) -> None:
        """Refuse motions that bring the arms too near to each other; an arm without one stays where it is.

        Raises:
            MotionRefused: They do.
        """
        paths = []
        for arm, beginning in zip(self.arms, beginnings, strict=True):
            q = arm.q
            if beginning is not None:
                paths.append((beginning.path, beginning.duration))
            elif q is not None:
                paths.append((q[None], 0.0))
        if len(paths) == 2 and any(duration > 0.0 for _, duration in paths):
            (one, time), (other, time_of_other) = paths
            both = at_equal_times((one, other), (time, time_of_other), _SAMPLES)
            check_apart(self.shapes, (both[0], both[1]), self.clearance)

    def check_later(self, later: Sequence[Stage], beginnings: Sequence[Beginning | None]) -> Iterator[None]:
        """Check what follows on the first part of a chunk, see :func:`~roboact_ros.execution.anticipation.check_later`.

        Raises:
            MotionRefused: It leads an arm out of its limits, or the arms together.
        """
        if not any(isinstance(stage[0], ChunkPart) for stage in later):
            return iter(())
        both = zip(self.arms, beginnings, strict=True)
        ends = [arm.q if beginning is None else beginning.path[-1] for arm, beginning in both]
        return check_later(
            later, [q for q in ends if q is not None], [arm.planner for arm in self.arms], self.shapes, self.clearance
        )

    def neighbour(self, number: int) -> Neighbour | None:
        """Return what an arm has to keep away from: where the other is sent and, where it trails, also where it is."""
        other, shape = self.arms[1 - number], self.shapes[1 - number]
        if other.q is None:
            return None
        ends = [shape.capsules_in_cell(other.q)]
        if other.q_measured is not None and np.abs(other.q - other.q_measured).max() > _TRAILING:
            ends.append(shape.capsules_in_cell(other.q_measured))
        return Neighbour(self.shapes[number], shape, ends, self.clearance)
