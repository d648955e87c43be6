"""A cell with two arms on ROS: simulated robots and executor as processes, watched and talked to from here."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest
import rclpy
from diagnostic_msgs.msg import DiagnosticStatus
from geometry_msgs.msg import PoseStamped
from rclpy.experimental import EventsExecutor
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile
from std_msgs.msg import String
from trajectory_msgs.msg import JointTrajectory

from roboact_ros.cells.arm_description import ARMS
from roboact_ros.nodes.messages.arm import targets_from_message, tool_pose_from_message
from roboact_ros.nodes.messages.chunk import chunk_to_message
from roboact_ros.nodes.messages.diagnostics import status_from_message
from roboact_ros.sim.pendant import Pendant
from roboact_ros.types import CHUNK_AXES, ActionChunk

ADDRESS = f"127.{os.getpid() % 250 + 1}.{random.randint(1, 250)}."
LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
AXES = tuple(f"{arm}/{axis}" for arm in ARMS for axis in CHUNK_AXES)
DEADLINE = 150.0


class Watcher:
    """Everything that the cell tells, and a voice."""

    def __init__(self) -> None:
        self.context = rclpy.Context()
        rclpy.init(context=self.context)
        self.node = Node("watcher", context=self.context)
        self.executor = EventsExecutor(context=self.context)
        self.executor.add_node(self.node)
        self.status: dict[str, dict[str, str]] = {"": {}, **{arm: {} for arm in ARMS}}
        self.states: list[str] = []
        self.tool = {arm: np.full(3, np.nan) for arm in ARMS}
        self.frames: set[str] = set()
        self.sources: dict[str, set[str]] = {arm: set() for arm in ARMS}
        self.words = {}
        for arm in ("", *ARMS):
            below = f"{arm}/" if arm else ""
            self.node.create_subscription(DiagnosticStatus, f"{below}executor/status", self._told(arm), LATCHED)
            self.words[arm] = self.node.create_publisher(String, f"{below}teleop/motion", 10)
        for arm in ARMS:
            self.node.create_subscription(PoseStamped, f"{arm}/tcp_pose", self._moved(arm), 10)
            self.node.create_subscription(JointTrajectory, f"{arm}/executor/action", self._acted(arm), 100)
        self.correction = self.node.create_publisher(String, "left/correction", 10)
        self.chunks = self.node.create_publisher(JointTrajectory, "policy/action_chunk", 10)

    def _told(self, arm: str) -> Callable[[DiagnosticStatus], None]:
        def told(message: DiagnosticStatus) -> None:
            self.status[arm] = dict(status_from_message(message).values)
            self.states += [self.status[arm]["state"]] if not arm else []

        return told

    def _moved(self, arm: str) -> Callable[[PoseStamped], None]:
        def moved(message: PoseStamped) -> None:
            self.tool[arm] = tool_pose_from_message(message)[0][:3, 3]
            self.frames.add(message.header.frame_id)

        return moved

    def _acted(self, arm: str) -> Callable[[JointTrajectory], None]:
        return lambda message: self.sources[arm].add(targets_from_message(message)[1])

    def until(self, condition: Callable[[], object], what: str) -> None:
        end = time.monotonic() + DEADLINE
        while not condition():
            assert time.monotonic() < end, f"no {what}: {self.status}"
            self.executor.spin_once(timeout_sec=0.02)

    def state(self) -> str:
        return self.status[""].get("state", "")

    def say(self, text: str, arm: str = "") -> None:
        self.until(lambda: self.words[arm].get_subscription_count() >= 1, "listener")
        self.words[arm].publish(String(data=text))

    def recover(self) -> None:
        """Ask to go on until the arms do; not more often, as a late "resume" would undo the next stop."""
        asked = 0.0

        def recovered() -> bool:
            nonlocal asked
            if time.monotonic() - asked > 3.0:
                asked = time.monotonic()
                self.say("resume")
            return self.state() == "idle"

        self.until(recovered, "recovery")

    def follow(self, left: dict[str, float], right: dict[str, float], count: int = 8) -> None:
        rows = [[*(side.get(axis, 0.0) for axis in CHUNK_AXES[:-1]), 1.0] for side in (left, right)]
        self.until(lambda: self.chunks.get_subscription_count() >= 1, "listener")
        self.states.clear()
        sent = 0.0

        def begun() -> bool:
            nonlocal sent
            # On a busy machine a chunk may be too old when it arrives; then it is refused, and a new one is right.
            if time.monotonic() - sent > 5.0:
                sent, now = time.monotonic(), self.node.get_clock().now().nanoseconds
                steps = np.tile(np.ravel(rows), (count, 1))
                self.chunks.publish(chunk_to_message(ActionChunk(AXES, steps, 10**8, now)))
            return "moving" in self.states

        self.until(begun, "motion")


@pytest.fixture
def cell() -> Iterator[Watcher]:
    words = ["clap_dual_ur5", f"sim.address:={ADDRESS}7", "cameras:={}"]
    parts = (["sim_node"], ["executor_node"], ["teleop_node", "--ros-args", "-r", "__ns:=/left"])
    nodes = [
        subprocess.Popen([sys.executable, "-m", f"roboact_ros.nodes.{name}", *words, *options])
        for name, *options in parts
    ]
    watcher = Watcher()
    try:
        yield watcher
    finally:
        for node in reversed(nodes):  # the simulated robots last, so that the executor brings the arms to rest
            node.terminate()
            try:
                node.wait(30.0)
            except subprocess.TimeoutExpired:
                node.kill()
                node.wait()
        watcher.executor.shutdown()
        watcher.node.destroy_node()
        rclpy.shutdown(context=watcher.context)


def test_chunks_move_both_words_move_one_and_a_stop_of_either_stops_both(cell: Watcher) -> None:
    cell.until(lambda: cell.state() == "idle" and not np.isnan(list(cell.tool.values())).any(), "cell")
    start = {arm: cell.tool[arm].copy() for arm in ARMS}
    assert cell.frames == {"left/base", "right/base"}

    cell.follow({"z": -0.01}, {"x": -0.01})
    cell.until(lambda: cell.state() == "idle", "end of the chunk")
    np.testing.assert_allclose(cell.tool["left"] - start["left"], [0.0, 0.0, -0.08], atol=0.003)
    np.testing.assert_allclose(cell.tool["right"] - start["right"], [-0.08, 0.0, 0.0], atol=0.003)

    cell.say("raise the arm up by five centimeters")
    cell.until(lambda: "say which arm is meant: left or right" in cell.status[""]["refused"], "refusal")
    before = cell.tool["right"].copy()
    cell.until(lambda: cell.correction.get_subscription_count() >= 1, "listener of the left arm")
    cell.correction.publish(String(data="move up 5 cm"))
    cell.until(lambda: cell.status["left"].get("finished") == "2", "end of the motion")
    assert cell.status["right"]["finished"] == "1"
    np.testing.assert_allclose(cell.tool["left"] - start["left"], [0.0, 0.0, -0.03], atol=0.003)
    np.testing.assert_allclose(cell.tool["right"], before, atol=0.001)
    assert "policy" in cell.sources["left"] & cell.sources["right"]
    assert "teleop" in cell.sources["left"] - cell.sources["right"]

    cell.follow({"z": -0.005}, {"z": -0.005}, 20)
    with Pendant(f"{ADDRESS}8") as pendant:
        pendant.protective_stop("for the test")
        cell.until(lambda: cell.state() == "holding", "hold")
        assert cell.status[""]["reason"].startswith("right arm: protective stop")
        cell.until(lambda: cell.status["left"]["reason"] == "right arm: protective stop", "news of it")
        cell.recover()

    cell.follow({"z": -0.005}, {"z": 0.005}, 20)
    cell.say("stop", "left")
    cell.until(lambda: all(cell.status[arm]["state"] == "stopped" for arm in ("", *ARMS)), "stop of both")
