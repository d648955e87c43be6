"""Arms of a URDF with seven joints in the same executors as all others: one alone, and two side by side."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from seven_joints import HIGH, HOME, LOW, SPEED, cell_text, urdf_text, written_cell

from roboact_ros.arms.fake import IdealArm
from roboact_ros.cells.arm_description import ARMS
from roboact_ros.cells.description import Cell
from roboact_ros.cells.load import load_cell
from roboact_ros.errors import ConfigurationError, MotionRefused
from roboact_ros.execution.dual_executor import DualExecutor
from roboact_ros.execution.of_cell import executor_of, rate_of
from roboact_ros.execution.one_of_two import OneOfTwo
from roboact_ros.execution.status import PERSON, POLICY, State
from roboact_ros.language.parse import parse
from roboact_ros.types import CHUNK_AXES, ActionChunk, FloatArray, Motion


class Rig:
    """The executor of one such arm, or of two, with ideal arms and the record of everything that was streamed."""

    def __init__(self, cell: Cell, q: FloatArray | None = None) -> None:
        self.cell, q = cell, np.array(HOME) if q is None else q
        self.executors = {name: executor_of(cell.of_arm(name)) for name in cell.arm_names}
        single = next(iter(self.executors.values()))
        self.executor: DualExecutor | None = DualExecutor.from_cell(cell, self.executors) if cell.arms else None
        self.single, self.kinematics = single, single.limits.kinematics
        self.period_ns = round(1e9 / rate_of(cell.of_arm(cell.arm_names[0])))
        self.arms = [IdealArm(q.copy(), self.period_ns / 1e9) for _ in self.executors]
        self.now = 1_000_000_000
        self.streams: list[list[FloatArray]] = [[] for _ in self.arms]
        self.cycle(3)

    @property
    def state(self) -> State:
        return (self.executor or self.single).status.state

    def cycle(self, count: int = 1) -> None:
        for _ in range(count):
            self.now += self.period_ns
            states = [arm.read() for arm in self.arms]
            if self.executor is None:
                commands = (self.single.step(states[0], None, self.now),)
            else:
                commands = self.executor.step(states, [None, None], self.now)
            for arm, command, stream in zip(self.arms, commands, self.streams, strict=True):
                if command.q is None:
                    arm.halt()
                else:
                    arm.servo(command.q)
                    stream.append(command.q)

    def until_idle(self) -> None:
        for _ in range(3000):
            if self.state is State.IDLE:
                return
            self.cycle()
        raise AssertionError((self.executor or self.single).status)

    def say(self, words: str) -> None:
        self.single.submit(parse(words).motions, PERSON)
        self.until_idle()

    def tool(self, arm: int = 0) -> FloatArray:
        return self.kinematics.forward(self.arms[arm].q)

    def check_limits(self) -> None:
        """Nothing that was streamed leaves the joints' ranges, is too fast or accelerates too hard."""
        safety, dt = self.cell.safety, self.period_ns / 1e9
        for stream in self.streams:
            q = np.array(stream)
            assert (q >= LOW).all() and (q <= HIGH).all()
            assert (np.abs(np.diff(q, axis=0)).max(axis=0) / dt <= np.minimum(SPEED, safety.joint_speed) * 1.002).all()
            assert np.abs(np.diff(q, 2, axis=0)).max() / dt**2 <= safety.joint_acceleration * 1.01
            path = np.array([self.kinematics.forward(joints)[:3, 3] for joints in q])
            assert np.linalg.norm(np.diff(path, axis=0), axis=1).max() / dt <= safety.tool_speed * 1.003


def steps(count: int = 8, **axes: float) -> FloatArray:
    return np.tile([*(axes.get(axis, 0.0) for axis in CHUNK_AXES[:-1]), 1.0], (count, 1))


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(load_cell(written_cell(tmp_path)))


@pytest.mark.parametrize(
    ("words", "moved"),
    [
        ("move the arm to the left by ten centimeters", (0.0, 0.1, 0.0)),
        ("raise the arm up by five centimeters", (0.0, 0.0, 0.05)),
        ("move the arm back by ten centimeters", (-0.1, 0.0, 0.0)),
    ],
)
def test_words_move_the_tool_exactly(rig: Rig, words: str, moved: tuple[float, ...]) -> None:
    before = rig.tool()
    rig.say(words)
    np.testing.assert_allclose(rig.tool()[:3, 3] - before[:3, 3], moved, atol=1e-7)
    np.testing.assert_allclose(rig.tool()[:3, :3], before[:3, :3], atol=1e-7)
    rig.check_limits()


def test_the_last_joint_turns_alone(rig: Rig) -> None:
    rig.single.submit([Motion("turn", (0.0,) * 6 + (0.5, 1.0), "turn")], PERSON)
    rig.until_idle()
    np.testing.assert_allclose(rig.arms[0].q - HOME, [0.0] * 6 + [0.5], atol=1e-6)


def test_undo_and_home_lead_back(rig: Rig) -> None:
    before = rig.tool()
    rig.say("move the arm to the left by ten centimeters")
    rig.single.undo()
    rig.until_idle()
    np.testing.assert_allclose(rig.tool(), before, atol=1e-6)
    rig.say("raise the arm up by five centimeters")
    rig.single.home()
    rig.until_idle()
    np.testing.assert_allclose(rig.arms[0].q, HOME, atol=1e-9)
    rig.check_limits()


def test_chunks_that_replace_each_other_stay_within_all_limits(rig: Rig) -> None:
    rng = np.random.default_rng(0)
    for _ in range(12):
        turn = rng.uniform(-1.0, 1.0, 6) * [0.02, 0.02, 0.015, 0.06, 0.06, 0.06]
        row = steps(**dict(zip(CHUNK_AXES, turn.tolist(), strict=False)))
        try:
            rig.single.follow(ActionChunk(CHUNK_AXES, row, 100_000_000, rig.now), POLICY)
        except MotionRefused as error:
            assert "workspace" in str(error) or "collision" in str(error) or "joint" in str(error)
        rig.cycle(40)
    rig.until_idle()
    assert rig.single.status.finished >= 1
    rig.check_limits()


def test_what_a_joint_cannot_reach_is_refused_before_the_arm_moves(rig: Rig) -> None:
    with pytest.raises(MotionRefused, match="beyond its limit|would go to|out of the reach|workspace"):
        rig.single.submit(parse("move the arm forward by one meter").motions, PERSON)
    rig.cycle(5)
    np.testing.assert_array_equal(rig.arms[0].q, HOME)


def test_the_arm_does_not_go_into_the_table_or_itself(tmp_path: Path) -> None:
    rig = Rig(load_cell(written_cell(tmp_path), ["safety.workspace_z:=[-1, 1]", "safety.workspace_x:=[-1, 1]"]))
    with pytest.raises(MotionRefused, match="below the workspace box|table"):
        rig.single.submit(parse("lower the arm by forty centimeters").motions, PERSON)
    with pytest.raises(MotionRefused, match=r"collision: .*link_\d"):
        rig.single.submit(parse("move the arm back by forty centimeters").motions, PERSON)


def test_a_home_in_the_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="at home, link_1 and table would overlap"):
        Rig(load_cell(written_cell(tmp_path), ["safety.table_z:=0.4"]))


@pytest.fixture
def pair(tmp_path: Path) -> Rig:
    one = cell_text(tmp_path).partition("safety")[0].removeprefix("arm:\n").replace("  ", "    ")
    places = ("[0, 0.25, 0, 0, 0, 0]", "[0, -0.25, 0, 0, 0, 0]")
    arms = [f"  {name}:\n{one}    pose_base_in_cell: {place}\n" for name, place in zip(ARMS, places, strict=True)]
    path = tmp_path / "pair.yaml"
    path.write_text("arms:\n" + "".join(arms) + "safety: {table_z: 0.0}\n")
    topics = [f"arms.{name}.{topic}:=/{name}/{topic}" for name in ARMS for topic in ("command", "joint_states")]
    return Rig(load_cell(str(path), topics))


def test_two_arms_follow_a_chunk_in_step(pair: Rig) -> None:
    assert pair.executor is not None
    before = [pair.tool(arm)[:3, 3] for arm in (0, 1)]
    axes = tuple(f"{arm}/{axis}" for arm in ARMS for axis in CHUNK_AXES)
    for _ in range(2):
        chunk = np.hstack((steps(z=0.01), steps(x=-0.004, y=-0.01)))
        pair.executor.follow(ActionChunk(axes, chunk, 100_000_000, pair.now), POLICY)
        pair.cycle(10)
        while pair.state is State.MOVING:
            pair.cycle()
            left, right = pair.executor.times
            assert 0.0 <= left - right <= pair.period_ns / 1e9 + 1e-12
    np.testing.assert_allclose(pair.tool(0)[:3, 3] - before[0], [0.0, 0.0, 0.16], atol=1e-7)
    np.testing.assert_allclose(pair.tool(1)[:3, 3] - before[1], [-0.064, -0.16, 0.0], atol=1e-7)
    pair.check_limits()


def test_two_arms_keep_apart(pair: Rig) -> None:
    assert pair.executor is not None
    with pytest.raises(MotionRefused, match=r"too near: the link_\d of the left arm and the link_\d of the right arm"):
        OneOfTwo(pair.executor, "left").submit(parse("move the arm to the right by forty centimeters").motions, PERSON)


def test_two_arms_of_one_torso_have_one_base_and_keep_apart(tmp_path: Path) -> None:
    head, chain = urdf_text().split('  <link name="link_1"/>')
    parts, names = [], r'"(link_\d|grasp|hand|shoulder_\w+|elbow|forearm_roll|wrist_\w+)"'
    for name, y in zip(ARMS, (0.25, -0.25), strict=True):
        one = ('  <link name="link_1"/>' + chain.removesuffix("</robot>\n")).replace("0 0 0.3", f"0 {y} 0.3", 1)
        parts.append(re.sub(names, rf'"{name}_\1"', one))
    (tmp_path / "torso.urdf").write_text(head + "".join(parts) + "</robot>\n")
    arms = {
        name: {"model": "urdf", "urdf": "torso.urdf", "base": "stand", "tool": f"{name}_grasp", "home": list(HOME)}
        for name in ARMS
    }
    content = {"arms": {name: {**arm, "command": f"/{name}"} for name, arm in arms.items()}}
    (tmp_path / "torso.yaml").write_text(json.dumps({**content, "safety": {"table_z": 0.0}}))
    rig = Rig(load_cell(str(tmp_path / "torso.yaml")))
    assert rig.executor is not None
    with pytest.raises(
        MotionRefused, match=r"too near: the left_\w+ of the left arm and the right_\w+ of the right arm"
    ):
        OneOfTwo(rig.executor, "left").submit(parse("move the arm to the right by forty centimeters").motions, PERSON)
    OneOfTwo(rig.executor, "left").submit(parse("move the arm to the right by five centimeters").motions, PERSON)
