"""A jerk-limited motion of the tool along the steps of an action chunk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np

from roboact_ros.errors import MotionRefused
from roboact_ros.execution.compiled import compiled
from roboact_ros.execution.trajectory import ToolLimits, ToolPath, ToolState, braking
from roboact_ros.types import FloatArray

LARGEST_TURN = 2.5
"""A chunk that turns the tool farther than this from where it began is refused [rad]: rotation vectors end at pi."""


@dataclass(frozen=True, slots=True, eq=False)
class ChunkTiming:
    """When a chunk is where; arms with the same timing are at the same step at every moment.

    Attributes:
        times: (N,) time of each step [s].
        windows: Lengths of the two windows of the average [s].
        fade: Until when the motion from before fades out [s].
    """

    times: FloatArray
    windows: tuple[float, float]
    fade: float


class ChunkTrajectory(ToolPath):
    """Follows waypoints and ends at rest on the last one.

    Args:
        start: State that the motion continues from, which may be moving.
        displacements: (N, 7) waypoints relative to ``start``, as
            :class:`~roboact_ros.execution.trajectory.ToolTrajectory` takes them.
        period: Time between two waypoints [s]; longer where the tool would be too fast.
        limits: Limits of the tool.
        timing: A timing to keep, as slow as the chunk's own or slower.

    Raises:
        MotionRefused: A displacement is not finite, or the tool would turn too far.
    """

    def __init__(
        self,
        start: ToolState,
        displacements: FloatArray,
        period: float,
        limits: ToolLimits,
        timing: ChunkTiming | None = None,
    ) -> None:
        if not np.all(np.isfinite(displacements)):
            raise MotionRefused("the steps of the chunk are not finite numbers")
        turn = float(np.linalg.norm(displacements[:, 3:6], axis=1).max())
        if turn > LARGEST_TURN:
            raise MotionRefused(f"the chunk would turn the tool by {turn:.2f} rad, allowed {LARGEST_TURN}")
        super().__init__(start, _SmoothedPath(_Way(start, displacements, limits), period, timing))


class _Way:
    """The straight way from waypoint to waypoint, and what fades out on it of the motion before.

    Args:
        start: State that the motion continues from.
        displacements: (N, 7) waypoints relative to it.
        limits: Limits of the tool.
    """

    def __init__(self, start: ToolState, displacements: FloatArray, limits: ToolLimits) -> None:
        self.start = np.concatenate((start.pose_carrier_in_base[:3, 3], np.zeros(3), [start.wrist]))
        self.fade = braking(start, limits)
        self._limits = limits
        faded = np.array(self.fade.at_time(self.fade.duration)[0])
        way = displacements - np.linspace(0.0, 1.0, len(displacements) + 1)[1:, None] * faded
        self.steps = np.diff(way, axis=0, prepend=np.zeros((1, 7)))

    def times(self, period: float) -> FloatArray:
        """Return the times (N,) of the steps [s] at which none is too fast, at least ``period``."""
        linear, angular = self._limits.linear[0], self._limits.angular[0]
        fastest = np.maximum(_length(self.steps[:, :3]) / linear, _length(self.steps[:, 3:]) / angular)
        return np.maximum(period, fastest)

    def rates(self, times: FloatArray) -> FloatArray:
        """Return the (N + 2, 7) rates of the steps, at rest before and after."""
        return np.vstack((np.zeros(7), self.steps / times[:, None], np.zeros(7)))

    def timing(self, times: FloatArray) -> ChunkTiming:
        """Return the timing with steps of given times."""
        return ChunkTiming(times, _windows(self.rates(times), self._limits), self.fade.duration)


def common_timing(ways: Sequence[tuple[ToolState, FloatArray, ToolLimits]], period: float) -> ChunkTiming:
    """Return a timing that several arms can keep: step by step that of the slowest.

    Args:
        ways: Of each arm the start, the (N, 7) waypoints and the limits, as :class:`ChunkTrajectory` takes them.
        period: Time between two waypoints [s].
    """
    all_ways = [_Way(*way) for way in ways]
    times: FloatArray = np.max([way.times(period) for way in all_ways], axis=0)
    timings = [way.timing(times) for way in all_ways]
    first, second = (max(timing.windows[number] for timing in timings) for number in (0, 1))
    return ChunkTiming(times, (first, second), max(timing.fade for timing in timings))


class _SmoothedPath:
    """The straight way from waypoint to waypoint, its velocity averaged over two windows of time.

    An average never leaves what it is taken of, so there is no overshoot and no speed above that of the straight way;
    the first window bounds the acceleration and the second one the jerk. What the tool brings along from before fades
    out by itself at the same limits (Ruckig) and is added, its length taken off the way in equal parts.
    """

    def __init__(self, way: _Way, period: float, timing: ChunkTiming | None) -> None:
        timing = way.timing(way.times(period)) if timing is None else timing
        self._start, self._fade = way.start, way.fade
        self._changes = np.diff(way.rates(timing.times), axis=0)
        first, second = timing.windows
        ends = np.concatenate(([0.0], np.cumsum(timing.times)))
        self._knots = ends[:, None] + np.array((0.0, first, second, first + second))
        self._scale = np.array((1.0, -1.0, -1.0, 1.0)) / (first * second)
        self.duration = max(float(self._knots.max()), timing.fade)

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
