"""Two arms in one executor: in step at every moment, within their limits, apart, and never one without the other."""

from __future__ import annotations

import gc

import numpy as np
import pytest

from roboact_ros.arms.fake import IdealArm, IdealGripper
from roboact_ros.cells.arm_description import ARMS
from roboact_ros.cells.description import Cell
from roboact_ros.cells.load import load_cell
from roboact_ros.errors import ConfigurationError, MotionRefused
from roboact_ros.execution.anticipation import CYCLES, Anticipation
from roboact_ros.execution.chunk_trajectory import LARGEST_TURN
from roboact_ros.execution.collision import gap_between
from roboact_ros.execution.dual_executor import DualExecutor
from roboact_ros.execution.executor import Executor
from roboact_ros.execution.kinematics import Kinematics
from roboact_ros.execution.limits import Limits
from roboact_ros.execution.neighbour import Shape
from roboact_ros.execution.one_of_two import OneOfTwo
from roboact_ros.execution.poses import pose_from_vector
from roboact_ros.execution.status import PERSON, POLICY, State
from roboact_ros.execution.trajectory import ToolLimits
from roboact_ros.language.vocabulary import PRIMITIVES
from roboact_ros.robots import UR5E
from roboact_ros.types import CHUNK_AXES, ActionChunk, ArmMode, FloatArray

DT = 0.002
LEFT, RIGHT = 0, 1
AXES = tuple(f"{arm}/{axis}" for arm in ARMS for axis in CHUNK_AXES)
WIDE = "safety.workspace_y:=[-0.7, 0.7]"
UP, LEFTWARDS, RIGHTWARDS = (
    next(motion for motion in PRIMITIVES if motion.phrase == phrase)
    for phrase in (
        "raise the arm up by five centimeters",
        "move the arm to the left by ten centimeters",
        "move the arm to the right by ten centimeters",
    )
)


class Rig:
    """Both arms, ideal, and the record of everything that was streamed."""

    def __init__(self, *overrides: str) -> None:
        self.cell: Cell = load_cell("clap_dual_ur5", overrides)
        self.executors: dict[str, Executor] = {}
        self.arms: list[IdealArm] = []
        for name in ARMS:
            cell = self.cell.of_arm(name)
            kinematics = Kinematics(UR5E, pose_from_vector(*cell.arm.tcp))
            home, tool_limits = np.array(cell.arm.home), ToolLimits.from_safety(cell.safety)
            self.executors[name] = Executor(kinematics, Limits.from_cell(cell, kinematics), tool_limits, home, DT)
            self.arms.append(IdealArm(home, DT))
        self.kinematics, self.home = kinematics, home
        self.both = DualExecutor.from_cell(self.cell, self.executors)
        self.grippers = [IdealGripper(reads=20), IdealGripper(reads=20)]
        self.limits = self.executors["left"].limits.joints
        self.now = 1_000_000_000
        self.stream: list[list[FloatArray]] = [[], []]
        self.times: list[tuple[float, float]] = []
        self.cycle(3)

    def cycle(self, count: int = 1) -> None:
        for _ in range(count):
            self.now += round(DT * 1e9)
            commands = self.both.step(
                [arm.read() for arm in self.arms], [gripper.read() for gripper in self.grippers], self.now
            )
            for arm, gripper, command, stream in zip(self.arms, self.grippers, commands, self.stream, strict=True):
                if command.q is None:
                    arm.halt()
                else:
                    arm.servo(command.q)
                    stream.append(command.q)
                if command.gripper is not None:
                    gripper.move(command.gripper)
            self.times.append(self.both.times)

    def until_idle(self) -> None:
        for _ in range(20_000):
            if self.both.status.state is State.IDLE:
                return
            self.cycle()
        raise AssertionError(self.both.status)

    def chunk(self, left: FloatArray, right: FloatArray, period: float = 0.1, age: float = 0.0) -> ActionChunk:
        return ActionChunk(AXES, np.hstack((left, right)), round(period * 1e9), self.now - round(age * 1e9))

    def follow(self, left: FloatArray, right: FloatArray, period: float = 0.1, age: float = 0.0) -> None:
        self.both.follow(self.chunk(left, right, period, age), POLICY)

    def one(self, name: str) -> OneOfTwo:
        return OneOfTwo(self.both, name)

    def tool(self, arm: int) -> FloatArray:
        return self.kinematics.forward(self.arms[arm].q)[:3, 3]

    def tools(self, arm: int) -> FloatArray:
        return np.array([self.kinematics.forward(q)[:3, 3] for q in self.stream[arm]])

    def check_limits(self) -> None:
        """Nothing that was streamed leaps, is too fast or accelerates too hard."""
        for stream in self.stream:
            q = np.array(stream)
            assert (np.abs(np.diff(q, axis=0)).max(axis=0) / DT <= self.limits[1] * 1.002).all()
            assert (np.abs(np.diff(q, 2, axis=0)).max(axis=0) / DT**2 <= self.limits[2] * 1.01).all()
            path = np.array([self.kinematics.forward(q)[:3, 3] for q in stream])
            assert np.linalg.norm(np.diff(path, axis=0), axis=1).max() / DT <= 0.25 * 1.003

    def gap(self) -> float:
        poses = [self.cell.arms[name].pose_base_in_cell for name in ARMS]  # type: ignore[index]
        offsets = self.executors["left"].limits.boundary.offsets
        shapes = [Shape("", self.kinematics, offsets, pose_from_vector(*pose)) for pose in poses]
        one, other = (shape.capsules_in_cell(arm.q) for shape, arm in zip(shapes, self.arms, strict=True))
        return gap_between(one, other)[0]


def steps(count: int = 8, gripper: float = 1.0, **axes: float) -> FloatArray:
    row = [axes.get(axis, 0.0) for axis in CHUNK_AXES[:-1]]
    return np.tile(np.array([*row, gripper]), (count, 1))


@pytest.fixture
def rig() -> Rig:
    return Rig()


def test_both_arms_go_where_their_steps_lead_in_step(rig: Rig) -> None:
    before = [rig.tool(arm) for arm in (LEFT, RIGHT)]
    rig.follow(steps(z=0.01), steps(x=-0.004, y=-0.01))
    assert rig.both.status.motion == "chunk of 8 steps" and rig.both.status.state is State.MOVING
    rig.until_idle()
    np.testing.assert_allclose(rig.tool(LEFT) - before[LEFT], [0.0, 0.0, 0.08], atol=1e-9)
    np.testing.assert_allclose(rig.tool(RIGHT) - before[RIGHT], [-0.032, -0.08, 0.0], atol=1e-9)
    assert np.abs(np.diff(rig.times, axis=1)).max() == 0.0
    rig.check_limits()


def test_the_slower_arm_sets_the_pace_of_every_step(rig: Rig) -> None:
    """The right arm would have to be twice as fast as it may; at every moment both have done the same share."""
    rig.follow(steps(y=0.005), steps(x=-0.01, y=-0.05), period=0.1)
    rig.until_idle()
    paths = [rig.tools(arm) for arm in (LEFT, RIGHT)]
    shares = [np.linalg.norm(path - path[0], axis=1) / np.linalg.norm(path[-1] - path[0]) for path in paths]
    assert np.abs(shares[LEFT] - shares[RIGHT]).max() < 1e-6
    rig.check_limits()


def test_an_arm_that_is_slowed_down_slows_down_the_other(rig: Rig) -> None:
    rig.follow(steps(z=0.01), steps(z=0.01))
    rig.arms[RIGHT].speed_scaling = 0.3
    for _ in range(1000):
        rig.cycle()
        left, right = rig.both.times
        assert right <= left + 1e-12 and left - right <= DT + 1e-12
    rig.until_idle()
    rig.check_limits()


def test_a_policy_that_thinks_for_100_ms_starves_no_cycle_and_leaves_no_seam(rig: Rig) -> None:
    """A new chunk every 200 ms, for an image 100 ms old, while the one before still runs."""
    turn = np.pi / 8
    for number in range(14):
        way = [0.012 * np.cos(turn * number), 0.012 * np.sin(turn * number)]
        rig.follow(steps(x=-way[0], z=way[1]), steps(x=-way[1], y=-0.2 * way[0], z=way[0]), age=0.1 if number else 0.0)
        for _ in range(100):
            rig.cycle()
            assert rig.both.status.state is State.MOVING, "a cycle without anything to do"
    rig.until_idle()
    for arm in (LEFT, RIGHT):
        moving = np.linalg.norm(np.diff(rig.tools(arm)[50:1400], axis=0), axis=1) / DT
        assert moving.min() > 0.0
        assert np.abs(np.diff(moving)).max() / DT < 1.5  # [m/s^2]: no jolt at a seam
    assert np.abs(np.diff(rig.times, axis=1)).max() <= DT
    assert not rig.both.status.refused
    rig.check_limits()


def test_a_chunk_that_leads_out_of_the_limits_leaves_what_runs_as_it_is(rig: Rig) -> None:
    before = [rig.tool(arm) for arm in (LEFT, RIGHT)]
    rig.follow(steps(z=0.01), steps(z=0.01))
    rig.cycle(50)
    rig.follow(steps(z=0.01), steps(rz=0.6))
    rig.cycle(CYCLES)
    assert "would turn the tool" in rig.both.status.refused and rig.both.status.state is State.MOVING
    rig.follow(steps(z=0.01), steps(rz=0.6))
    assert not rig.both.status.refused, "what is being planned is not refused yet"
    rig.cycle(CYCLES)
    assert "would turn the tool" in rig.both.status.refused
    rig.until_idle()
    for arm in (LEFT, RIGHT):
        np.testing.assert_allclose(rig.tool(arm) - before[arm], [0.0, 0.0, 0.08], atol=1e-9)


@pytest.mark.parametrize("before", [200, CYCLES // 2, 0])
def test_a_grasp_at_the_end_of_what_runs_outlives_a_chunk_that_is_refused(before: int) -> None:
    up = np.tile([0.0, 0.0, 0.01, 0.0, 0.0, 0.0, 1.0], (8, 1))
    grasp = up.copy()
    grasp[5:, 6] = 0.0
    rig, cycles = Rig(), 0
    rig.follow(grasp, up)
    while not rig.grippers[LEFT].read().moving:
        rig.cycle()
        cycles += 1
    rig = Rig()
    begun = rig.tool(RIGHT)[2]
    rig.follow(grasp, up)
    rig.cycle(cycles - 3 - before)  # so long before the arms stand for the gripper, or nearly so
    rig.follow(steps(rz=0.6), up)
    rig.until_idle()
    assert "would turn the tool" in rig.both.status.refused
    assert rig.grippers[LEFT].read().opening < 0.1 and rig.grippers[RIGHT].read().opening > 0.9
    assert rig.tool(RIGHT)[2] - begun == pytest.approx(0.08, abs=1e-3)
    rig.check_limits()


@pytest.mark.parametrize("before", [CYCLES, CYCLES // 2, 2])
def test_arms_that_come_to_rest_while_the_next_chunk_is_planned_are_not_idle(before: int) -> None:
    rig, cycles = Rig(), 0
    rig.follow(steps(z=0.01), steps(z=0.01))
    while rig.both.status.state is State.MOVING:
        rig.cycle()
        cycles += 1
    rig = Rig()
    begun = rig.tool(LEFT)[2]
    rig.follow(steps(z=0.01), steps(z=0.01))
    rig.cycle(cycles - before)
    rig.follow(steps(z=0.01), steps(z=0.01))
    for _ in range(2 * CYCLES):
        rig.cycle()
        assert rig.both.status.state is State.MOVING and rig.both.status.source == POLICY
    rig.until_idle()
    assert rig.tool(LEFT)[2] - begun == pytest.approx(0.16, abs=1e-3)
    rig.check_limits()


def test_a_chunk_that_is_still_being_planned_is_withdrawn_by_a_stop(rig: Rig) -> None:
    rig.follow(steps(z=0.01), steps(z=0.01))
    rig.cycle(50)
    rig.follow(steps(z=0.01), steps(z=0.01))
    with pytest.raises(MotionRefused, match="still being planned"):
        rig.cycle()
        rig.follow(steps(z=0.01), steps(z=0.01))
    rig.both.done()
    rig.until_idle()
    held = [arm.q for arm in rig.arms]
    rig.cycle(2 * CYCLES)
    assert np.array_equal(held, [arm.q for arm in rig.arms])


def test_nothing_is_left_of_withdrawn_chunks_where_garbage_is_not_collected(rig: Rig) -> None:
    """As in the servo process."""
    steady = steps(z=0.002)
    rig.follow(steady, steady)
    rig.cycle(30)

    def plans() -> int:
        return sum(isinstance(one, Anticipation) for one in gc.get_objects())

    gc.collect()
    gc.disable()
    try:
        before = plans()
        for _ in range(3):
            rig.follow(steady, steady)
            rig.cycle(3)
            rig.one("left").submit([UP], PERSON)
            rig.both.done()
            rig.until_idle()
            rig.cycle()
            rig.follow(steady, steady)
            rig.cycle(30)
        assert plans() == before
    finally:
        gc.enable()


@pytest.mark.parametrize("arm", [LEFT, RIGHT])
@pytest.mark.parametrize("mode", [ArmMode.PROTECTIVE_STOP, ArmMode.EMERGENCY_STOP, ArmMode.FREEDRIVE])
def test_what_stops_one_arm_stops_the_other_and_nothing_goes_on(rig: Rig, arm: int, mode: ArmMode) -> None:
    rig.follow(steps(z=0.01), steps(z=0.01))
    rig.cycle(200)
    rig.arms[arm].mode = mode
    rig.cycle()
    assert not rig.arms[1 - arm].servoing, "the other arm was not halted in the same cycle"
    rig.cycle()
    status = rig.both.status
    assert status.state is State.HOLDING and status.reason == f"{ARMS[arm]} arm: {mode.value}"
    with pytest.raises(MotionRefused, match=f"{ARMS[arm]} arm: {mode.value}|the robot: {mode.value}"):
        rig.follow(steps(z=0.01), steps(z=0.01))
    with pytest.raises(MotionRefused, match="not now"):
        rig.one(ARMS[1 - arm]).submit([UP], PERSON)
    held = [rig.tool(arm) for arm in (LEFT, RIGHT)]
    rig.arms[arm].mode = ArmMode.RUNNING
    rig.cycle(500)
    np.testing.assert_allclose([rig.tool(arm) for arm in (LEFT, RIGHT)], held, atol=1e-9)
    rig.follow(steps(z=0.01), steps(z=0.01))
    rig.until_idle()
    assert rig.tool(1 - arm)[2] == pytest.approx(held[1 - arm][2] + 0.08, abs=1e-9)


def test_a_stop_stops_both_until_resume(rig: Rig) -> None:
    rig.follow(steps(z=0.01), steps(z=0.01))
    rig.cycle(100)
    rig.both.stop()
    rig.cycle(2)
    assert not any(arm.servoing for arm in rig.arms) and rig.both.status.state is State.STOPPED
    assert rig.both.status.reason == "stopped by the person; resume to go on"
    rig.arms[LEFT].mode = ArmMode.LOCAL
    rig.both.hold("camera", "camera head: no image yet")
    rig.cycle(2)
    reasons = rig.both.status.reason.split("; ")
    assert reasons[0] == "left arm: local mode" and len(reasons) == len(set(reasons))
    rig.arms[LEFT].mode = ArmMode.RUNNING
    rig.both.release("camera")
    rig.both.resume()
    rig.cycle(100)
    assert rig.both.status.state is State.IDLE
    with pytest.raises(MotionRefused, match="too early"):
        rig.follow(steps(z=0.01), steps(z=0.01), age=0.3)


@pytest.mark.parametrize("arm", [LEFT, RIGHT])
def test_a_step_that_is_refused_on_the_way_halts_both(rig: Rig, arm: int) -> None:
    rig.follow(steps(z=0.01), steps(z=0.01))
    rig.cycle(150)
    rig.arms[arm].q = rig.arms[arm].q + 1.0  # it was pushed away: following its target would be a leap
    rig.cycle(200)
    status = rig.both.status
    assert f"{ARMS[arm]} arm: a leap" in status.reason and rig.both.status.state is not State.MOVING
    assert np.linalg.norm(np.diff(rig.tools(1 - arm)[-20:], axis=0), axis=1).max() == 0.0


def test_a_gripper_that_changes_is_waited_for_by_both(rig: Rig) -> None:
    left, right = steps(z=0.005), steps(z=0.01)
    left[3:, 6] = 0.0
    rig.follow(left, right)
    waited = 0
    for _ in range(3000):
        rig.cycle()
        gripping = rig.grippers[LEFT].read().moving
        waited += gripping
        if gripping:
            assert np.array_equal(rig.stream[RIGHT][-1], rig.stream[RIGHT][-2])
    rig.until_idle()
    assert waited and rig.grippers[LEFT].opening == 0.0 and rig.grippers[RIGHT].opening == 1.0
    np.testing.assert_allclose(rig.tools(RIGHT)[-1] - rig.tools(RIGHT)[0], [0.0, 0.0, 0.08], atol=1e-9)


def test_arms_that_would_meet_are_refused_beforehand_with_what_would_meet() -> None:
    rig = Rig(WIDE)
    before = rig.gap()
    with pytest.raises(MotionRefused, match=r"too near: the \w.* of the left arm and the .* of the right arm would be"):
        rig.follow(steps(20, y=-0.02), steps(20, y=0.015), period=0.2)
    assert rig.both.status.state is State.IDLE and rig.gap() == before


def test_arms_that_are_inside_each_other_at_home_are_refused() -> None:
    """They may move apart, which would allow them nearly anything."""
    says = r"at home, the [\w ]+ of the left arm and the [\w ]+ of the right arm would overlap by 0\.\d+ m"
    with pytest.raises(ConfigurationError, match=says):
        Rig("arms.right.pose_base_in_cell:=[0.55, 0.13, 0, 0, 0, 0]")


def test_every_cycle_keeps_the_arms_apart_whatever_was_planned() -> None:
    """Each arm may go where it is asked to while the other stays; both at once would meet."""
    rig = Rig(WIDE)
    rig.follow(steps(10, y=-0.02), steps(10, y=0.02))
    rig.until_idle()
    rig.one("left").submit([RIGHTWARDS], PERSON)
    rig.one("right").submit([LEFTWARDS], PERSON)
    smallest = rig.gap()
    for _ in range(500):
        rig.cycle()
        smallest = min(smallest, rig.gap())
    clearance = rig.cell.safety.arm_clearance
    assert clearance - 0.01 < smallest < clearance + 0.001, "only the way it takes to brake is overrun"
    assert "too near: the " in rig.both.status.reason and rig.both.status.state is State.IDLE
    with pytest.raises(MotionRefused, match="too near"):
        rig.one("left").submit([RIGHTWARDS], PERSON)
    rig.both.home()
    rig.until_idle()
    np.testing.assert_allclose([arm.q for arm in rig.arms], [rig.home] * 2, atol=1e-9)


def test_words_move_one_arm_and_beat_a_chunk_on_both(rig: Rig) -> None:
    rig.follow(steps(z=0.01), steps(z=0.01))
    rig.cycle(200)
    rig.one("left").submit([UP], PERSON)
    assert rig.both.statuses["left"].source == PERSON
    with pytest.raises(MotionRefused, match="a person's motion runs"):
        rig.follow(steps(z=0.01), steps(z=0.01))
    rig.cycle(200)
    assert np.array_equal(rig.stream[RIGHT][-1], rig.stream[RIGHT][-2]), "the right arm went on alone"
    rig.until_idle()
    rig.check_limits()


def test_words_that_name_no_arm_are_refused(rig: Rig) -> None:
    for ask in (lambda: rig.both.submit([UP], PERSON), lambda: rig.both.undo(PERSON)):
        with pytest.raises(MotionRefused, match="say which arm is meant: left or right"):
            ask()
    assert "which arm" in rig.both.status.refused


def test_a_chunk_for_one_arm_or_with_a_bad_number_moves_nothing(rig: Rig) -> None:
    with pytest.raises(MotionRefused, match="lacks the axes left/x"):
        rig.both.follow(ActionChunk(CHUNK_AXES, steps(), 10**8, rig.now), POLICY)
    bad = steps()
    bad[3, 0] = np.nan
    with pytest.raises(MotionRefused, match="finite"):
        rig.follow(steps(z=0.01), bad)
    rig.cycle()
    with pytest.raises(MotionRefused, match="right arm: .*workspace"):
        rig.follow(steps(z=0.01), steps(z=-0.1))
    rig.cycle(50)
    assert rig.both.status.state is State.IDLE
    np.testing.assert_allclose([arm.q for arm in rig.arms], [rig.home] * 2)


def test_an_arm_that_is_undone_leaves_the_other_where_it_is(rig: Rig) -> None:
    rig.one("right").submit([UP], PERSON)
    rig.until_idle()
    rig.one("right").undo(PERSON)
    rig.until_idle()
    np.testing.assert_allclose([arm.q for arm in rig.arms], [rig.home] * 2, atol=1e-6)


def test_an_undo_that_would_bring_the_arms_together_is_refused_and_both_go_on_in_step() -> None:
    rig = Rig(WIDE)
    rig.follow(steps(12, y=-0.02), steps(12, y=0.02))
    rig.until_idle()
    rig.follow(steps(10, y=0.02), steps(10, y=0.02))
    while rig.both.status.progress < 0.8:
        rig.cycle()
    with pytest.raises(MotionRefused, match="too near"):
        rig.one("left").undo(PERSON)  # the right arm is where the left one would go back to
    assert "too near" in rig.both.status.refused
    rig.arms[RIGHT].speed_scaling = 0.2
    before = len(rig.times)
    rig.cycle(50)
    assert np.abs(np.diff(rig.times[before:], axis=1)).max() <= DT + 1e-12
    assert all(status.state is State.MOVING for status in rig.both.statuses.values())
    rig.arms[RIGHT].speed_scaling = 1.0
    rig.until_idle()
    rig.check_limits()


def test_a_chunk_that_is_refused_when_its_moment_has_come_leaves_the_arms_in_step() -> None:
    """It would turn the tool just as far as it may from where they are expected, and they are held up on the way."""
    rig = Rig()
    rig.follow(steps(10, rz=0.05), steps(10, rz=0.05))
    rig.cycle(150)
    soon = [executor.ahead(CYCLES * DT) for executor in rig.executors.values()]
    assert soon[LEFT] is not None
    ahead = rig.kinematics.forward(soon[LEFT].q)[:3, :3] @ rig.kinematics.forward(rig.arms[LEFT].q)[:3, :3].T
    turn = (np.arccos((np.trace(ahead) - 1.0) / 2.0) + LARGEST_TURN - 0.002) / 26
    rig.follow(steps(26, rz=turn), steps(26, rz=turn), period=turn / 0.4)
    rig.arms[RIGHT].speed_scaling = 0.0
    rig.cycle(CYCLES)
    assert "left arm: " in rig.both.status.refused and "would turn the tool" in rig.both.status.refused
    rig.arms[RIGHT].speed_scaling = 0.2
    before = len(rig.times)
    rig.cycle(100)
    assert np.abs(np.diff(rig.times[before:], axis=1)).max() <= DT + 1e-12
    assert rig.both.status.state is State.MOVING
    rig.arms[RIGHT].speed_scaling = 1.0
    rig.until_idle()
    rig.check_limits()


def test_a_chunk_from_the_future_is_refused_by_arms_that_have_just_been_released(rig: Rig) -> None:
    rig.both.stop()
    rig.cycle(50)
    rig.both.resume()
    with pytest.raises(MotionRefused, match="stamped 3600.0 s ahead"):
        rig.follow(steps(z=0.01), steps(z=0.01), age=-3600.0)
    rig.cycle()
    rig.follow(steps(z=0.01), steps(z=0.01))
    assert rig.both.status.state is State.MOVING


@pytest.mark.parametrize("scaling", [0.1, 0.0])
@pytest.mark.parametrize("word", ["pause", "done", "hold", "to the left arm"])
def test_arms_that_are_held_back_do_not_shoot_forward_when_they_are_halted(word: str, scaling: float) -> None:
    rig = Rig()
    rig.follow(steps(20, z=0.006), steps(20, z=0.006), period=0.05)
    rig.cycle(300)
    rig.arms[LEFT].speed_scaling = scaling
    rig.cycle(200)
    begun = len(rig.stream[RIGHT])
    before = np.linalg.norm(np.diff(rig.tools(RIGHT), axis=0), axis=1)[-1]
    if word == "hold":
        rig.both.hold("camera", "no image")
    elif word == "to the left arm":
        rig.one("left").submit([UP], PERSON)
    else:
        getattr(rig.both, word)()
    rig.cycle(200)
    after = np.linalg.norm(np.diff(rig.tools(RIGHT)[begun - 1 :], axis=0), axis=1).max()
    assert after <= before * 1.01 + 1e-9
    if word != "to the left arm":
        np.testing.assert_allclose(rig.tool(LEFT)[2], rig.tool(RIGHT)[2], atol=1e-4)
    rig.check_limits()


@pytest.mark.parametrize("latency", [50, 100, 150, 200, 300])
def test_a_late_chunk_does_not_leave_out_the_place_of_its_grasp(rig: Rig, latency: int) -> None:
    """Both chunks lead to the same thing; the image of the second was taken on the way down to it."""
    down, closed, up = steps(4, z=-0.01), steps(2, gripper=0.0), steps(6, z=0.02, gripper=0.0)
    way = np.vstack((down, closed, up))
    still = steps(len(way))
    thing = rig.tool(LEFT)[2] - 0.04
    rig.follow(way, still)
    rig.cycle(150)
    seen, taken = rig.tool(LEFT)[2], rig.chunk(way, still)
    rest = way.copy()
    rest[:4, 2] = np.append(np.full(1, thing - seen), np.zeros(3))
    rig.cycle(latency)
    try:
        rig.both.follow(ActionChunk(AXES, np.hstack((rest, still)), taken.period_ns, taken.stamp_ns), POLICY)
    except MotionRefused as error:
        assert "gripper is still moving" in str(error)
    for _ in range(5000):
        rig.cycle()
        if rig.grippers[LEFT].read().moving:
            assert rig.tool(LEFT)[2] == pytest.approx(thing, abs=2e-3)
    assert rig.grippers[LEFT].opening == 0.0 and rig.tool(LEFT)[2] > thing + 0.1


def test_an_arm_keeps_away_from_where_the_other_one_is_not_only_from_where_it_was_sent() -> None:
    rig = Rig(WIDE)
    rig.follow(steps(12, y=-0.02), steps(12, y=0.02))
    rig.until_idle()
    for _ in range(20):
        try:
            rig.follow(steps(1, y=-0.005), steps(1))
        except MotionRefused:
            break
        rig.until_idle()
        rig.cycle(5)
    rig.cycle(5)
    rig.follow(steps(3, y=0.005), steps(3))
    rig.until_idle()
    rig.cycle(5)
    stuck = rig.arms[RIGHT].q.copy()
    rig.follow(steps(8, y=-0.02), steps(8, y=-0.02))
    nearest = rig.gap()
    for _ in range(2000):
        rig.arms[RIGHT].q = stuck.copy()
        rig.cycle()
        rig.arms[RIGHT].q = stuck.copy()
        nearest = min(nearest, rig.gap())
    assert nearest > rig.cell.safety.arm_clearance - 0.005
    assert "too near" in rig.both.status.reason


def test_no_chunk_is_followed_while_a_gripper_cannot_be_reached(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rig.grippers[LEFT], "read", lambda: None)
    rig.cycle()
    with pytest.raises(MotionRefused, match="gripper cannot be reached"):
        rig.follow(steps(z=0.01), steps(z=0.01))
    rig.one("left").submit([UP], PERSON)  # a person sees what it holds
    rig.until_idle()


def test_what_follows_on_a_grasp_is_looked_at_before_it_is_done(rig: Rig) -> None:
    far = np.vstack((steps(2, z=0.005), steps(1, gripper=0.0), steps(8, rz=0.4, gripper=0.0)))
    with pytest.raises(MotionRefused, match="would turn the tool"):
        rig.follow(far, steps(11))
    np.testing.assert_array_equal(rig.stream[LEFT][-1], rig.stream[LEFT][0])

    rig.cycle()
    near = np.vstack((steps(5, z=0.005), steps(1, gripper=0.0), steps(2, gripper=0.0)))
    rig.follow(near, steps(8))
    rig.cycle(30)
    later = np.vstack((steps(5, z=0.005), far))
    rig.follow(later, steps(16))  # as the arms move, the first part is planned in time, and the rest soon after
    rig.cycle(4 * CYCLES)
    assert "would turn the tool" in rig.both.status.refused
    rig.until_idle()
    assert rig.grippers[LEFT].opening == 1.0


def test_a_chunk_that_leads_far_out_of_the_box_is_refused_by_how_far(rig: Rig) -> None:
    top = float(rig.executors["left"].limits.boundary.box_high[2])
    far = rig.tool(LEFT)[2] + 0.5 - top
    with pytest.raises(MotionRefused, match=rf"left arm: the tool would be {far:.3f} m above the workspace box"):
        rig.follow(steps(10, z=0.05), steps(10))


def test_a_chunk_whose_arms_stand_still_on_the_way_is_given_up(rig: Rig) -> None:
    rig.follow(steps(z=0.01), steps(z=0.01))
    rig.cycle(150)
    rig.arms[LEFT].speed_scaling = 0.0
    rig.cycle(800)
    assert rig.both.status.state is State.MOVING
    rig.cycle(500)
    assert rig.both.status.state is State.IDLE and "stood still on its way" in rig.both.status.reason
    places = rig.tool(LEFT), rig.tool(RIGHT)
    rig.arms[LEFT].speed_scaling = 1.0
    rig.cycle(500)
    np.testing.assert_array_equal(places, (rig.tool(LEFT), rig.tool(RIGHT)))


def test_an_old_refusal_of_one_arm_is_not_told_of_a_word_for_the_other(rig: Rig) -> None:
    rig.one("left").submit([UP], PERSON)
    rig.cycle()
    with pytest.raises(MotionRefused, match="a person's motion runs"):
        rig.follow(steps(z=0.01), steps(z=0.01))
    assert rig.both.status.refused
    rig.one("right").submit([UP], PERSON)
    assert not rig.both.status.refused
