"""The executor node with the arm of a URDF: a driver of somebody else, here a node of the test, follows its topics."""

from __future__ import annotations

import itertools
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
from sensor_msgs.msg import JointState
from seven_joints import HOME, JOINTS, forward_by_hand, written_cell
from std_msgs.msg import String
from trajectory_msgs.msg import JointTrajectory

from roboact_ros.arms.streamed import STALE_NS
from roboact_ros.cells.load import load_cell
from roboact_ros.nodes.messages.arm import tool_pose_from_message
from roboact_ros.nodes.messages.diagnostics import status_from_message
from roboact_ros.nodes.streamed_topics import LEAD_NS, StreamedTopics

DEADLINE = 120.0
NAMES = [name for name, *_ in JOINTS]


class Driver:
    """Takes trajectories and tells its joints in another order, a finger among them."""

    def __init__(self, system: str) -> None:
        self.context = rclpy.Context()
        rclpy.init(context=self.context)
        self.node = Node("driver", context=self.context)
        self.executor = EventsExecutor(context=self.context)
        self.executor.add_node(self.node)
        self.q = dict(zip(NAMES, HOME, strict=True))
        self.state, self.pose, self.tellers = "", np.eye(4), set[tuple[str, ...]]()
        self.trajectories: list[JointTrajectory] = []
        self.node.create_subscription(JointTrajectory, "/arm/command", self._follow, 10)
        latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        self.node.create_subscription(DiagnosticStatus, "executor/status", self._on_status, latched)
        self.node.create_subscription(PoseStamped, "tcp_pose", self._on_pose, 10)
        self.node.create_subscription(JointState, "joint_states", self._on_joints, 10)
        self.teleop = self.node.create_publisher(String, "teleop/motion", 10)
        self.joints = self.node.create_publisher(JointState, "/joint_states", 10)
        self.node.create_timer(0.02, self._tell)
        command = [sys.executable, "-m", "roboact_ros.nodes.executor_node", system, "arm.command:=/arm/command"]
        self.process = subprocess.Popen([*command, "safety.command_timeout:=20", "arm.rate_hz:=50"])

    def until(self, condition: Callable[[], object], what: str) -> None:
        end = time.monotonic() + DEADLINE
        while not condition():
            assert time.monotonic() < end, f"no {what}: {self.state}"
            self.executor.spin_once(timeout_sec=0.02)

    def say(self, words: str, height: float) -> bool:
        """Say something and return whether the tool then comes to rest at a height."""
        end = time.monotonic() + 6.0
        self.teleop.publish(String(data=words))

        def there() -> bool:
            return self.state == "idle" and abs(self.pose[2, 3] - height) < 1e-5

        self.until(lambda: there() or time.monotonic() > end, "time")
        return there()

    def close(self) -> None:
        self.process.send_signal(signal.SIGINT)
        assert self.process.wait(DEADLINE) == 0
        self.node.destroy_node()
        self.executor.shutdown()
        rclpy.shutdown(context=self.context)

    def _tell(self) -> None:
        names = [*reversed(NAMES), "finger"]
        message = JointState(name=names, position=[*(self.q[name] for name in reversed(NAMES)), 0.02])
        self.joints.publish(message)

    def _follow(self, message: JointTrajectory) -> None:
        self.trajectories.append(message)
        self.q = dict(zip(message.joint_names, message.points[-1].positions, strict=True))

    def _on_status(self, message: DiagnosticStatus) -> None:
        self.state = status_from_message(message).values["state"]

    def _on_pose(self, message: PoseStamped) -> None:
        self.pose = tool_pose_from_message(message)[0]

    def _on_joints(self, message: JointState) -> None:
        self.tellers.add(tuple(message.name))


@pytest.fixture
def driver(tmp_path: Path) -> Iterator[Driver]:
    driver = Driver(written_cell(tmp_path))
    yield driver
    driver.close()


def test_words_move_an_arm_over_its_topics(driver: Driver) -> None:
    driver.until(lambda: driver.state == "idle", "arm")
    driver.until(lambda: np.allclose(driver.pose, forward_by_hand(np.array(HOME)), atol=1e-6), "pose")
    driver.until(lambda: driver.teleop.get_subscription_count() >= 1, "subscription")
    low = forward_by_hand(np.array(HOME))[2, 3]
    for _ in range(20):  # a machine that is too busy to tell the joints in time holds the arm: once more from home
        driver.say("home", low)
        if driver.say("raise the arm up by five centimeters", low + 0.05):
            break
    else:
        raise AssertionError("the arm never got there")
    assert driver.tellers == {(*reversed(NAMES), "finger")}  # nobody else tells on the arm's own topic
    for message in driver.trajectories:
        assert list(message.joint_names) == NAMES
        due = [point.time_from_start.sec * 10**9 + point.time_from_start.nanosec for point in message.points]
        assert due == sorted(due) and due[-1] == LEAD_NS and due[0] > 0


def test_a_joint_that_is_told_within_one_turn_never_leaps(tmp_path: Path) -> None:
    told: list[tuple[list[float], list[float], int]] = []
    path = written_cell(tmp_path)
    urdf = tmp_path / "seven.urdf"
    urdf.write_text(urdf.read_text().replace('"wrist_roll" type="revolute"', '"wrist_roll" type="continuous"'))
    with rclpy.Context() as context:
        node = Node("executor", context=context)
        executor = EventsExecutor(context=context)
        executor.add_node(node)
        arm = load_cell(path).arm
        StreamedTopics(node, arm, lambda q, qd, at_ns: told.append((list(q), list(qd), at_ns)))
        joints = node.create_publisher(JointState, arm.joint_states, 10)
        begun = time.monotonic()
        end, turned = begun + DEADLINE, 3.0
        while not told or turned < 3.5:
            assert time.monotonic() < end, "the arm is never heard"
            turned = 3.0 + 0.4 * (time.monotonic() - begun)
            within = (turned + np.pi) % (2 * np.pi) - np.pi
            joints.publish(JointState(name=NAMES, position=[*HOME[:-1], within]))
            executor.spin_once(timeout_sec=0.02)
            time.sleep(0.01)
        for (q_before, _, before), (q, qd, at_ns) in itertools.pairwise(told):
            if at_ns - before < STALE_NS:
                assert abs(q[-1] - q_before[-1]) < 0.4 and abs(qd[-1]) < 20.0
        time.sleep(STALE_NS / 1e9 + 0.1)  # a driver that was started again
        count = len(told)
        while len(told) == count:
            assert time.monotonic() < end, "the arm is never heard again"
            joints.publish(JointState(name=NAMES, position=[*HOME[:-1], -2.0]))
            executor.spin_once(timeout_sec=0.02)
        assert told[-1][0][-1] == pytest.approx(-2.0)
        assert told[-1][1][-1] == 0.0
        node.destroy_node()
        executor.shutdown()


def test_joint_states_that_are_no_numbers_are_never_taken_for_those_of_the_arm(tmp_path: Path) -> None:
    told: list[tuple[list[float], list[float]]] = []
    with rclpy.Context() as context:
        node = Node("executor", context=context)
        executor = EventsExecutor(context=context)
        executor.add_node(node)
        arm = load_cell(written_cell(tmp_path)).arm
        topics = StreamedTopics(node, arm, lambda q, qd, at_ns: told.append((list(q), list(qd))))
        joints = node.create_publisher(JointState, arm.joint_states, 10)
        bad = [
            JointState(name=NAMES, position=[*HOME[:-1], float("nan")]),
            JointState(name=NAMES, position=HOME[:-1]),
            JointState(name=NAMES),
            JointState(name=NAMES[:-1], position=HOME[:-1]),
        ]
        without_speeds = JointState(name=NAMES, position=HOME, velocity=[float("nan")] * len(NAMES))
        end = time.monotonic() + DEADLINE
        while len(told) < 2:
            assert time.monotonic() < end, "the arm is never heard"
            for message in (*bad, without_speeds):
                joints.publish(message)
                executor.spin_once(timeout_sec=0.02)
        assert list(topics.joints) == NAMES and told == [(list(HOME), [0.0] * len(HOME))] * len(told)
        node.destroy_node()
        executor.shutdown()
