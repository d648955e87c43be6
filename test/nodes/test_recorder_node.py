"""The recorder as its own process, beside publishers in this one."""

from __future__ import annotations

import json
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
from rclpy.executors import SingleThreadedExecutor
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CompressedImage, JointState
from std_msgs.msg import String
from std_srvs.srv import Trigger

from roboact_ros.cli import main
from roboact_ros.nodes.messages.diagnostics import Level, Status, status_from_message
from roboact_ros.recording.folders import DISCARDED, BagState, find_bags
from roboact_ros.recording.reader import Episode
from roboact_ros.recording.repair import repair

DEADLINE = 30.0
LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
BEST_EFFORT = QoSProfile(depth=5, reliability=ReliabilityPolicy.BEST_EFFORT)
CELL = "cell_r"


class Side:
    """The rest of the cell: an instruction, a person, joint states and one camera that offers best effort only."""

    def __init__(self) -> None:
        self.context = rclpy.Context()
        rclpy.init(context=self.context)
        self.node = rclpy.create_node("side", namespace=CELL, context=self.context)
        self.executor = SingleThreadedExecutor(context=self.context)
        self.executor.add_node(self.node)
        self.instruction = self.node.create_publisher(String, "instruction", LATCHED)
        self.motion = self.node.create_publisher(String, "teleop/motion", 10)
        self.joints = self.node.create_publisher(JointState, "joint_states", 10)
        self.camera = self.node.create_publisher(CompressedImage, "camera/front/image/compressed", BEST_EFFORT)
        self.images = 0
        self.statuses: list[DiagnosticStatus] = []
        self.node.create_subscription(DiagnosticStatus, "recorder/status", self.statuses.append, LATCHED)

    @property
    def status(self) -> Status:
        return status_from_message(self.statuses[-1])

    def until(self, condition: Callable[[], object], what: str) -> None:
        """Turn the executor until ``condition`` holds."""
        end = time.monotonic() + DEADLINE
        while not condition():
            assert time.monotonic() < end, f"waited {DEADLINE} s for {what}; {self.statuses[-1:]}"
            self.executor.spin_once(timeout_sec=0.02)

    def call(self, action: str) -> Trigger.Response:
        """Call one of the services."""
        client = self.node.create_client(Trigger, f"recorder/{action}")
        assert client.wait_for_service(timeout_sec=DEADLINE)
        future = client.call_async(Trigger.Request())
        self.until(future.done, action)
        return future.result()

    def send(self, pairs: int) -> None:
        """Publish numbered images and joint states until that many pairs were recorded.

        A publisher can see the recorder before the recorder sees it, so the very first may not arrive.
        """
        wanted = int(self.status.values["messages"]) + 2 * pairs
        end = time.monotonic() + DEADLINE
        while int(self.status.values["messages"]) < wanted:
            assert time.monotonic() < end, f"waited {DEADLINE} s for {wanted} messages; {self.status}"
            data = np.full(20_000, self.images % 256, np.uint8).tobytes()
            self.camera.publish(CompressedImage(format=str(self.images), data=data))
            self.joints.publish(JointState(name=["a"], position=[float(self.images)]))
            self.images += 1
            self.executor.spin_once(timeout_sec=0.02)

    def matched(self) -> bool:
        """Whether the recorder listens to everything here."""
        return all(p.get_subscription_count() for p in (self.instruction, self.motion, self.joints, self.camera))

    def close(self) -> None:
        """Leave ROS."""
        self.executor.shutdown()
        self.node.destroy_node()
        self.context.try_shutdown()


@pytest.fixture
def side() -> Iterator[Side]:
    side = Side()
    yield side
    side.close()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start recorder nodes that end with the test."""
    nodes: list[subprocess.Popen[str]] = []
    system = tmp_path / "cell.yaml"
    system.write_text(json.dumps({"namespace": CELL, "cameras": {"front": {}}}))

    def start_node(folder: Path, *overrides: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "roboact_ros.nodes.recorder_node", str(system), f"bags:={folder}", *overrides]
        nodes.append(subprocess.Popen(command, stderr=subprocess.PIPE, text=True))
        return nodes[-1]

    yield start_node
    for node in nodes:
        node.terminate()
        node.communicate(timeout=DEADLINE)


def test_episodes_hold_what_was_published(side: Side, start: Callable, tmp_path: Path) -> None:
    bags = tmp_path / "bags"
    side.instruction.publish(String(data="Stack the cups"))
    start(bags)
    side.until(lambda: side.matched() and side.statuses, "the recorder")
    assert side.status.values["state"] == "idle"
    assert not side.call("save").success

    response = side.call("start")
    assert response.success, response.message
    assert not side.call("start").success
    side.until(lambda: side.status.level is Level.WARN, "the warning about the silent camera")
    assert "without images from: front" in side.status.message
    side.send(20)
    side.until(lambda: side.status.level is Level.OK, "the warning to end")
    assert side.status.values["drops"] == "0"
    response = side.call("save")
    assert response.success, response.message
    path = Path(response.message.removeprefix("saved "))
    assert path.parent == bags and "stack_the_cups" in path.name
    with Episode(path) as episode:
        assert episode.complete
        assert episode.instruction == "Stack the cups"
        assert episode.cell["namespace"] == CELL
        assert [m.data for _, _, m in episode.messages(["instruction"])] == ["Stack the cups"]
        numbers = [int(m.format) for _, _, m in episode.messages(["camera/front/image/compressed"])]
        positions = [m.position[0] for _, _, m in episode.messages(["joint_states"])]
    assert min(len(numbers), len(positions)) >= 10
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert positions == [positions[0] + i for i in range(len(positions))]

    assert side.call("start").success
    side.send(5)
    assert side.call("discard").success
    assert len(find_bags(bags)) == 1
    assert len(list((bags / DISCARDED).iterdir())) == 1


def test_the_word_done_saves_and_the_next_episode_opens_with_the_last_state(
    side: Side, start: Callable, tmp_path: Path
) -> None:
    start(tmp_path / "bags", "record:=true")
    side.until(lambda: side.matched() and side.statuses, "the recorder")
    side.send(3)
    side.motion.publish(String(data="done"))
    side.until(lambda: side.status.values["state"] == "idle", "the episode to end")
    (bag,) = find_bags(tmp_path / "bags")
    with Episode(bag.path) as episode:
        assert episode.notes["ended_by"] == "done"
        assert [m.data for _, _, m in episode.messages(["teleop/motion"])] == ["done"]
    side.call("start")
    path = Path(side.call("save").message.removeprefix("saved "))
    with Episode(path) as episode:
        opening = [(name, m.position[0]) for name, _, m in episode.messages()]
    assert opening == [(f"/{CELL}/joint_states", side.images - 1.0)]


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_stopping_the_cell_saves_the_episode(side: Side, start: Callable, tmp_path: Path, stop: signal.Signals) -> None:
    node = start(tmp_path / "bags", "record:=true")
    side.until(lambda: side.matched() and side.statuses, "the recorder")
    side.send(10)
    node.send_signal(stop)
    assert node.wait(DEADLINE) == 0
    (bag,) = find_bags(tmp_path / "bags")
    with Episode(bag.path) as episode:
        assert (bag.state, episode.notes["ended_by"]) == (BagState.SAVED, "shutdown")
        assert episode.topics[f"/{CELL}/joint_states"].count >= 5


def test_a_killed_recorder_leaves_a_bag_that_can_be_repaired(side: Side, start: Callable, tmp_path: Path) -> None:
    node = start(tmp_path / "bags", "record:=true")
    side.until(lambda: side.matched() and side.statuses, "the recorder")
    side.send(10)
    sent_before_the_last_second = 0
    end = time.monotonic() + 2.0
    while time.monotonic() < end:
        side.joints.publish(JointState(name=["b"]))
        sent_before_the_last_second += time.monotonic() < end - 1.0
        side.executor.spin_once(timeout_sec=0.02)
    node.kill()
    node.wait(DEADLINE)
    (bag,) = find_bags(tmp_path / "bags")
    assert bag.state is BagState.UNFINISHED
    result = repair(bag.path)
    with Episode(result.path) as episode:
        assert episode.complete
        kept = [message.name for _, _, message in episode.messages(["joint_states"])].count(["b"])
    assert sent_before_the_last_second <= kept


def test_a_folder_that_cannot_be_written_refuses_with_advice(side: Side, start: Callable, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    node = start(tmp_path / "file" / "bags")
    side.until(lambda: side.statuses, "the recorder")
    response = side.call("start")
    assert not response.success
    assert "record elsewhere with bags:=FOLDER" in response.message
    assert node.poll() is None
    at_once = start(tmp_path / "file" / "bags", "record:=true")
    _, stderr = at_once.communicate(timeout=DEADLINE)
    assert at_once.returncode == 2
    assert "record elsewhere with bags:=FOLDER" in stderr


def test_the_command_talks_to_the_recorder(
    side: Side, start: Callable, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["record", "status", "--namespace", "nobody_here"]) == 2
    assert 'no cell is running in namespace "/nobody_here"' in capsys.readouterr().err
    assert main(["record", "status", "--namespace", "bad name!"]) == 2
    assert '"bad name!" is no ROS namespace' in capsys.readouterr().err
    start(tmp_path / "bags")
    side.until(lambda: side.statuses, "the recorder")
    assert main(["record", "start", "--namespace", CELL]) == 0
    assert main(["record", "start", "--namespace", CELL]) == 2
    capsys.readouterr()
    assert main(["record", "status", "--namespace", CELL, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["state"] == "recording"
    assert main(["record", "save", "--namespace", CELL]) == 0
    assert len(find_bags(tmp_path / "bags")) == 1
