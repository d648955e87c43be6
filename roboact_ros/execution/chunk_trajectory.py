"""A jerk-limited motion of the tool along the steps of an action chunk."""

from __future__ import annotations

from math import sqrt

import numpy as np

from roboact_ros.errors import MotionRefused
from roboact_ros.execution.compiled import compiled
from roboact_ros.execution.trajectory import ToolLimits, ToolPath, ToolState, braking
from roboact_ros.types import FloatArray

LARGEST_TURN = 2.5
"""A chunk that turns the tool farther than this from where it began is refused [rad]: rotation vectors end at pi."""


class ChunkTrajectory(ToolPath):
    """Follows waypoints and ends at rest on the last one.

    Args:
        start: State that the motion continues from, which may be moving.
        displacements: (N, 7) waypoints relative to ``start``, as
            :class:`~roboact_ros.execution.trajectory.ToolTrajectory` takes them.
        period: Time between two waypoints [s]; longer where the tool would be too fast.
        limits: Limits of the tool.

    Raises:
        MotionRefused: A displacement is not finite, or the tool would turn too far.
    """

    def __init__(self, start: ToolState, displacements: FloatArray, period: float, limits: ToolLimits) -> None:
        if not np.all(np.isfinite(displacements)):
            raise MotionRefused("the steps of the chunk are not finite numbers")
        turn = float(np.linalg.norm(displacements[:, 3:6], axis=1).max())
        if turn > LARGEST_TURN:
            raise MotionRefused(f"the chunk would turn the tool by {turn:.2f} rad, allowed {LARGEST_TURN}")
        super().__init__(start, _SmoothedPath(start, displacements, period, limits))


class _SmoothedPath:
    """The straight way from waypoint to waypoint, its velocity averaged over two windows of time.

    An average never leaves what it is taken of, so there is no overshoot and no speed above that of the straight way;
    the first window bounds the acceleration and the second one the jerk. What the tool brings along from before fades
    out by itself at the same limits (Ruckig) and is added, its length taken off the way in equal parts.
    """

    def __init__(self, start: ToolState, displacements: FloatArray, period: float, limits: ToolLimits) -> None:
        self._start = np.concatenate((start.pose_carrier_in_base[:3, 3], np.zeros(3), [start.wrist]))
        self._fade = braking(start, limits)
        count = len(displacements)
        faded = np.array(self._fade.at_time(self._fade.duration)[0])
        way = displacements - np.linspace(0.0, 1.0, count + 1)[1:, None] * faded
        steps = np.diff(way, axis=0, prepend=np.zeros((1, 7)))
        fastest = np.maximum(_length(steps[:, :3]) / limits.linear[0], _length(steps[:, 3:]) / limits.angular[0])
        times = np.maximum(period, fastest)
        rates = np.vstack((np.zeros(7), steps / times[:, None], np.zeros(7)))
        self._changes = np.diff(rates, axis=0)
        first, second = _windows(rates, limits)
        ends = np.concatenate(([0.0], np.cumsum(times)))
        self._knots = ends[:, None] + np.array((0.0, first, second, first + second))
        self._scale = np.array((1.0, -1.0, -1.0, 1.0)) / (first * second)
        self.duration = max(float(self._knots.max()), self._fade.duration)

    def at_time(self, t: float) -> tuple[list[float], list[float], list[float]]:
        """Return positions, velocities and accelerations, 7 each, at time ``t`` [s]."""
        position, velocity, acceleration = _evaluate(self._knots, self._scale, self._changes, t)
        faded = self._fade.at_time(min(t, self._fade.duration))
        return (
            (self._start + position + faded[0]).tolist(),
            (velocity + faded[1]).tolist(),
            (acceleration + faded[2]).tolist(),
        )


@compiled("float64[:,::1](float64[:,::1], float64[::1], float64[:,::1], float64)")
def _evaluate(knots: FloatArray, scale: FloatArray, changes: FloatArray, t: float) -> FloatArray:
    """Return (3, 7) position, velocity and acceleration at ``t`` of a way that changes its rate at some knots.

    A change of the rate at one moment, averaged over two windows, is four ramps of the acceleration.

    Args:
        knots: (n, 4) when the ramps of each change begin [s].
        scale: (4,) their slopes for a change of one.
        changes: (n, 7) the changes.
        t: Time [s].
    """
    result = np.zeros((3, 7))
    for number in range(len(knots)):
        rise = np.zeros(3)
        for ramp in range(4):
            since = t - knots[number, ramp]
            if since > 0.0:
                rise[0] += scale[ramp] * since**3 / 6.0
                rise[1] += scale[ramp] * since**2 / 2.0
                rise[2] += scale[ramp] * since
        for order in range(3):
            for axis in range(7):
                result[order, axis] += rise[order] * changes[number, axis]
    return result


def _windows(rates: FloatArray, limits: ToolLimits) -> tuple[float, float]:
    """Return the lengths of the two windows [s] for a way with ``rates`` (N, 7) in its parts, at rest before and after.

    An average over ``first`` changes by at most the largest difference of two rates per ``first``, which is the
    acceleration; the average of that over ``second`` by at most twice as much per ``second``.
    """
    first = second = 1e-3
    for part, (_, acceleration, jerk) in ((rates[:, :3], limits.linear), (rates[:, 3:], limits.angular)):
        change = float(_length(part[:, None] - part[None]).max())
        first = max(first, change / acceleration, sqrt(2.0 * change / jerk))
    for part, (_, _, jerk) in ((rates[:, :3], limits.linear), (rates[:, 3:], limits.angular)):
        change = float(_length(part[:, None] - part[None]).max())
        second = max(second, 2.0 * change / (jerk * first))
    return first, second


def _length(vectors: FloatArray) -> FloatArray:
    length: FloatArray = np.linalg.norm(vectors, axis=-1)
    return length
