"""Two simulated arms that go round something with a policy in two minds, in simulated time."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from roboact_ros.bench.seam_policy import LENGTH, TwoWays
from roboact_ros.cells.description import Cell
from roboact_ros.cells.load import load_cell
from roboact_ros.errors import MotionRefused
from roboact_ros.execution.kinematics import Kinematics
from roboact_ros.execution.poses import pose_from_vector
from roboact_ros.execution.status import POLICY, State
from roboact_ros.policies.clap.rf import DRAWS
from roboact_ros.policies.continuation import Continuation
from roboact_ros.policies.ensembled import Ensembled
from roboact_ros.policies.pilot import ExecutorReport, Pilot
from roboact_ros.policies.policy import ContinuingPolicy
from roboact_ros.policies.seams import AFTER_THE_END, GOING_ON
from roboact_ros.robots import robot_model
from roboact_ros.sim.bases import planar_bases
from roboact_ros.sim.motion_kernel import STEP
from roboact_ros.sim.pair_runner import PairRunner
from roboact_ros.sim.scene import Contents
from roboact_ros.sim.world import World
from roboact_ros.types import CHUNK_AXES, ActionChunk, FloatArray, Frame

ALONG, ASIDE = np.array([0.0, 1.0, 0.0]), np.array([1.0, 0.0, 0.0])
"""Directions of the way and to its side, in the bases of both arms."""

LONGEST = 20.0
"""Arms that have not arrived after so long never will [s]."""

_EVERY, _REPORTED = 17, 10
"""Control periods from image to image, and from report to report of the executor (as live)."""
_THERE = 2e-3


@dataclass(frozen=True, slots=True)
class Course:
    """What is driven with.

    Attributes:
        way: How one chunk goes over into the next, see :mod:`roboact_ros.policies.seams`.
        latency: What the policy takes for a chunk [s].
        seed: Of its noise.
        horizon: Steps of a chunk.
        hertz: Steps in a second.
        lookahead: Part of a chunk after which the next is chosen; without meaning for ``wait``.
    """

    way: str
    latency: float
    seed: int = 0
    horizon: int = 32
    hertz: float = 30.0
    lookahead: float = 0.5


@dataclass(slots=True)
class Ride:
    """What was commanded from the first chunk on, a row for each control period.

    Attributes:
        q: (N, arms, 6) joints [rad].
        tools: (N, arms, 3) positions, counted from the first [m].
        overtaken: Rows in which a chunk was handed over.
        refused: Why the executor refused chunks.
        dropped: Chunks that were thought of in vain.
        arrived: Whether both arms came to the end of the way.
        apart: Largest difference in how far the arms are along their motion [s].
    """

    q: list[FloatArray] = field(default_factory=list)
    tools: list[FloatArray] = field(default_factory=list)
    overtaken: list[int] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    dropped: int = 0
    arrived: bool = False
    apart: float = 0.0


def ride(course: Course) -> Ride:
    """Go round the obstacle."""
    arms = _Arms(load_cell("clap_dual_ur5"))
    axes = tuple(f"{name}/{axis}" for name in arms.cell.arm_names for axis in CHUNK_AXES)
    period_ns = round(1e9 / course.hertz)
    draws = DRAWS if course.way == "select" else 1
    plain = TwoWays(axes, course.horizon, period_ns, arms.places, np.stack((ALONG, ASIDE)), course.seed, draws)
    driver = _Driver(course, Ensembled(plain) if course.way == "ensemble" else plain, arms)
    told, ticks = driver.told, 0
    while ticks * STEP < LONGEST and not told.arrived:
        if ticks % _EVERY == 0:
            driver.look()
        if ticks % _REPORTED == 0:
            driver.hear()
        driver.act()
        arms.runner.wait(STEP)
        ticks += 1
        if told.overtaken:
            arms.note(told)
        told.arrived = driver.there and arms.runner.executor.status.state is State.IDLE
    return told


class _Arms:
    """The simulated cell."""

    def __init__(self, cell: Cell) -> None:
        self.cell = cell
        single = [cell.of_arm(name) for name in cell.arm_names]
        models = [robot_model(one.arm.model) for one in single]
        tools = [pose_from_vector(*one.arm.tcp) for one in single]
        self._kinematics = [Kinematics(*given) for given in zip(models, tools, strict=True)]
        nothing = Contents(blocks=(), bowls=(), drawers=(), boxes=())
        homes, table_z = [one.arm.home for one in single], single[0].safety.table_z
        self._world = World(models, 0, homes, planar_bases(cell), nothing, table_z)
        self.runner = PairRunner(cell, self._world)
        self.looks: dict[int, FloatArray] = {}
        self._begun = self._measured()[:, :3, 3]

    def look(self) -> Frame:
        """Take an image; where the tools were then is remembered."""
        now = self.runner.now_ns
        self.looks[now] = self._measured()
        return Frame("head", now, np.zeros((1, 1, 3), dtype=np.uint8))

    def places(self, frame: Frame) -> FloatArray:
        """Return where (arms, 2) the tools were in an image: along the way and to its side [m]."""
        moved = self.looks[frame.stamp_ns][:, :3, 3] - self._begun
        return np.stack((moved @ ALONG, moved @ ASIDE), axis=1)

    def note(self, told: Ride) -> None:
        """Write down what is commanded now."""
        executor = self.runner.executor
        q = [np.array(executor.arm(number).q) for number in (0, 1)]
        poses = [one.forward(joints)[:3, 3] for one, joints in zip(self._kinematics, q, strict=True)]
        told.q.append(np.array(q))
        told.tools.append(np.array(poses) - self._begun)
        if all(executor.arm(number).busy for number in (0, 1)):
            told.apart = max(told.apart, abs(executor.times[0] - executor.times[1]))

    def _measured(self) -> FloatArray:
        bodies = zip(self._kinematics, self._world.arms, strict=True)
        return np.array([one.forward(body.read().q) for one, body in bodies])


class _Driver:
    """Does what the policy node does, with a policy that is ``latency`` seconds late."""

    def __init__(self, course: Course, policy: ContinuingPolicy, arms: _Arms) -> None:
        self._policy, self._arms, self._executor = policy, arms, arms.runner.executor
        waits = course.way == "wait"
        lookahead = AFTER_THE_END if waits else course.lookahead
        self._pilot = Pilot(arms.cell.safety.camera_timeout, lookahead, streams=not waits)
        self._pilot.instruct("go round it")
        self._continuation = Continuation(course.latency)
        self._goes_on = course.way in GOING_ON
        self._latency_ns = round(course.latency * 1e9)
        self._frame: Frame | None = None
        self._thought: tuple[int, int, ActionChunk] | None = None
        self.told, self.there = Ride(), False

    def look(self) -> None:
        """Take an image."""
        self._frame = self._arms.look()
        self.there = bool((self._arms.places(self._frame)[:, 0] > LENGTH - _THERE).all())

    def hear(self) -> None:
        """Take the executor's report."""
        status, now = self._executor.status, self._arms.runner.now_ns
        words = status.motion, status.source, status.finished, status.refused, status.progress
        self._pilot.executor_said(ExecutorReport(status.state.value, *words), now)

    def act(self) -> None:
        """Hand over the chunk that is ready, and think of the next one when it is time."""
        now, pilot, frame = self._arms.runner.now_ns, self._pilot, self._frame
        if self._thought is not None and now >= self._thought[1] + self._latency_ns:
            self._hand_over(*self._thought, now)
            self._thought = None
        if self._thought is not None or self.there or frame is None:
            return
        if pilot.obstacle(frame.stamp_ns, now) is not None:
            return
        underway = None
        if self._goes_on and pilot.follows_chunk:
            underway = self._continuation.underway(frame.stamp_ns, now, self._arms.looks.get)
        chunk = self._policy.act(frame) if underway is None else self._policy.act_during(frame, underway)
        self._thought = pilot.turn, now, chunk

    def _hand_over(self, turn: int, asked_ns: int, chunk: ActionChunk, now: int) -> None:
        self._continuation.took(now - asked_ns)
        if turn != self._pilot.turn or self._pilot.obstacle(now, now) is not None:
            self.told.dropped += 1
            return
        try:
            self._executor.follow(chunk, POLICY)
        except MotionRefused as error:
            self.told.refused.append(str(error))
        else:
            self._continuation.gave(chunk)
            self.told.overtaken.append(len(self.told.q))
        self._pilot.chose(now)
