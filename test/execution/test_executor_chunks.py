"""Action chunks: followed within every limit, blended at their seams, given up for people, and never stale."""

from __future__ import annotations

import json

import numpy as np
import pytest

from roboact_ros.arms.fake import IdealArm, IdealGripper
from roboact_ros.cells.description import Cell, SafetyDescription
from roboact_ros.errors import MotionRefused
from roboact_ros.execution.channel import chunk_to_json
from roboact_ros.execution.chunks import waypoints
from roboact_ros.execution.executor import Executor
from roboact_ros.execution.kinematics import Kinematics
from roboact_ros.execution.limits import Limits
from roboact_ros.execution.poses import pose_from_vector, vector_from_rotation
from roboact_ros.execution.requests import Requests
from roboact_ros.execution.status import PERSON, POLICY, State
from roboact_ros.execution.trajectory import ToolLimits
from roboact_ros.language.vocabulary import PRIMITIVES
from roboact_ros.robots import UR5E
from roboact_ros.types import CHUNK_AXES, ActionChunk, FloatArray

DT = 0.002
TOOL_SPEED, TOOL_ACCELERATION, TOOL_JERK = 0.25, 1.0, 10.0
UP = next(motion for motion in PRIMITIVES if motion.phrase == "raise the arm up by five centimeters")


class Rig:
    """An executor with an ideal arm and gripper, and the record of everything that was streamed."""

    def __init__(self) -> None:
        self.cell = Cell(name="test", safety=SafetyDescription())
        self.kinematics = Kinematics(UR5E, pose_from_vector(*self.cell.arm.tcp))
        self.home = np.array(self.cell.arm.home)
        self.limits = Limits.from_cell(self.cell, self.kinematics)
        self.executor = Executor(self.kinematics, self.limits, ToolLimits.from_safety(self.cell.safety), self.home, DT)
        self.arm = IdealArm(self.home, DT)
        self.gripper = IdealGripper(reads=20)
        self.now = 1_000_000_000
        self.stream: list[FloatArray] = []
        self.openings: list[float] = []
        self.cycle(3)

    def cycle(self, count: int = 1) -> None:
        for _ in range(count):
            self.now += round(DT * 1e9)
            command = self.executor.step(self.arm.read(), self.gripper.read(), self.now)
            if command.q is None:
                self.arm.halt()
            else:
                self.arm.servo(command.q)
                self.stream.append(command.q)
            if command.gripper is not None:
                self.gripper.move(command.gripper)
                self.openings.append(command.gripper)

    def until_idle(self) -> int:
        for count in range(20_000):
            if self.executor.status.state is State.IDLE:
                return count
            self.cycle()
        raise AssertionError(self.executor.status)

    def chunk(self, steps: FloatArray, period: float = 0.1, age: float = 0.0) -> ActionChunk:
        return ActionChunk(CHUNK_AXES, steps, round(period * 1e9), self.now - round(age * 1e9))

    def follow(self, steps: FloatArray, period: float = 0.1, age: float = 0.0, source: str = POLICY) -> None:
        self.executor.follow(self.chunk(steps, period, age), source)

    @property
    def pose(self) -> FloatArray:
        return self.kinematics.forward(self.arm.q)

    def tool_path(self) -> FloatArray:
        return np.array([self.kinematics.forward(q)[:3, 3] for q in self.stream])

    def check_limits(self) -> None:
        """Nothing that was streamed leaps, is too fast or accelerates too hard."""
        q, limits = np.array(self.stream), self.limits.joints
        assert (np.abs(np.diff(q, axis=0)).max(axis=0) / DT <= limits[1] * 1.002).all()
        assert (np.abs(np.diff(q, 2, axis=0)).max(axis=0) / DT**2 <= limits[2] * 1.01).all()
        path = self.tool_path()
        assert np.linalg.norm(np.diff(path, axis=0), axis=1).max() / DT <= TOOL_SPEED * 1.003
        boundary = self.limits.boundary
        assert np.all(path >= boundary.box_low - 1e-6) and np.all(path <= boundary.box_high + 1e-6)


def steps_of(count: int = 8, gripper: float = 1.0, **axes: float) -> FloatArray:
    """Return equal steps."""
    row = [axes.get(axis, 0.0) for axis in CHUNK_AXES[:-1]]
    return np.tile(np.array([*row, gripper]), (count, 1))


@pytest.fixture
def rig() -> Rig:
    return Rig()


def test_a_chunk_leads_exactly_where_its_steps_add_up(rig: Rig) -> None:
    before = rig.pose
    steps = np.random.default_rng(3).uniform(-1, 1, (8, 7)) * [0.02, 0.02, 0.02, 0.1, 0.1, 0.1, 0.0]
    steps[:, 6] = 1.0
    rig.follow(steps)
    rig.until_idle()
    np.testing.assert_allclose(rig.pose, waypoints(before, steps)[-1], atol=1e-9)
    assert rig.executor.status.finished == 1 and not rig.openings
    rig.cycle(200)
    np.testing.assert_allclose(rig.pose, waypoints(before, steps)[-1], atol=1e-9)  # holds after the last step


def test_from_rest_the_tool_keeps_speed_acceleration_and_jerk(rig: Rig) -> None:
    steps = np.vstack([steps_of(3, x=0.024), steps_of(3, y=-0.024), steps_of(2, x=-0.024, z=0.01)])
    rig.follow(steps)
    rig.until_idle()
    path = rig.tool_path()
    speed, acceleration, jerk = (np.linalg.norm(np.diff(path, n, axis=0), axis=1).max() / DT**n for n in (1, 2, 3))
    assert speed <= TOOL_SPEED * 1.001 and acceleration <= TOOL_ACCELERATION * 1.01 and jerk <= TOOL_JERK * 1.05


def test_steps_take_their_time_unless_they_are_too_fast(rig: Rig) -> None:
    rig.follow(steps_of(y=0.01), period=0.2)
    slow = rig.until_idle() * DT
    assert 1.6 <= slow <= 1.6 + 0.5
    rig.follow(steps_of(y=-0.02), period=0.01)
    fast = rig.until_idle() * DT
    assert 0.16 / TOOL_SPEED <= fast <= 0.16 / TOOL_SPEED + 0.8
    rig.check_limits()


def test_a_steady_stream_of_chunks_is_a_steady_motion(rig: Rig) -> None:
    for _ in range(4):
        rig.follow(steps_of(y=-0.01))
        rig.cycle(200)
    speed = np.linalg.norm(np.diff(rig.tool_path(), axis=0), axis=1) / DT
    assert speed[300:].min() > 0.05 and speed.max() < 0.15  # asked for is 0.1 m/s
    rig.until_idle()
    rig.check_limits()


@pytest.mark.parametrize("seed", range(4))
def test_random_chunks_at_random_moments_never_jump(rig: Rig, seed: int) -> None:
    generator = np.random.default_rng(seed)
    accepted = 0
    for _ in range(25):
        size = generator.choice([0.002, 0.005, 0.01])
        steps = generator.uniform(-1, 1, (int(generator.integers(1, 9)), 7)) * [size] * 7
        steps[:, 3:6] *= 5.0
        steps[:, 6] = generator.uniform(0, 1)
        try:
            if generator.uniform() < 0.2:
                rig.executor.submit([UP], POLICY)
            else:
                rig.follow(steps, float(generator.choice([0.02, 0.1, 0.4])), age=float(generator.uniform(0.0, 0.1)))
                accepted += 1
        except MotionRefused:
            pass
        rig.cycle(int(generator.integers(1, 250)))
    rig.until_idle()
    assert accepted > 5
    rig.check_limits()


def test_a_late_chunk_leads_where_it_led_when_its_image_was_taken(rig: Rig) -> None:
    rig.follow(steps_of(y=-0.01))
    rig.cycle(200)
    seen, stamp = rig.pose, rig.now
    rig.cycle(130)  # the policy thinks while the arm moves on
    rig.executor.follow(ActionChunk(CHUNK_AXES, steps_of(y=-0.01), 100_000_000, stamp), POLICY)
    rig.until_idle()
    np.testing.assert_allclose(rig.pose[:3, 3] - seen[:3, 3], (0.0, -0.08, 0.0), atol=1e-4)
    assert np.diff(rig.tool_path()[:, 1]).max() < 1e-6  # never back
    rig.check_limits()


def test_stale_chunks_are_refused_and_say_why(rig: Rig) -> None:
    rig.follow(steps_of(y=-0.01))
    rig.cycle(50)
    late = rig.chunk(steps_of(x=0.01), age=0.2)
    with pytest.raises(MotionRefused, match="older than that of the one before"):
        rig.executor.follow(late, POLICY)
    assert "stale" in rig.executor.status.refused
    with pytest.raises(MotionRefused, match=r"stamped 0.5 s ahead"):
        rig.executor.follow(rig.chunk(steps_of(x=0.01), age=-0.5), POLICY)
    assert rig.executor.status.state is State.MOVING
    rig.until_idle()
    rig.check_limits()


def test_a_chunk_of_an_old_image_is_refused_on_its_way_through_the_channel(rig: Rig) -> None:
    requests = Requests(rig.executor, unlock=lambda: None, stale_ns=500_000_000, seen_stale_ns=1_500_000_000)

    def ask(age_ns: int, asked_ns: int = 0) -> str:
        chunk = chunk_to_json(rig.chunk(steps_of(y=-0.01)), rig.now - age_ns)
        message = {"do": "follow", "at": rig.now - asked_ns, "chunk": chunk, "source": POLICY}
        return requests.carry_out(json.loads(json.dumps(message)), rig.now)

    rig.cycle(1500)
    assert "image is 1.6 s old, allowed are 1.5 s" in ask(1_600_000_000) == rig.executor.status.refused
    assert "the command is 0.6 s old" in ask(0, 600_000_000)
    assert rig.executor.status.state is State.IDLE
    assert ask(1_000_000_000) == ""
    rig.until_idle()
    assert rig.pose[1, 3] - rig.kinematics.forward(rig.home)[1, 3] == pytest.approx(-0.08, abs=1e-9)


def test_a_person_wins_and_what_was_seen_before_counts_no_more(rig: Rig) -> None:
    rig.follow(steps_of(y=-0.01))
    rig.cycle(150)
    before, stamp = rig.pose, rig.now
    rig.executor.submit([UP], PERSON)
    rig.cycle(2)
    assert rig.executor.status.source == PERSON
    with pytest.raises(MotionRefused, match="a person's motion runs"):
        rig.follow(steps_of(y=-0.01))
    rig.until_idle()
    assert rig.pose[2, 3] - before[2, 3] == pytest.approx(0.05, abs=1e-6)
    with pytest.raises(MotionRefused, match="a person moved the arm"):
        rig.executor.follow(ActionChunk(CHUNK_AXES, steps_of(y=-0.01), 100_000_000, stamp), POLICY)
    rig.cycle(1)
    rig.follow(steps_of(y=-0.01))
    rig.until_idle()
    rig.check_limits()


def test_a_chunk_that_comes_to_rest_for_a_person_is_not_taken_for_the_persons_motion(rig: Rig) -> None:
    rig.follow(steps_of(y=-0.01))
    rig.cycle(100)
    rig.executor.home()
    rig.cycle(2)
    assert "chunk" in rig.executor.status.motion
    with pytest.raises(MotionRefused, match="a person's motion runs: home"):
        rig.follow(steps_of(y=-0.01))


@pytest.mark.parametrize("after", [5, 100, 350])
def test_stop_ends_a_chunk_at_once_and_for_good(rig: Rig, after: int) -> None:
    rig.follow(steps_of(y=-0.02))
    rig.cycle(after)
    rig.check_limits()
    stamp = rig.now
    rig.executor.stop()
    q = rig.arm.q
    rig.cycle(100)
    np.testing.assert_array_equal(rig.arm.q, q)
    with pytest.raises(MotionRefused, match="stopped by the person"):
        rig.follow(steps_of(y=-0.02))
    rig.executor.resume()
    rig.cycle(100)
    q = rig.arm.q
    with pytest.raises(MotionRefused, match="stopped by the person"):
        rig.executor.follow(ActionChunk(CHUNK_AXES, steps_of(y=-0.02), 100_000_000, stamp), POLICY)
    rig.cycle(100)
    np.testing.assert_array_equal(rig.arm.q, q)


def test_the_arm_waits_for_the_gripper_and_goes_on(rig: Rig) -> None:
    before = rig.pose
    steps = np.vstack([steps_of(3, z=-0.01), steps_of(1, gripper=0.0), steps_of(4, gripper=0.0, z=0.02)])
    rig.follow(steps)
    at_close = []
    for _ in range(5000):
        rig.cycle()
        if rig.openings and not at_close:
            at_close.append(rig.pose[2, 3] - before[2, 3])
            with pytest.raises(MotionRefused, match="gripper is still moving"):
                rig.follow(steps_of(z=0.01))
        if rig.executor.status.state is State.IDLE:
            break
    assert rig.openings == [0.0] and at_close[0] == pytest.approx(-0.03, abs=1e-6)
    assert rig.pose[2, 3] - before[2, 3] == pytest.approx(0.05, abs=1e-6)
    for wanted in (0.45, 0.55, 0.1):  # hysteresis: it stays closed
        rig.cycle()
        rig.follow(steps_of(2, gripper=wanted))
        rig.until_idle()
    assert rig.openings == [0.0]
    rig.cycle()
    rig.follow(steps_of(2, gripper=0.9))
    rig.until_idle()
    assert rig.openings == [0.0, 1.0]


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        (steps_of(y=0.05), "workspace box"),
        (steps_of(x=float("nan")), "not finite"),
        (steps_of(gripper=float("nan")), "not finite"),
        (steps_of(rz=0.5), "would turn the tool"),
        (steps_of(x=0.31), "step 0 of the chunk jumps by 0.31 m, more than 0.3 m in 0.1 s"),
        (steps_of(ry=1.6), "jumps by 1.6 rad, more than 1.5 rad"),
        (steps_of(x=1e30), "jumps by 1e[+]30 m"),
        (steps_of(x=1e308, y=1e308), "jumps by 1.41e[+]308 m"),
        (steps_of(rx=1e200), "jumps by 1e[+]200 rad"),
        (np.vstack([steps_of(1, gripper=0.0), steps_of(1)] * 10), "move a gripper 20 times, allowed 8"),
    ],
)
def test_bad_chunks_are_refused_with_a_reason_and_the_arm_stays(rig: Rig, steps: FloatArray, words: str) -> None:
    with pytest.raises(MotionRefused, match=words):
        rig.follow(steps)
    rig.cycle(50)
    np.testing.assert_array_equal(rig.arm.q, rig.home)


def test_a_chunk_that_leads_a_little_out_of_the_box_follows_its_edge(rig: Rig) -> None:
    high = rig.limits.boundary.box_high
    room = float((high - rig.pose[:3, 3])[1])
    aside = steps_of(10, x=-0.005, y=(room + 0.015) / 10, rz=0.01, gripper=1.0)
    wanted = waypoints(rig.pose, aside)[-1]
    rig.follow(aside)
    rig.until_idle()
    assert rig.pose[1, 3] == pytest.approx(high[1] - 0.001, abs=1e-6)
    np.testing.assert_allclose(rig.pose[[0, 2], 3], wanted[[0, 2], 3], atol=1e-6)
    np.testing.assert_allclose(rig.pose[:3, :3], wanted[:3, :3], atol=1e-6)
    rig.follow(steps_of(2, y=0.01))  # it stays there
    rig.follow(steps_of(2, y=-0.01), age=-0.01)
    rig.until_idle()
    assert rig.pose[1, 3] == pytest.approx(high[1] - 0.021, abs=1e-6)
    with pytest.raises(MotionRefused, match="left of the workspace box"):
        rig.follow(steps_of(6, y=0.025), age=-0.02)
    rig.check_limits()


@pytest.mark.parametrize("period", [30.0, 2e9])
def test_a_chunk_that_takes_too_long_is_refused_before_it_is_planned(rig: Rig, period: float) -> None:
    with pytest.raises(MotionRefused, match="the chunk would take .* s, allowed 60 s"):
        rig.follow(steps_of(x=-0.01), period)
    with pytest.raises(MotionRefused, match="jumps"):
        rig.follow(steps_of(x=1e300), period)
    with pytest.raises(MotionRefused, match="at most 128 steps of 64 axes, not 129 of 7"):
        rig.chunk(steps_of(129))
    assert rig.executor.status.state is State.IDLE


def test_undo_goes_back_to_where_a_chunk_began(rig: Rig) -> None:
    before = rig.pose
    rig.follow(steps_of(y=-0.01, rz=0.05))
    rig.until_idle()
    turned = vector_from_rotation(rig.pose[:3, :3] @ before[:3, :3].T)
    np.testing.assert_allclose(turned, (0, 0, 0.4), atol=1e-9)
    rig.executor.undo()
    rig.until_idle()
    np.testing.assert_allclose(rig.pose, before, atol=1e-8)
