"""The state machine with an arm that goes wherever it is told: what it streams and what it says."""

from __future__ import annotations

from math import pi

import numpy as np
import pytest

from roboact_ros.arms.fake import IdealArm, IdealGripper
from roboact_ros.cells.description import Cell, SafetyDescription
from roboact_ros.errors import MotionRefused
from roboact_ros.execution.commanded import STANDING
from roboact_ros.execution.executor import MOVED, STALL_NS, Executor
from roboact_ros.execution.kinematics import Kinematics
from roboact_ros.execution.limits import Limits
from roboact_ros.execution.pace import DECELERATION
from roboact_ros.execution.poses import pose_from_vector, vector_from_rotation
from roboact_ros.execution.status import PERSON, POLICY, State
from roboact_ros.execution.trajectory import ToolLimits
from roboact_ros.robots import UR5E
from roboact_ros.types import ArmMode, FloatArray, GripperState, Motion

DT = 0.002
AXES = ("x", "y", "z", "rx", "ry", "rz", "wrist", "gripper")
TOOL_SPEED = 0.25


def motion(**entries: float) -> Motion:
    action = [0.0] * 7 + [1.0]
    for axis, value in entries.items():
        action[AXES.index(axis)] = value
    phrase = ", ".join(f"{axis} {value}" for axis, value in entries.items())
    return Motion(phrase, tuple(action), phrase)  # type: ignore[arg-type]


LEFT = motion(y=0.2)
UP = motion(z=0.05)
LEFT_CYCLES = 575
CLOSE, OPEN = motion(gripper=0.0), motion(gripper=1.0)


class Rig:
    """An executor with an ideal arm and gripper, and the record of everything that was streamed."""

    def __init__(self, **safety: object) -> None:
        self.cell = Cell(name="test", safety=SafetyDescription(**safety))  # type: ignore[arg-type]
        self.kinematics = Kinematics(UR5E, pose_from_vector(*self.cell.arm.tcp))
        self.home = np.array(self.cell.arm.home)
        self.limits = Limits.from_cell(self.cell, self.kinematics)
        tool_limits = ToolLimits.from_safety(self.cell.safety)
        self.executor = Executor(self.kinematics, self.limits, tool_limits, self.home, DT)
        self.arm = IdealArm(self.home, DT)
        self.gripper = IdealGripper(reads=20)
        self.now = 1_000_000_000
        self.stream: list[FloatArray | None] = []
        self.cycle(3)

    @property
    def state(self) -> State:
        return self.executor.status.state

    @property
    def pose(self) -> FloatArray:
        return self.kinematics.forward(self.arm.q)

    def cycle(self, count: int = 1, every_ns: int = 2_000_000) -> None:
        for _ in range(count):
            self.now += every_ns
            command = self.executor.step(self.arm.read(), self.gripper.read(), self.now)
            if command.q is None:
                self.arm.halt()
            else:
                self.arm.servo(command.q)
            if command.gripper is not None:
                self.gripper.move(command.gripper)
            self.stream.append(command.q)

    def until(self, *states: State, cycles: int = 10_000) -> int:
        for count in range(cycles):
            if self.state in states:
                return count
            self.cycle()
        raise AssertionError(f"{self.executor.status} after {cycles} cycles")

    def do(self, *plan: Motion, source: str = PERSON) -> None:
        self.executor.submit(plan, source)
        self.until(State.IDLE)

    def tool_path(self) -> FloatArray:
        """Positions of the tool along everything that was streamed, one per cycle."""
        return np.array([self.kinematics.forward(q)[:3, 3] for q in self.stream if q is not None])


@pytest.fixture
def rig() -> Rig:
    return Rig()


def derivatives(path: FloatArray) -> tuple[float, float, float]:
    """Largest speed, acceleration and jerk of a path."""
    steps = [np.linalg.norm(np.diff(path, n, axis=0), axis=1).max() / DT**n for n in (1, 2, 3)]
    return steps[0], steps[1], steps[2]


def test_left_a_lot_moves_exactly_that_far_and_nothing_else(rig: Rig) -> None:
    before = rig.pose
    rig.do(LEFT)
    after = rig.pose
    np.testing.assert_allclose(after[:3, 3] - before[:3, 3], (0.0, 0.2, 0.0), atol=1e-9)
    np.testing.assert_allclose(after[:3, :3], before[:3, :3], atol=1e-9)
    assert rig.executor.status.finished == 1


def test_motions_do_not_drift(rig: Rig) -> None:
    before = rig.pose
    for _ in range(3):
        rig.do(motion(x=0.05, rz=0.2), motion(y=0.1), motion(x=-0.05), motion(y=-0.1), motion(rz=-0.2))
    np.testing.assert_allclose(rig.pose, before, atol=1e-9)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_rotations_are_right_handed_about_base_axes_through_the_tool(rig: Rig, axis: int) -> None:
    before = rig.pose
    rig.do(motion(**{AXES[3 + axis]: pi / 4}))
    turn = vector_from_rotation(rig.pose[:3, :3] @ before[:3, :3].T)
    np.testing.assert_allclose(turn, np.eye(3)[axis] * pi / 4, atol=1e-9)
    np.testing.assert_allclose(rig.pose[:3, 3], before[:3, 3], atol=1e-9)


def test_the_wrist_motion_turns_the_last_joint_only(rig: Rig) -> None:
    rig.do(motion(wrist=pi / 2))
    np.testing.assert_allclose(rig.arm.q - rig.home, (0, 0, 0, 0, 0, pi / 2), atol=1e-9)


def test_a_motion_from_rest_keeps_every_limit_of_the_tool(rig: Rig) -> None:
    rig.do(motion(x=0.1, y=-0.15, z=0.1))
    speed, acceleration, jerk = derivatives(rig.tool_path())
    assert speed <= TOOL_SPEED * 1.002
    assert acceleration <= 1.0 * 1.01
    assert jerk <= 10.0 * 1.05


@pytest.mark.parametrize("after", [5, 60, 150, 300, 500])
def test_a_correction_replaces_a_motion_without_stop_or_jolt(rig: Rig, after: int) -> None:
    rig.executor.submit([motion(y=-0.2, rz=0.5)], POLICY)
    rig.cycle(after)
    before = rig.pose
    speed_before = np.linalg.norm(np.diff(rig.tool_path()[-2:], axis=0)) / DT
    rig.executor.submit([motion(z=0.05, rx=-0.4)], PERSON)
    rig.cycle()
    assert np.linalg.norm(np.diff(rig.tool_path()[-2:], axis=0)) / DT >= speed_before - 2 * DT
    rig.until(State.IDLE)
    np.testing.assert_allclose((rig.pose[:3, 3] - before[:3, 3])[[0, 2]], (0, 0.05), atol=1e-8)
    turn = vector_from_rotation(rig.pose[:3, :3] @ before[:3, :3].T)
    np.testing.assert_allclose(turn[:2], (-0.4, 0), atol=1e-8)
    assert turn[2] >= -1e-9
    # What the new motion does not name brakes ahead; the tool does not turn back.
    assert np.diff(rig.tool_path()[:, 1]).max() <= 1e-9
    speed, acceleration, jerk = derivatives(rig.tool_path())
    assert speed <= TOOL_SPEED * 1.002
    assert acceleration <= 2.0 * 1.01
    assert jerk <= 20.0 * 1.1


def test_random_corrections_at_random_moments_never_jolt(rig: Rig) -> None:
    generator = np.random.default_rng(1)
    accepted = 0
    for _ in range(60):
        axes = generator.choice(7, size=2, replace=False)
        amounts = generator.uniform(-0.08, 0.08, 2) * np.where(axes < 3, 1.0, 4.0)
        wanted = motion(**{AXES[a]: float(v) for a, v in zip(axes, amounts, strict=True)})
        try:
            rig.executor.submit([wanted], PERSON)
            accepted += 1
        except MotionRefused:
            pass
        rig.cycle(int(generator.integers(1, 250)))
    rig.until(State.IDLE)
    assert accepted > 30
    q = np.array(rig.stream)
    limits = rig.limits.joints
    assert np.abs(np.diff(q, axis=0)).max() / DT <= limits[1].max() * 1.001
    assert np.abs(np.diff(q, 2, axis=0)).max() / DT**2 <= limits[2].max() * 1.01
    path = rig.tool_path()
    assert derivatives(path)[0] <= TOOL_SPEED * 1.002
    assert np.all(path >= rig.limits.boundary.box_low - 1e-6) and np.all(path <= rig.limits.boundary.box_high + 1e-6)


class RollingArm(IdealArm):
    """An arm that takes its time to come to rest when it is halted, without turning back."""

    def halt(self) -> None:
        self.servoing = False
        self.qd = self.qd * 0.96 if np.abs(self.qd).max() > 0.01 else np.zeros(6)
        self.q = self.q + self.qd * DT


@pytest.fixture
def rolling(rig: Rig) -> Rig:
    rig.arm = RollingArm(rig.home, DT)
    rig.cycle(3)
    return rig


@pytest.mark.parametrize("after", [3, 80, 300, 560])
def test_stop_leaves_the_arm_to_the_robot_at_once_and_for_good(rolling: Rig, after: int) -> None:
    rolling.executor.submit([LEFT, UP], PERSON)
    rolling.cycle(after)
    rolling.executor.stop()
    rolling.stream.clear()
    for _ in range(200):
        measured = np.abs(rolling.arm.qd).max()
        rolling.cycle()
        assert rolling.state is (State.HALTING if measured > STANDING else State.STOPPED)
    assert measured == 0.0
    with pytest.raises(MotionRefused, match="stopped by the person"):
        rolling.executor.submit([UP], PERSON)
    assert rolling.stream == [None] * len(rolling.stream)


def test_after_a_stop_the_arm_is_driven_from_where_it_came_to_rest(rolling: Rig) -> None:
    rolling.executor.submit([LEFT], PERSON)
    rolling.cycle(300)
    rolling.executor.stop()
    rolling.cycle(5)
    rolling.executor.resume()
    rolling.executor.submit([UP], PERSON)
    rolling.stream.clear()
    rolling.cycle(10)
    assert rolling.state is State.HALTING and rolling.stream == [None] * 10
    while rolling.stream[-1] is None:
        found = rolling.arm.q.copy()
        rolling.cycle()
    assert np.abs(rolling.stream[-1] - found).max() <= STANDING * DT
    before = rolling.kinematics.forward(found)
    rolling.stream.clear()
    rolling.until(State.IDLE)
    np.testing.assert_allclose(rolling.pose[:3, 3] - before[:3, 3], (0, 0, 0.05), atol=1e-8)
    assert derivatives(rolling.tool_path())[1] <= 1.0 * 1.01


def test_undo_after_a_stop_goes_back_however_far_the_arm_rolled(rolling: Rig) -> None:
    before = rolling.pose
    rolling.do(UP)
    rolling.executor.home()
    rolling.cycle(100)
    rolling.executor.submit([LEFT], PERSON)
    rolling.cycle(500)
    rolling.executor.stop()
    left = rolling.arm.q.copy()
    rolling.arm.qd *= 4.0
    rolling.cycle(400)
    assert np.abs(rolling.arm.q - left).max() > MOVED
    rolling.executor.resume()
    for _ in range(3):
        rolling.executor.undo()
        rolling.until(State.IDLE)
    np.testing.assert_allclose(rolling.pose, before, atol=1e-7)


def test_a_stop_before_the_gripper_was_told_leaves_it_alone_for_good(rig: Rig) -> None:
    rig.executor.submit([CLOSE], PERSON)
    rig.executor.stop()
    rig.cycle(5)
    rig.executor.resume()
    rig.cycle(100)
    assert rig.gripper.opening == 1.0 and rig.state is State.IDLE


def test_nothing_interrupted_continues_after_resume(rig: Rig) -> None:
    rig.executor.submit([LEFT, UP], PERSON)
    rig.cycle(200)
    rig.executor.stop()
    rig.cycle(400)
    q = rig.arm.q
    rig.executor.resume()
    rig.cycle(100)
    assert rig.state is State.IDLE
    np.testing.assert_array_equal(rig.arm.q, q)


def test_a_person_beats_the_policy_and_not_the_other_way_round(rig: Rig) -> None:
    rig.executor.submit([LEFT], POLICY)
    rig.cycle(100)
    rig.executor.submit([UP], PERSON)
    rig.cycle()
    assert rig.executor.status.source == PERSON
    with pytest.raises(MotionRefused, match="a person's motion runs"):
        rig.executor.submit([LEFT], POLICY)
    rig.until(State.IDLE)
    rig.executor.submit([UP], POLICY)
    rig.cycle()
    assert rig.executor.status.source == POLICY


def test_undo_goes_back_step_by_step(rig: Rig) -> None:
    poses = [rig.pose]
    plan = [LEFT, motion(rz=0.5), motion(wrist=-1.0), UP]
    for step in plan:
        rig.do(step)
        poses.append(rig.pose)
    for pose in reversed(poses[:-1]):
        rig.executor.undo()
        rig.until(State.IDLE)
        np.testing.assert_allclose(rig.pose, pose, atol=1e-8)
    with pytest.raises(MotionRefused, match="nothing to undo"):
        rig.executor.undo()
    np.testing.assert_allclose(rig.arm.q, rig.home, atol=1e-7)


@pytest.mark.parametrize("after", [50, 250])
def test_undo_of_a_running_motion_goes_back_to_its_start(rig: Rig, after: int) -> None:
    before = rig.pose
    rig.executor.submit([motion(y=0.2, wrist=0.5)], PERSON)
    rig.cycle(after)
    rig.executor.undo()
    rig.until(State.IDLE)
    np.testing.assert_allclose(rig.pose, before, atol=1e-8)
    assert derivatives(rig.tool_path())[1] <= 2.0


@pytest.mark.parametrize("degrees", [-270.0, -200.0, 180.0, 300.0])
def test_undo_turns_back_as_it_came(rig: Rig, degrees: float) -> None:
    before = rig.arm.q.copy()
    before[5] = 0.0  # there is room for the whole turn either way
    rig.arm.q = before.copy()
    rig.executor.stop()
    rig.cycle(3)
    rig.executor.resume()
    rig.do(motion(rz=np.radians(degrees)))
    assert abs(rig.arm.q[5] - before[5]) == pytest.approx(abs(np.radians(degrees)), abs=1e-6)
    rig.executor.undo()
    rig.until(State.IDLE)
    np.testing.assert_allclose(rig.arm.q, before, atol=1e-6)


@pytest.mark.parametrize("after", [0, 1, 15])
def test_stop_stops_the_fingers_too_and_once(rig: Rig, after: int) -> None:
    rig.executor.submit([CLOSE], PERSON)
    rig.cycle(after)
    rig.executor.stop()
    commands = [rig.executor.step(rig.arm.read(), rig.gripper.read(), rig.now + k) for k in range(1, 4)]
    assert [command.halt_gripper for command in commands] == [True, False, False]
    assert all(command.gripper is None for command in commands)


def test_undo_twice_in_a_row_walks_back_two_steps(rig: Rig) -> None:
    before = rig.pose
    rig.do(UP)
    rig.do(LEFT)
    rig.executor.undo()
    rig.cycle(100)
    rig.executor.undo()
    rig.until(State.IDLE)
    np.testing.assert_allclose(rig.pose, before, atol=1e-8)


def test_an_interrupted_undo_can_be_undone_again(rig: Rig) -> None:
    before = rig.pose
    rig.do(LEFT)
    rig.executor.undo()
    rig.cycle(200)
    rig.executor.stop()
    rig.cycle(400)
    rig.executor.resume()
    rig.cycle(2)
    rig.executor.undo()
    rig.until(State.IDLE)
    np.testing.assert_allclose(rig.pose, before, atol=1e-8)


def test_undo_moves_the_gripper_back_too(rig: Rig) -> None:
    rig.do(CLOSE)
    assert rig.gripper.opening == 0.0
    rig.executor.undo()
    rig.until(State.IDLE)
    assert rig.gripper.opening == 1.0


def test_the_next_step_waits_for_the_gripper(rig: Rig) -> None:
    rig.executor.submit([CLOSE, UP], PERSON)
    before = rig.pose
    rig.cycle(15)
    np.testing.assert_array_equal(rig.pose, before)
    rig.until(State.IDLE)
    assert rig.executor.status.finished == 2


def test_a_gripper_that_never_reports_gives_up_with_a_reason(rig: Rig) -> None:
    rig.gripper = IdealGripper(reads=1_000_000)
    rig.executor.submit([CLOSE, UP], PERSON)
    rig.until(State.IDLE)
    assert "gripper" in rig.executor.status.reason
    assert rig.executor.status.finished == 0


class Unreachable(IdealGripper):
    """A gripper that can be out of reach; what is said to it then is lost."""

    reached = True

    def move(self, opening: float) -> None:
        if self.reached:
            super().move(opening)

    def read(self) -> GripperState | None:  # type: ignore[override]
        return super().read() if self.reached else None


def test_a_gripper_that_is_found_in_time_is_told_then_and_not_before(rig: Rig) -> None:
    rig.gripper = gripper = Unreachable(reads=20)
    gripper.reached = False
    rig.executor.submit([CLOSE, UP], PERSON)
    before = rig.pose
    rig.cycle(100)
    gripper.reached = True
    rig.cycle(15)
    assert gripper.opening == 0.0
    np.testing.assert_array_equal(rig.pose, before)
    rig.until(State.IDLE)
    assert rig.executor.status.finished == 2


def test_a_plan_ends_when_the_gripper_is_lost_on_the_way(rig: Rig) -> None:
    rig.gripper = gripper = Unreachable(reads=20)
    rig.executor.submit([CLOSE, UP], PERSON)
    rig.cycle(5)
    gripper.reached = False
    rig.cycle(5)
    gripper.reached = True
    before = rig.pose
    rig.until(State.IDLE)
    assert "the gripper was lost" in rig.executor.status.reason and rig.executor.status.finished == 0
    np.testing.assert_array_equal(rig.pose, before)


def test_a_gripper_that_is_not_found_is_not_told_late(rig: Rig) -> None:
    rig.gripper = gripper = Unreachable(reads=20)
    gripper.reached = False
    rig.executor.submit([CLOSE], PERSON)
    rig.cycle(5)
    rig.executor.submit([UP], PERSON)
    gripper.reached = True
    rig.until(State.IDLE)
    assert gripper.opening == 1.0 and rig.executor.status.finished == 1
    gripper.reached = False
    rig.executor.submit([CLOSE], PERSON)
    rig.until(State.IDLE)
    assert "did not report an end" in rig.executor.status.reason
    gripper.reached = True
    rig.cycle(5)
    assert gripper.opening == 1.0


@pytest.mark.parametrize("source", [PERSON, POLICY])
def test_home_reaches_the_home_joints_within_the_tool_limits(rig: Rig, source: str) -> None:
    rig.do(LEFT, motion(rz=0.6), motion(z=-0.1))
    rig.stream.clear()
    rig.executor.home(source)
    rig.until(State.IDLE)
    np.testing.assert_allclose(rig.arm.q, rig.home, atol=1e-9)
    assert derivatives(rig.tool_path())[0] <= TOOL_SPEED * 1.002


def test_a_correction_during_home_comes_after_a_halt(rig: Rig) -> None:
    rig.do(LEFT, motion(rz=0.6))
    rig.executor.home()
    rig.cycle(400)
    rig.executor.submit([UP], PERSON)
    rig.cycle(75)
    before = rig.pose
    rig.until(State.IDLE)
    assert rig.pose[2, 3] - before[2, 3] == pytest.approx(0.05, abs=1e-3)
    assert np.abs(np.diff(np.array(rig.stream), 2, axis=0)).max() / DT**2 <= rig.limits.joints[2].max()


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (motion(y=5.0), "reach"),
        (motion(y=0.28), "workspace box"),
        (motion(z=-0.5), "."),
        (motion(x=float("nan")), "not finite"),
        (motion(gripper=float("nan")), "not finite"),
        (motion(wrist=float("inf")), "not finite"),
    ],
)
def test_bad_motions_are_refused_with_a_reason_and_the_arm_stays(rig: Rig, bad: Motion, words: str) -> None:
    with pytest.raises(MotionRefused, match=words):
        rig.executor.submit([bad], PERSON)
    assert rig.executor.status.refused
    rig.cycle(50)
    np.testing.assert_array_equal(rig.arm.q, rig.home)
    rig.do(UP)
    assert not rig.executor.status.refused


def test_a_plan_is_refused_as_a_whole_when_a_later_step_is_not_possible(rig: Rig) -> None:
    with pytest.raises(MotionRefused, match="workspace box"):
        rig.executor.submit([motion(y=0.2), motion(y=0.2)], PERSON)
    rig.cycle(50)
    np.testing.assert_array_equal(rig.arm.q, rig.home)


def test_a_correction_at_the_edge_of_the_box_is_carried_out_after_a_stop(rig: Rig) -> None:
    rig.do(motion(y=0.07))
    rig.executor.submit([motion(y=0.2)], PERSON)
    rig.cycle(420)
    rig.executor.submit([motion(x=-0.05)], PERSON)
    before = rig.pose
    rig.until(State.IDLE)
    assert before[0, 3] - rig.pose[0, 3] == pytest.approx(0.05, abs=1e-9)
    assert rig.tool_path()[:, 1].max() <= rig.limits.boundary.box_high[1] + 1e-6


def test_a_refused_correction_leaves_the_running_motion_alone(rig: Rig) -> None:
    before = rig.pose
    rig.executor.submit([LEFT], PERSON)
    rig.cycle(100)
    with pytest.raises(MotionRefused):
        rig.executor.submit([motion(x=3.0)], PERSON)
    rig.until(State.IDLE)
    np.testing.assert_allclose(rig.pose[:3, 3] - before[:3, 3], (0, 0.2, 0), atol=1e-9)


def test_a_lost_camera_holds_the_arm_and_it_recovers_by_itself(rig: Rig) -> None:
    rig.executor.submit([LEFT], PERSON)
    rig.cycle(200)
    rig.executor.hold("camera", "camera front: no image for 1.6 s")
    rig.cycle(400)
    assert rig.state is State.HOLDING
    assert rig.executor.status.reason == "camera front: no image for 1.6 s"
    for call in (rig.executor.home, rig.executor.undo, lambda: rig.executor.submit([UP], PERSON)):
        with pytest.raises(MotionRefused, match="camera front"):
            call()
    q = rig.arm.q
    rig.executor.release("camera")
    rig.cycle(50)
    np.testing.assert_array_equal(rig.arm.q, q)
    assert rig.state is State.IDLE
    rig.do(UP)


@pytest.mark.parametrize("mode", [mode for mode in ArmMode if mode is not ArmMode.RUNNING])
def test_after_any_fault_the_arm_is_driven_from_where_it_is(rig: Rig, mode: ArmMode) -> None:
    rig.executor.submit([LEFT, UP], PERSON)
    rig.cycle(200)
    rig.arm.mode = mode
    rig.cycle(10)
    assert rig.stream[-1] is None
    assert mode.value in rig.executor.status.reason
    with pytest.raises(MotionRefused, match=mode.value):
        rig.executor.submit([UP], PERSON)
    rig.arm.q = rig.arm.q + 0.3  # somebody moved it meanwhile
    rig.arm.mode = ArmMode.RUNNING
    found = rig.arm.q.copy()
    rig.cycle(100)
    np.testing.assert_array_equal(rig.arm.q, found)
    assert rig.state is State.IDLE
    with pytest.raises(MotionRefused, match="nothing to undo"):
        rig.executor.undo()


def test_an_arm_moved_by_hand_while_paused_stays_where_it_was_put(rig: Rig) -> None:
    rig.do(UP)
    rig.executor.pause()
    rig.cycle(400)
    assert rig.stream[-1] is None
    rig.arm.q = rig.arm.q + 2 * MOVED
    found = rig.arm.q.copy()
    rig.executor.resume()
    rig.cycle(100)
    np.testing.assert_array_equal(rig.arm.q, found)
    before = rig.pose
    rig.do(UP)
    np.testing.assert_allclose(rig.pose[:3, 3] - before[:3, 3], (0, 0, 0.05), atol=1e-9)


def test_after_a_stalled_loop_the_motion_is_not_continued(rig: Rig) -> None:
    rig.executor.submit([LEFT], PERSON)
    rig.cycle(200)
    rig.cycle(1, every_ns=STALL_NS + 1)
    rig.until(State.IDLE)
    q = rig.arm.q
    rig.cycle(100)
    np.testing.assert_array_equal(rig.arm.q, q)
    assert "stood still" in rig.executor.status.reason


def test_done_brings_the_arm_to_rest_and_leaves_it_idle(rig: Rig) -> None:
    rig.executor.submit([LEFT, UP], PERSON)
    rig.cycle(200)
    rig.executor.done()
    rig.cycle(100)
    assert rig.state is State.IDLE
    rig.do(UP)


def test_a_motion_asked_for_while_halting_is_carried_out(rig: Rig) -> None:
    rig.executor.submit([LEFT], PERSON)
    rig.cycle(200)
    rig.executor.done()
    rig.cycle(20)
    before = rig.pose
    rig.executor.submit([UP], PERSON)
    rig.until(State.IDLE)
    np.testing.assert_allclose((rig.pose[:3, 3] - before[:3, 3])[[0, 2]], (0, 0.05), atol=1e-8)
    assert np.diff(rig.tool_path()[:, 1]).min() >= -1e-9
    assert derivatives(rig.tool_path())[1] <= 1.0 + TOOL_SPEED * DECELERATION


def test_the_speed_slider_of_the_robot_slows_the_motion_down(rig: Rig) -> None:
    rig.arm.speed_scaling = 0.5
    before = rig.pose
    rig.executor.submit([LEFT], PERSON)
    assert rig.until(State.IDLE) > 2 * LEFT_CYCLES * 0.9
    np.testing.assert_allclose(rig.pose[:3, 3] - before[:3, 3], (0, 0.2, 0), atol=1e-9)


def test_an_arm_that_does_not_follow_is_halted(rig: Rig) -> None:
    rig.executor.submit([LEFT], PERSON)
    rig.cycle(100)
    stuck = rig.arm.q.copy()
    for _ in range(3000):
        rig.cycle()
        rig.arm.q = stuck.copy()  # blocked by something
    assert rig.state is State.IDLE
    assert rig.executor.status.reason
    assert np.abs(np.diff(np.array([q for q in rig.stream if q is not None]), axis=0)).max() < 0.36
