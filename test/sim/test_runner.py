"""The runner against the running system: the same words end in the same states."""

from __future__ import annotations

import inspect
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from ur_process import free_address

from roboact_ros.arms import ur
from roboact_ros.arms.robotiq import RobotiqGripper
from roboact_ros.cells.description import Cell
from roboact_ros.cells.load import cell_from_mapping
from roboact_ros.errors import SimulationError
from roboact_ros.execution.servo_link import ServoLink
from roboact_ros.language.parse import parse
from roboact_ros.robots import UR5, UR5E, robot_model
from roboact_ros.sim import runner as runner_module
from roboact_ros.sim.runner import Runner
from roboact_ros.sim.world import World
from roboact_ros.sim.world_client import WorldClient

DEADLINE = 40.0
SEED = 3
LEFT, UP = "move the arm to the left by five centimeters", "raise the arm up by ten centimeters"


def cell(model: str = "ur5e", address: str = "127.0.0.1") -> Cell:
    return cell_from_mapping({"name": "test", "arm": {"model": model}, "sim": {"address": address}}, "a test")


def runner(model: str = "ur5e", seed: int = SEED) -> Runner:
    described = cell(model)
    return Runner(described, World([robot_model(model)], seed, [described.arm.home]))


class Networked:
    """The same cell as processes: simulated controller, real client library, servo process."""

    def __init__(self, model: str) -> None:
        address = free_address()
        command = [sys.executable, "-m", "roboact_ros.cli", "sim", model, "--seed", str(SEED), "--address", address]
        self._simulator = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert self._simulator.stdout is not None
        assert self._simulator.stdout.readline().startswith("ready")
        self._world = WorldClient(address)
        self._link = ServoLink(cell(model, address))
        self.status: dict[str, Any] = {}
        self.state: dict[str, Any] = {}
        self._until(lambda: self.status.get("state") == "idle", "idle arm")
        self._until(lambda: self.state.get("gripper") is not None, "gripper")

    def say(self, words: str) -> None:
        motions = parse(words).motions
        finished = self.status["finished"] + len(motions)
        assert self._link.submit(motions, "teleop")["refused"] == ""
        self._until(lambda: self.status["finished"] == finished, f"end of {words}")

    def rest(self) -> None:
        self._until(lambda: np.abs(self.state["qd"]).max() < 1e-3, "rest")

    def objects(self) -> dict[str, Any]:
        objects: dict[str, Any] = self._world.ask(do="objects")["objects"]
        return objects

    def close(self) -> None:
        self._link.close()
        self._world.close()
        self._simulator.terminate()
        self._simulator.wait(10)

    def _until(self, condition: Callable[[], bool], what: str) -> None:
        end = time.monotonic() + DEADLINE
        while not condition():
            assert time.monotonic() < end, f"no {what}: {self.status}"
            self._link.alive("")
            for message in self._link.poll():
                if message["kind"] in ("state", "status"):
                    setattr(self, message["kind"], message)
            time.sleep(0.005)  # polls a condition with a deadline


@pytest.fixture(params=["ur5", "ur5e"])
def pair(request: pytest.FixtureRequest) -> Iterator[tuple[Networked, Runner]]:
    networked = Networked(request.param)
    yield networked, runner(request.param)
    networked.close()


def test_the_same_words_end_in_the_same_states(pair: tuple[Networked, Runner]) -> None:
    networked, run = pair
    world = run.world
    x, y, _ = world.pose_object_in_base("red block")[:3, 3] - world.arms[0].pose_tool_in_world[:3, 3]
    forward = f"move {'forward' if x > 0 else 'back'} {abs(100 * x):.2f} cm"
    aside = f"move {'left' if y > 0 else 'right'} {abs(100 * y):.2f} cm"
    for words in (
        f"{forward} then {aside}",
        "lower the arm by 26.5 centimeters",
        "close the gripper",
        "raise the arm up by ten centimeters",
        "rotate the gripper fifteen degrees clockwise",
        "move the arm back by five centimeters",
    ):
        networked.say(words)
        assert run.say(words).refused == ""
    networked.rest()
    run.wait(0.5)
    body = world.arms[0].read()
    np.testing.assert_allclose(networked.state["q"], body.q, atol=3e-3)
    pose = np.reshape(networked.state["pose"], (3, 4))
    np.testing.assert_allclose(pose[:, 3], world.arms[0].pose_tool_in_world[:3, 3], atol=2e-3)
    opening, _, holding = networked.state["gripper"]
    assert holding and body.gripper.holding
    assert opening == pytest.approx(body.gripper.opening, abs=0.01)
    report = world.report()
    for name, there in networked.objects().items():
        np.testing.assert_allclose(there["position"], report[name]["position"], atol=2e-3, err_msg=name)
    assert report["red block"]["position"][2] > world.scene.table_z + 0.08


def test_the_servo_and_the_gripper_are_set_as_the_drivers_set_them() -> None:
    assert (runner_module.LOOKAHEAD, runner_module.GAIN, runner_module.STATE_RATE) == (
        ur.LOOKAHEAD,
        ur.GAIN,
        ur.STATE_RATE,
    )
    defaults = {name: value.default for name, value in inspect.signature(RobotiqGripper).parameters.items()}
    assert (runner_module.GRIPPER_SPEED, runner_module.GRIPPER_FORCE) == (defaults["speed"], defaults["force"])


def test_equal_words_give_exactly_equal_states() -> None:
    one, other = runner(), runner()
    for run in (one, other):
        assert run.say(f"{LEFT} then {UP}").finished == 2
        assert run.say("close the gripper").finished == 1
    np.testing.assert_array_equal(one.world.qpos(), other.world.qpos())
    assert one.time == other.time


def test_home_and_undo_lead_back() -> None:
    run = runner()
    home = run.world.arms[0].read().q
    run.say(LEFT)
    assert run.say("undo").finished == 1
    np.testing.assert_allclose(run.world.arms[0].read().q, home, atol=2e-3)
    run.say(LEFT)
    assert run.say("go home").finished == 1
    np.testing.assert_allclose(run.world.arms[0].read().q, home, atol=2e-3)


def test_refusals_are_reported_and_the_arm_stays() -> None:
    run = runner()
    q = run.world.arms[0].read().q
    beyond = run.say("raise the arm up by 25 centimeters")
    assert beyond.finished == 0 and "workspace" in beyond.refused
    assert "?" in run.say("sing a song").refused
    assert "pause" in run.say("pause").refused
    np.testing.assert_allclose(run.world.arms[0].read().q, q, atol=1e-3)
    assert run.say(UP).refused == ""


def test_pushing_against_the_cabinet_is_a_protective_stop() -> None:
    run = runner()
    drawer = run.world.scene.contents.drawers[0].place
    x, y, _ = np.array([drawer.x, drawer.y - 0.05, 0.0]) - run.world.arms[0].pose_tool_in_world[:3, 3]
    run.say(f"move {'forward' if x > 0 else 'back'} {abs(100 * x):.1f} cm")
    run.say("move left 26 cm")
    outcome = run.say("lower the arm by 26 centimeters")
    assert outcome.finished == 0
    assert "protective stop" in outcome.refused
    assert "protective stop" in run.say(UP).refused


def test_a_world_of_another_arm_is_refused() -> None:
    with pytest.raises(SimulationError, match="ur5e, the world ur5"):
        Runner(cell("ur5e"), World([UR5]))
    with pytest.raises(SimulationError, match="the world ur5e, ur5e"):
        Runner(cell("ur5e"), World([UR5E, UR5E]))
