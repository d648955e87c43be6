"""Plans how two moving arms go over into a chunk, a little in every cycle, for a moment that is yet to come.

Planning takes longer than one control period; arms that move must not wait for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from roboact_ros.execution.beginning import Beginning
from roboact_ros.execution.chunk_trajectory import common_timing
from roboact_ros.execution.chunks import Stage
from roboact_ros.execution.expected import Expected
from roboact_ros.execution.neighbour import Shape, check_apart
from roboact_ros.execution.planner import Planner
from roboact_ros.execution.steps import ChunkPart
from roboact_ros.types import FloatArray

CYCLES = 16
"""So many cycles after it was asked for, a chunk begins on arms that move."""

_SAMPLES, _AT_ONCE = 32, 4
"""Moments of a motion that are looked at, and how many of them in one cycle."""

_SAME = 1e-7
"""Arms that are this close to where they were expected are there [rad]."""


class Anticipation:
    """A chunk that begins soon.

    Attributes:
        stages: What the arms are to do.
        source: Who asked.
        left: Cycles that are left until it begins.

    Args:
        stages: What the arms are to do; the first stage is a part of a chunk for each.
        source: Who asks.
        expected: Where the arms will be ``CYCLES`` from now.
        shapes: How much room they take.
        clearance: Smallest distance between them [m].
    """

    def __init__(
        self,
        stages: Sequence[Stage],
        source: str,
        expected: Sequence[Expected],
        shapes: tuple[Shape, Shape],
        clearance: float,
    ) -> None:
        parts = [step for step in stages[0] if isinstance(step, ChunkPart)]
        self.stages, self.source, self.left = tuple(stages), source, CYCLES
        self._expected = tuple(expected)
        self._beginnings: list[Beginning] = []
        # No cycle of references: nobody collects them here, and a plan may be withdrawn half-way.
        self._work = _plan(parts, self._expected, shapes, clearance, self._beginnings)

    def advance(self) -> bool:
        """Do the work of one cycle and return whether the moment has come.

        Raises:
            MotionRefused: The chunk leads an arm out of its limits, or the arms together.
        """
        self.left -= 1
        next(self._work, None)
        if self.left == 0:
            for _ in self._work:
                pass
        return self.left == 0

    def beginnings(self, q: Sequence[FloatArray | None]) -> list[Beginning] | None:
        """Return how each arm begins, None when they are not where they were expected, joints (6,) of each [rad]."""
        for here, expected in zip(q, self._expected, strict=True):
            if here is None or np.abs(here - expected.q).max() > _SAME:
                return None
        return self._beginnings


def check_later(
    later: Sequence[Stage],
    q: Sequence[FloatArray],
    planners: Sequence[Planner],
    shapes: tuple[Shape, Shape],
    clearance: float,
) -> Iterator[None]:
    """Check the stages behind the first of a chunk, each from rest where the one before ends, a little in every step.

    Args:
        later: The stages.
        q: (6,) joints of each arm where the first one ends [rad].
        planners: Of the arms.
        shapes: How much room they take.
        clearance: Smallest distance between them [m].

    Raises:
        MotionRefused: The chunk leads an arm out of its limits, or the arms together.
    """
    for stage in later:
        parts = [step for step in stage if isinstance(step, ChunkPart)]
        if len(parts) < len(q):
            continue  # grippers, for which the arms stand
        begun = [
            Expected(joints, planner.at_rest(joints), planner) for joints, planner in zip(q, planners, strict=True)
        ]
        found: list[Beginning] = []
        yield from _plan(parts, begun, shapes, clearance, found)
        q = [beginning.path[-1] for beginning in found]


def _plan(
    parts: list[ChunkPart],
    expected: Sequence[Expected],
    shapes: tuple[Shape, Shape],
    clearance: float,
    beginnings: list[Beginning],
) -> Iterator[None]:
    """Plan the parts of a chunk into ``beginnings``, and stop after every piece that fits into a cycle."""
    ways = []
    for part, arm in zip(parts, expected, strict=True):
        ways.append(arm.planner.way(part, arm.state))
        yield
    timing = common_timing(ways, parts[0].period)
    parts = [replace(part, timing=timing) for part in parts]
    motions = []
    for part, arm in zip(parts, expected, strict=True):
        motions.append(arm.planner.motion(part, arm.q, arm.state))
        yield
    times = np.linspace(0.0, max(motion.duration for motion in motions), _SAMPLES)
    paths = [np.empty((_SAMPLES, len(arm.q))) for arm in expected]
    start: tuple[FloatArray, FloatArray] = (expected[0].q[None], expected[1].q[None])
    near = [arm.q for arm in expected]
    for begun in range(0, _SAMPLES, _AT_ONCE):
        block = slice(begun, begun + _AT_ONCE)
        for number, (motion, arm) in enumerate(zip(motions, expected, strict=True)):
            before = near[number]
            for row, t in zip(paths[number][block], times[block], strict=True):
                row[:] = near[number] = motion.target(float(t), near[number])
            arm.planner.check_joints(paths[number][block], arm.q, before)
        blocks = tuple(np.concatenate((q, path[block])) for q, path in zip(start, paths, strict=True))
        check_apart(shapes, (blocks[0], blocks[1]), clearance)
        yield
    beginnings += [Beginning([part], motion, path) for part, motion, path in zip(parts, motions, paths, strict=True)]
