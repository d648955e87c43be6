"""The executor node and its servo process against a simulated controller, watched from this process."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import rclpy
from diagnostic_msgs.msg import DiagnosticStatus
from geometry_msgs.msg import PoseStamped
from rclpy.experimental import EventsExecutor
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile
from sensor_msgs.msg import CameraInfo, JointState
from std_msgs.msg import String
from std_srvs.srv import Trigger
from trajectory_msgs.msg import JointTrajectory

from roboact_ros.nodes.messages.arm import (
    JOINT_NAMES,
    joints_from_message,
    targets_from_message,
    tool_pose_from_message,
)
from roboact_ros.nodes.messages.diagnostics import status_from_message
from roboact_ros.sim.pendant import Pendant

DEADLINE = 30.0
LEFT = "move the arm to the left by twenty centimeters"
UP = "raise the arm up by five centimeters"
DOWN = "lower the arm by five centimeters"
LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)


class Cell:
    """An executor node as a process, and everything it publishes."""

    def __init__(self, folder: Path, address: str) -> None:
        self.system = folder / "cell.yaml"
        cameras = {"front": {"kind": "simulated", "source": "front", "fps": 20}}
        self.system.write_text(json.dumps({"cameras": cameras, "sim": {"address": address}}))
        self.context = rclpy.Context()
        rclpy.init(context=self.context)
        self.node = Node("watcher", context=self.context)
        self.executor = EventsExecutor(context=self.context)
        self.executor.add_node(self.node)
        self.status: dict[str, str] = {}
        self.message = ""
        self.q = np.full(6, np.nan)
        self.pose = np.full((4, 4), np.nan)
        self.gripper = np.nan
        self.targets: list[tuple[int, list[float]]] = []
        self.sources: list[str] = []
        self.node.create_subscription(DiagnosticStatus, "executor/status", self._on_status, LATCHED)
        self.node.create_subscription(JointState, "joint_states", self._on_joints, 10)
        self.node.create_subscription(PoseStamped, "tcp_pose", self._on_pose, 10)
        self.node.create_subscription(JointState, "gripper", self._on_gripper, 10)
        self.node.create_subscription(JointTrajectory, "executor/action", self._on_action, 100)
        self.teleop = self.node.create_publisher(String, "teleop/motion", 10)
        self.policy = self.node.create_publisher(String, "policy/motion", 10)
        self.camera = self.node.create_publisher(CameraInfo, "camera/front/camera_info", 2)
        self.filming = True
        self.node.create_timer(0.05, lambda: self.filming and self.camera.publish(CameraInfo()))
        self.process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        self.status = {}
        self.process = subprocess.Popen([sys.executable, "-m", "roboact_ros.nodes.executor_node", str(self.system)])

    def until(self, condition: Callable[[], object], what: str) -> None:
        end = time.monotonic() + DEADLINE
        while not condition():
            assert time.monotonic() < end, f"no {what}: {self.message} {self.status}"
            self.executor.spin_once(timeout_sec=0.02)

    def until_state(self, state: str) -> None:
        self.until(lambda: self.status.get("state") == state, f"state {state}")

    def spin(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        self.until(lambda: time.monotonic() > end, "time")

    def say(self, text: str, policy: bool = False) -> None:
        publisher = self.policy if policy else self.teleop
        self.until(lambda: publisher.get_subscription_count() >= 1, "subscription")
        publisher.publish(String(data=text))

    def do(self, text: str) -> None:
        """Say something and wait for the end of the motion."""
        count = len(text.split("; then "))
        finished = int(self.status["finished"]) + count
        self.say(text)
        self.until(lambda: int(self.status["finished"]) >= finished, f"end of {text}")
        self.until_state("idle")

    def call(self, service: str) -> Trigger.Response:
        client = self.node.create_client(Trigger, service)
        self.until(client.service_is_ready, service)
        future = client.call_async(Trigger.Request())
        self.until(future.done, f"answer of {service}")
        return future.result()

    def largest_step(self) -> float:
        """Largest joint step between targets that followed each other within three periods [rad]."""
        steps = [
            np.abs(np.subtract(b[1], a[1])).max()
            for a, b in zip(self.targets, self.targets[1:], strict=False)
            if b[0] - a[0] < 6_500_000
        ]
        return max(steps, default=0.0)

    def servo_pid(self) -> int:
        assert self.process is not None
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return next(int(pid) for pid in children if b"servo_process" in Path(f"/proc/{pid}/cmdline").read_bytes())

    def close(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            assert self.process.wait(DEADLINE) == 0
        self.node.destroy_node()
        self.executor.shutdown()
        rclpy.shutdown(context=self.context)

    def _on_status(self, message: DiagnosticStatus) -> None:
        status = status_from_message(message)
        self.status, self.message = dict(status.values), status.message

    def _on_joints(self, message: JointState) -> None:
        self.q = joints_from_message(message)[0]

    def _on_pose(self, message: PoseStamped) -> None:
        self.pose = tool_pose_from_message(message)[0]

    def _on_gripper(self, message: JointState) -> None:
        self.gripper = message.position[0]

    def _on_action(self, message: JointTrajectory) -> None:
        assert list(message.joint_names) == JOINT_NAMES
        targets, source = targets_from_message(message)
        self.targets += targets
        self.sources += [source] * len(targets)


@pytest.fixture(scope="module")
def whole_cell(module_simulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cell]:  # type: ignore[no-untyped-def]
    """One cell with a camera for all tests: starting its processes takes longer than most of them."""
    cell = Cell(tmp_path_factory.mktemp("cell"), module_simulator.address)
    yield cell
    cell.close()


@pytest.fixture
def cell(whole_cell: Cell) -> Cell:
    """The cell at home, with nothing to undo but the way there, and nothing recorded."""
    cell = whole_cell
    cell.until(lambda: cell.status, "status")
    assert cell.call("executor/resume").success
    cell.until_state("idle")
    cell.do("home")
    cell.targets.clear()
    cell.sources.clear()
    return cell


@pytest.fixture
def pendant(module_simulator) -> Iterator[Pendant]:  # type: ignore[no-untyped-def]
    with Pendant(module_simulator.address) as pendant:
        yield pendant


def test_left_a_lot_moves_the_tool_twenty_centimetres_to_the_left(cell: Cell) -> None:
    cell.until(lambda: np.isfinite(cell.pose).all(), "pose")
    before = cell.pose
    cell.do(LEFT)
    cell.spin(0.3)
    np.testing.assert_allclose(cell.pose[:3, 3] - before[:3, 3], (0.0, 0.2, 0.0), atol=1e-3)
    np.testing.assert_allclose(cell.pose[:3, :3], before[:3, :3], atol=1e-3)
    moved = [q for (_, q), source in zip(cell.targets, cell.sources, strict=True) if source == "teleop"]
    assert len(moved) > 500
    assert cell.largest_step() < 0.01


def test_a_plan_runs_in_order_and_undo_walks_back(cell: Cell) -> None:
    cell.until(lambda: np.isfinite(cell.pose).all(), "pose")
    before = cell.pose
    cell.do(f"{UP}; then close the gripper; then {DOWN}")
    cell.until(lambda: cell.gripper < 0.05, "closed gripper")
    for _ in range(3):
        cell.do("undo")
    cell.spin(0.3)
    np.testing.assert_allclose(cell.pose, before, atol=1e-3)
    cell.until(lambda: cell.gripper > 0.95, "open gripper")


def test_a_correction_replaces_the_motion_of_the_policy(cell: Cell) -> None:
    cell.say(LEFT, policy=True)
    cell.until(lambda: cell.status["source"] == "policy", "motion of the policy")
    cell.say(UP)
    cell.until(lambda: cell.status["source"] == "teleop", "motion of the person")
    cell.say(LEFT, policy=True)
    cell.until(lambda: "a person's motion runs" in cell.status["refused"], "refusal")
    cell.until_state("idle")
    assert cell.largest_step() < 0.01


def test_stop_is_latched_until_resume(cell: Cell) -> None:
    cell.say(LEFT)
    cell.until_state("moving")
    assert cell.call("executor/stop").success
    cell.until_state("stopped")
    cell.say(UP)
    cell.until(lambda: "stopped by the person" in cell.status["refused"], "refusal")
    assert not cell.call("executor/home").success
    found = cell.q
    cell.targets.clear()
    assert cell.call("executor/resume").success
    cell.until_state("idle")
    cell.spin(0.3)
    np.testing.assert_allclose(cell.q, found, atol=1e-4)
    np.testing.assert_allclose([q for _, q in cell.targets], [found] * len(cell.targets), atol=1e-4)
    cell.do("home")
    cell.do("start over")


@pytest.mark.parametrize("word", ["Stop", " stop\n", "STOP"])
def test_a_stop_is_obeyed_however_it_is_written(cell: Cell, word: str) -> None:
    cell.say(LEFT)
    cell.until_state("moving")
    cell.say(word)
    cell.until_state("stopped")


def test_a_stop_holds_over_the_death_of_the_node_and_ends_with_it_in_good_order(cell: Cell) -> None:
    cell.say("stop")
    cell.until_state("stopped")
    assert cell.process is not None
    cell.process.kill()
    cell.process.wait(DEADLINE)
    cell.start()
    cell.until_state("stopped")
    cell.say(UP, policy=True)
    cell.until(lambda: "stopped by the person" in cell.status["refused"], "refusal")
    cell.process.send_signal(signal.SIGINT)
    assert cell.process.wait(DEADLINE) == 0
    cell.start()
    cell.until_state("idle")


def test_a_crash_of_the_node_is_no_good_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A callback that raises ends the node; what was stopped before stays stopped."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    crash = (
        "from roboact_ros.nodes import executor_node as node; "
        "node.ExecutorNode._diagnose = lambda self: (self._servo.request('stop'), 1 / 0); "
        "raise SystemExit(node.main(['clip_rt_ur5', 'arm.robot_ip:=127.9.9.9']))"
    )
    ended = subprocess.run([sys.executable, "-c", crash], timeout=DEADLINE, stderr=subprocess.PIPE, text=True)
    assert "ZeroDivisionError" in ended.stderr
    (file,) = (tmp_path / "roboact").iterdir()
    assert file.read_text() == "stop"


def test_what_was_said_to_a_node_that_stood_still_is_not_done(cell: Cell) -> None:
    assert cell.process is not None
    cell.process.send_signal(signal.SIGSTOP)
    cell.say(UP)
    home = cell.node.create_client(Trigger, "executor/home")
    cell.until(home.service_is_ready, "service")
    answer = home.call_async(Trigger.Request())
    cell.spin(1.5)
    cell.process.send_signal(signal.SIGCONT)
    cell.until(lambda: "stood still" in cell.status["refused"], "refusal")
    cell.until(answer.done, "answer")
    assert not answer.result().success
    cell.spin(0.5)
    cell.until_state("idle")
    cell.do(UP)


def test_two_policies_do_not_drive_one_arm(cell: Cell) -> None:
    second = cell.node.create_publisher(JointTrajectory, "policy/action_chunk", 10)
    third = cell.node.create_publisher(JointTrajectory, "policy/action_chunk", 10)
    cell.spin(1.5)
    cell.say(UP, policy=True)
    cell.until(lambda: "2 policies want to drive the arm" in cell.status["refused"], "refusal")
    cell.do(UP)  # a person may
    cell.node.destroy_publisher(second)
    cell.node.destroy_publisher(third)
    cell.spin(1.5)
    cell.say(DOWN, policy=True)
    cell.until(lambda: cell.status["source"] == "policy", "motion of the policy")
    cell.until_state("idle")


def test_odd_messages_leave_the_node_alive(cell: Cell) -> None:
    statuses = cell.node.create_publisher(DiagnosticStatus, "executor/status", LATCHED)
    statuses.publish(DiagnosticStatus(level=b"\x07", name="who"))
    cell.say("up " * 200_000)
    cell.until(lambda: "a plan of 599999 characters" in cell.status.get("refused", ""), "refusal")
    cell.node.destroy_publisher(statuses)
    cell.until_state("idle")
    cell.do(UP)


def test_bad_input_is_refused_with_a_reason_and_the_arm_stays(cell: Cell) -> None:
    for words, reason in (
        ("move the arm to the left by 90 centimeters", "reach"),
        ("move the arm to the left by 28 centimeters", "workspace box"),
        ("jump", "jump"),
        ("", "canonical"),
    ):
        cell.say(words)
        cell.until(
            lambda reason=reason: reason in cell.status["refused"] and reason in cell.message, f"refusal, {words}"
        )
    cell.spin(0.6)
    assert "canonical" in cell.status["refused"]
    assert not cell.targets


def test_the_policy_may_not_use_control_words(cell: Cell) -> None:
    cell.say("home", policy=True)
    cell.until(lambda: "policy may ask" in cell.status["refused"], "refusal")


def test_a_lost_camera_holds_the_arm(cell: Cell) -> None:
    cell.say(LEFT)
    cell.until_state("moving")
    cell.filming = False
    cell.until_state("holding")
    assert "camera front: no image for" in cell.message
    cell.say(UP)
    cell.until(lambda: "camera front" in cell.status["refused"], "refusal")
    cell.filming = True
    cell.until_state("idle")
    cell.do(UP)
    assert cell.largest_step() < 0.01


def test_a_killed_controller_is_found_again(module_simulator, cell: Cell) -> None:  # type: ignore[no-untyped-def]
    cell.say(LEFT)
    cell.until_state("moving")
    module_simulator.kill()
    cell.until_state("disconnected")
    cell.targets.clear()
    module_simulator.start()
    cell.until_state("idle")
    found = cell.q
    cell.spin(0.5)
    np.testing.assert_allclose(cell.q, found, atol=1e-6)
    cell.do(UP)
    assert cell.largest_step() < 0.01


def test_a_controller_frozen_for_two_seconds_is_found_again(module_simulator, cell: Cell) -> None:  # type: ignore[no-untyped-def]
    cell.say(LEFT)
    cell.until_state("moving")
    module_simulator.signal(signal.SIGSTOP)
    cell.until_state("disconnected")
    cell.spin(2.0)
    cell.targets.clear()
    module_simulator.signal(signal.SIGCONT)
    cell.until_state("idle")
    found = cell.q
    cell.spin(0.5)
    np.testing.assert_allclose(cell.q, found, atol=1e-4)
    cell.do(UP)
    assert cell.largest_step() < 0.01


def test_a_protective_stop_is_cleared_by_resume(cell: Cell, pendant: Pendant) -> None:
    cell.say(LEFT)
    cell.until_state("moving")
    pendant.protective_stop()
    cell.until_state("holding")
    assert "protective stop" in cell.message
    cell.say(UP)
    cell.until(lambda: "protective stop" in cell.status["refused"], "refusal")
    cell.spin(0.5)
    cell.targets.clear()
    assert cell.call("executor/resume").success
    cell.until_state("idle")
    found = cell.q
    cell.spin(0.5)
    np.testing.assert_allclose(cell.q, found, atol=1e-6)
    cell.do(UP)
    assert cell.largest_step() < 0.01


def test_an_arm_moved_by_hand_while_paused(cell: Cell, pendant: Pendant) -> None:
    cell.do(UP)
    cell.say("pause")
    cell.until_state("holding")
    pendant.freedrive(True)
    cell.until(lambda: "moved by hand" in cell.message, "freedrive")
    pendant.move_joint(0, 0.2)
    goal = cell.q[0] + 0.2
    cell.until(lambda: abs(cell.q[0] - goal) < 1e-3, "the hand that moves it")
    pendant.freedrive(False)
    cell.say("resume")
    cell.until_state("idle")
    cell.spin(0.5)
    assert cell.q[0] == pytest.approx(goal, abs=2e-3)
    cell.do(DOWN)
    assert cell.largest_step() < 0.01


def test_a_killed_servo_process_is_replaced(cell: Cell) -> None:
    cell.say(LEFT)
    cell.until_state("moving")
    os.kill(cell.servo_pid(), signal.SIGKILL)
    cell.until_state("disconnected")
    assert "SIGKILL" in cell.message
    cell.targets.clear()
    cell.until_state("idle")
    found = cell.q
    cell.spin(0.5)
    np.testing.assert_allclose(cell.q, found, atol=1e-6)
    cell.do(UP)
    assert cell.largest_step() < 0.01


def test_stop_outlives_the_servo_process(cell: Cell) -> None:
    cell.call("executor/stop")
    cell.until_state("stopped")
    os.kill(cell.servo_pid(), signal.SIGKILL)
    cell.until_state("disconnected")
    cell.until_state("stopped")


def test_a_killed_executor_leaves_the_arm_at_rest_and_a_new_one_takes_over(cell: Cell, pendant: Pendant) -> None:
    cell.say(LEFT)
    cell.until_state("moving")
    servo = cell.servo_pid()
    assert cell.process is not None
    cell.process.kill()
    cell.process.wait()
    cell.until(lambda: not Path(f"/proc/{servo}").exists(), "end of the servo process")
    found = pendant.state()["q"]
    cell.spin(0.5)
    np.testing.assert_allclose(pendant.state()["q"], found, atol=1e-6)
    cell.start()
    cell.until_state("idle")
    np.testing.assert_allclose(pendant.state()["q"], found, atol=1e-6)
    cell.do(UP)


def test_an_absent_robot_is_said_and_found_when_it_comes(module_simulator, cell: Cell) -> None:  # type: ignore[no-untyped-def]
    module_simulator.kill()
    cell.until(lambda: "no robot controller answers" in cell.message, "reason")
    assert module_simulator.address in cell.message
    cell.say(UP)
    cell.until(lambda: "not now" in cell.status["refused"], "refusal")
    module_simulator.start()
    cell.until_state("idle")


def test_local_mode_is_said(cell: Cell, pendant: Pendant) -> None:
    pendant.remote(False)
    cell.until(lambda: "local mode" in cell.message, "reason")
    cell.say(UP)
    cell.until(lambda: "local mode" in cell.status["refused"], "refusal")
    pendant.remote(True)
    cell.until_state("idle")


def test_two_cells_in_one_namespace_hold_each_other(cell: Cell) -> None:
    other = subprocess.Popen(
        [sys.executable, "-m", "roboact_ros.nodes.executor_node", str(cell.system), "robot_ip:=127.99.99.99"]
    )
    try:
        cell.until(lambda: "another cell obeys the same words" in cell.message, "hold")
    finally:
        other.kill()
        other.wait()
    cell.until_state("idle")
    cell.do(UP)
