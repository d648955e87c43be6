"""A jerk-limited motion of the tool along the steps of an action chunk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np

from roboact_ros.errors import MotionRefused
from roboact_ros.execution.compiled import compiled
from roboact_ros.execution.trajectory import ToolLimits, ToolPath, ToolState
from roboact_ros.types import FloatArray

LONGEST = 60.0
"""A chunk that takes longer is refused [s]: nobody knows what is there by then."""

LARGEST_TURN = 2.5
"""A chunk that turns the tool farther than this from where it began is refused [rad]: rotation vectors end at pi."""


_CATCH_UP = 0.4
"""Time in which a tool that moves comes from where it is onto the way [s]."""

_ROUNDS = 3


@dataclass(frozen=True, slots=True, eq=False)
class ChunkTiming:
    """When a chunk is where; arms with the same timing are at the same step at every moment.

    Attributes:
        times: (N,) time of each step [s].
        windows: Lengths of the two windows of the average [s].
        carried: Until when the acceleration from before ends [s].
        period: Time that a step should take [s].
    """

    times: FloatArray
    windows: tuple[float, float]
    carried: float
    period: float


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
        MotionRefused: A displacement is not finite, or the tool would turn too far or take too long.
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
        if self.duration > LONGEST:
            raise MotionRefused(f"the chunk would take {self.duration:.0f} s, allowed {LONGEST:g} s")


class _Way:
    """The straight way from waypoint to waypoint for a tool that moves already.

    Args:
        start: State that the motion continues from.
        displacements: (N, 7) waypoints relative to it.
        limits: Limits of the tool.
    """

    def __init__(self, start: ToolState, displacements: FloatArray, limits: ToolLimits) -> None:
        self.start = np.concatenate((start.pose_carrier_in_base[:3, 3], np.zeros(3), [start.wrist]))
        self.carried = Carried(start, limits)
        self._limits, self._moving = limits, bool(start.velocity.any() or start.acceleration.any())
        self._steps = np.diff(displacements, axis=0, prepend=np.zeros((1, 7)))

    def steps(self, period: float, delay: float) -> FloatArray:
        """Return the (N, 7) steps whose average over windows of time leads where it should.

        What a moving tool is beside the way, and behind it or ahead, is made up for in the first ``_CATCH_UP`` seconds.

        Args:
            period: Time of a step [s].
            delay: By which the average is behind [s].
        """
        steps = self._steps.copy()
        if not self._moving:
            return steps
        off = -self.carried.way(delay)
        if len(steps) > 1:
            off = off + steps[0] - steps[1]
            steps[0] = steps[1]
        count = min(len(steps), max(1, round(_CATCH_UP / period)))
        steps[:count] += off / count
        return steps

    def times(self, steps: FloatArray, period: float) -> FloatArray:
        """Return the times (N,) of steps [s] at which none is too fast, at least ``period``."""
        linear, angular = self._limits.linear[0], self._limits.angular[0]
        fastest = np.maximum(_length(steps[:, :3]) / linear, _length(steps[:, 3:]) / angular)
        return np.maximum(period, fastest)

    def rates(self, steps: FloatArray, times: FloatArray) -> FloatArray:
        """Return the (N + 2, 7) rates of steps, as the tool moves before and at rest after."""
        return np.vstack((self.carried.rate, steps / times[:, None], np.zeros(7)))

    def windows(self, steps: FloatArray, times: FloatArray) -> tuple[float, float]:
        """Return the windows over which the rates of steps have to be averaged [s]."""
        return _windows(self.rates(steps, times), self._limits)


class Carried:
    """What a tool brings along: the rate at which it would go on, and how its acceleration ends.

    Attributes:
        rate: (7,) velocity when the acceleration has ended as fast as the limit of the jerk allows.
        acceleration: (7,) at the beginning.
        ends: (7,) when it has ended [s].
        duration: The latest of these [s].
    """

    def __init__(self, start: ToolState, limits: ToolLimits) -> None:
        ends = np.zeros(7)
        for axes, jerk in ((slice(0, 3), limits.linear[2]), (slice(3, 6), limits.angular[2]), (6, limits.angular[2])):
            ends[axes] = np.linalg.norm(start.acceleration[axes]) / jerk
        self.acceleration, self.ends = start.acceleration, ends
        self.rate: FloatArray = start.velocity + start.acceleration * ends / 2.0
        self.duration = float(ends.max())

    def way(self, delay: float) -> FloatArray:
        """Return the (7,) way that is due to it, where its rate ends with a delay [s]."""
        return self.rate * delay - self.acceleration * self.ends**2 / 6.0


def common_timing(ways: Sequence[tuple[ToolState, FloatArray, ToolLimits]], period: float) -> ChunkTiming:
    """Return a timing that several arms can keep: step by step that of the slowest.

    Args:
        ways: Of each arm the start, the (N, 7) waypoints and the limits, as :class:`ChunkTrajectory` takes them.
        period: Time between two waypoints [s].
    """
    return _timing([_Way(*way) for way in ways], period)


def _timing(ways: Sequence[_Way], period: float) -> ChunkTiming:
    first = second = 0.0
    for _ in range(_ROUNDS):  # the windows depend on the steps, and the steps on the delay of the windows
        steps = [way.steps(period, (first + second) / 2.0) for way in ways]
        times: FloatArray = np.max([way.times(one, period) for way, one in zip(ways, steps, strict=True)], axis=0)
        windows = [way.windows(one, times) for way, one in zip(ways, steps, strict=True)]
        first, second = (max(one[number] for one in windows) for number in (0, 1))
    return ChunkTiming(times, (first, second), max(way.carried.duration for way in ways), period)


class _SmoothedPath:
    """The straight way from waypoint to waypoint, its velocity averaged over two windows of time.

    An average never leaves what it is taken of, so there is no overshoot and no speed above that of the straight way;
    the first window bounds the acceleration and the second one the jerk. The velocity that the tool brings along is a
    part of the way that came before; its acceleration ends by itself.
    """

    def __init__(self, way: _Way, period: float, timing: ChunkTiming | None) -> None:
        timing = _timing([way], period) if timing is None else timing
        first, second = timing.windows
        steps = way.steps(timing.period, (first + second) / 2.0)
        self._start, self._carried = way.start, way.carried
        self._changes = np.diff(way.rates(steps, timing.times), axis=0)
        ends = np.concatenate(([0.0], np.cumsum(timing.times)))
        self._knots = ends[:, None] + np.array((0.0, first, second, first + second))
        self._scale = np.array((1.0, -1.0, -1.0, 1.0)) / (first * second)
        self.duration = max(float(self._knots.max()), timing.carried)

    def at_time(self, t: float) -> tuple[list[float], list[float], list[float]]:
        """Return positions, velocities and accelerations, 7 each, at time ``t`` [s]."""
        carried = self._carried
        found = _evaluate(self._knots, self._scale, self._changes, carried.rate, carried.acceleration, carried.ends, t)
        return (self._start + found[0]).tolist(), found[1].tolist(), found[2].tolist()


@compiled(
    "float64[:,::1](float64[:,::1], float64[::1], float64[:,::1], float64[::1], float64[::1], float64[::1], float64)"
)
def _evaluate(
    knots: FloatArray,
    scale: FloatArray,
    changes: FloatArray,
    rate: FloatArray,
    acceleration: FloatArray,
    ends: FloatArray,
    t: float,
) -> FloatArray:
    """Return (3, 7) position, velocity and acceleration at ``t`` of a way that changes its rate at some knots.

    A change of the rate at one moment, averaged over two windows, is four ramps of the acceleration.

    Args:
        knots: (n, 4) when the ramps of each change begin [s].
        scale: (4,) their slopes for a change of one.
        changes: (n, 7) the changes.
        rate: (7,) before them.
        acceleration: (7,) at the beginning, before it ends.
        ends: (7,) when it has ended [s].
        t: Time [s].
    """
    result = np.zeros((3, 7))
    for axis in range(7):
        left = 1.0 - t / ends[axis] if t < ends[axis] else 0.0
        lacks = acceleration[axis] * ends[axis] / 2.0
        result[0, axis] = rate[axis] * t + lacks * ends[axis] / 3.0 * (left**3 - 1.0)
        result[1, axis] = rate[axis] - lacks * left**2
        result[2, axis] = acceleration[axis] * left
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
    changes = _largest_change(rates, 0, 3), _largest_change(rates, 3, 7)
    for change, (_, acceleration, jerk) in zip(changes, (limits.linear, limits.angular), strict=True):
        first = max(first, change / acceleration, sqrt(2.0 * change / jerk))
    for change, (_, _, jerk) in zip(changes, (limits.linear, limits.angular), strict=True):
        second = max(second, 2.0 * change / (jerk * first))
    return first, second


@compiled("float64(float64[:,::1], int64, int64)")
def _largest_change(rates: FloatArray, begin: int, end: int) -> float:
    """Return the largest length of the difference between any two (N, 7) rates along some of the axes."""
    largest = 0.0
    for one in range(len(rates)):
        for other in range(one):
            squares = 0.0
            for axis in range(begin, end):
                squares += (rates[one, axis] - rates[other, axis]) ** 2
            largest = max(largest, squares)
    return sqrt(largest)


def _length(vectors: FloatArray) -> FloatArray:
    length: FloatArray = np.linalg.norm(vectors, axis=-1)
    return length
