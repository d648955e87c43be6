"""The teleop node as its own process, with a person and an executor's voice in this one."""

from __future__ import annotations

import io
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import rclpy
from diagnostic_msgs.msg import DiagnosticStatus
from geometry_msgs.msg import PoseStamped
from rclpy.executors import SingleThreadedExecutor
from rclpy.qos import DurabilityPolicy, QoSProfile
from std_msgs.msg import String

from roboact_ros.cli import main
from roboact_ros.language.plan import plan_from_text
from roboact_ros.language.vocabulary import PRIMITIVES
from roboact_ros.nodes.messages.arm import tool_pose_to_message
from roboact_ros.nodes.messages.diagnostics import Level, Status, status_from_message, status_to_message
from roboact_ros.nodes.operator import Operator, OperatorError

DEADLINE = 30.0
LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)


class Cell:
    """The rest of the cell: what the node publishes, and an arm that does, or refuses, every plan at once."""

    def __init__(self, namespace: str) -> None:
        self.context = rclpy.Context()
        rclpy.init(context=self.context)
        self.node = rclpy.create_node("rest_of_cell", namespace=namespace, context=self.context)
        self.executor = SingleThreadedExecutor(context=self.context)
        self.executor.add_node(self.node)
        self.plans: list[str] = []
        self.statuses: list[Status] = []
        self.published: list[tuple[int, str]] = []
        self.refusal = ""
        self.finished = 0
        self.correction = self.node.create_publisher(String, "correction", 10)
        self.pose = self.node.create_publisher(PoseStamped, "tcp_pose", 10)
        self.arm = self.node.create_publisher(DiagnosticStatus, "executor/status", LATCHED)
        self.node.create_subscription(String, "teleop/motion", self._planned, 10)
        self.node.create_subscription(DiagnosticStatus, "teleop/status", self._told, 10)
        self.tell("idle")

    def tell(self, state: str, refused: str = "") -> None:
        """Publish the status of the arm."""
        values = {"state": state, "finished": str(self.finished), "refused": refused}
        self.arm.publish(status_to_message(Status("executor", message=refused or state, values=values)))

    @property
    def order(self) -> list[str]:
        """What the node has published, in its order and not in that of arrival."""
        return [what for _, what in sorted(self.published)]

    def _planned(self, message: String, info: dict[str, int]) -> None:
        self.plans.append(message.data)
        self.published.append((info["source_timestamp"], "plan"))
        plan = plan_from_text(message.data)
        if self.refusal:
            self.tell("idle", self.refusal)
        elif isinstance(plan, str):
            self.tell("stopped" if plan == "stop" else "idle")
        else:
            self.tell("moving")
            self.finished += len(plan)
            self.tell("idle")

    def _told(self, message: DiagnosticStatus, info: dict[str, int]) -> None:
        self.statuses.append(status_from_message(message))
        self.published.append((info["source_timestamp"], "status"))

    def until(self, condition: Callable[[], object], what: str) -> None:
        """Turn the executor until ``condition`` holds."""
        end = time.monotonic() + DEADLINE
        while not condition():
            assert time.monotonic() < end, f"waited {DEADLINE} s for {what}"
            self.executor.spin_once(timeout_sec=0.02)

    def say(self, text: str) -> Status:
        """Say something and wait for the answer after any thinking, and for the plan if there is one."""
        told, planned = len(self.statuses), len(self.plans)
        self.correction.publish(String(data=text))
        self.until(
            lambda: len(self.statuses) > told and "thinking" not in self.statuses[-1].values, f"an answer to {text!r}"
        )
        if not self.statuses[-1].values["refused"]:
            self.until(lambda: len(self.plans) > planned, f"the plan of {text!r}")
        return self.statuses[-1]

    def meanwhile(self, arguments: list[str]) -> int:
        """Run the command line in a thread while the cell goes on."""
        result: list[int] = []
        thread = threading.Thread(target=lambda: result.append(main(arguments)))
        thread.start()
        self.until(lambda: not thread.is_alive(), f"roboact {arguments}")
        thread.join()
        return result[0]

    def close(self) -> None:
        """Leave ROS."""
        self.executor.shutdown()
        self.node.destroy_node()
        rclpy.shutdown(context=self.context)


def started(system: Path, namespace: str) -> Iterator[Cell]:
    """Yield a cell with a running node; end the node with Ctrl-C and check that it left quietly."""
    command = [sys.executable, "-m", "roboact_ros.nodes.teleop_node", str(system)]
    process = subprocess.Popen([*command, "--ros-args", "-r", f"__ns:=/{namespace}"], stderr=subprocess.PIPE, text=True)
    cell = Cell(namespace)
    try:
        cell.until(
            lambda: (
                cell.correction.get_subscription_count()
                and cell.node.count_publishers("teleop/status")
                and cell.node.count_publishers("teleop/motion")
            ),
            "the node",
        )
        yield cell
    finally:
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=DEADLINE)
        cell.close()
    assert process.returncode == 0 and "Traceback" not in errors, errors


@pytest.fixture(scope="module")
def cell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cell]:
    system = tmp_path_factory.mktemp("systems") / "plain.yaml"
    system.write_text("viewpoint: base\n")
    yield from started(system, "cell_t")


@pytest.fixture(scope="module")
def operator_cell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cell]:
    system = tmp_path_factory.mktemp("systems") / "facing.yaml"
    system.write_text("viewpoint: operator\n")
    yield from started(system, "cell_o")


@pytest.fixture(scope="module")
def tool_cell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cell]:
    system = tmp_path_factory.mktemp("systems") / "gripper.yaml"
    system.write_text("viewpoint: tool\n")
    yield from started(system, "cell_g")


def test_a_motion_is_published_and_answered(cell: Cell) -> None:
    status = cell.say("move left a lot")
    assert cell.plans[-1] == PRIMITIVES[15].phrase
    assert status.message == f"I will {PRIMITIVES[15].phrase}."
    assert status.values == {"text": "move left a lot", "phrases": PRIMITIVES[15].phrase, "control": "", "refused": ""}


def test_a_sentence_is_one_plan(cell: Cell) -> None:
    cell.say("lower the arm 3 cm and grab it")
    assert cell.plans[-1] == "lower the arm by 3 centimeters; then close the gripper"


def test_a_question_moves_nothing(cell: Cell) -> None:
    plans = len(cell.plans)
    status = cell.say("move left and right")
    assert status.level is Level.WARN
    assert status.message == status.values["refused"] and status.message.endswith("?")
    assert len(cell.plans) == plans


def test_stop_is_published_before_it_is_answered(cell: Cell) -> None:
    cell.published.clear()
    assert cell.say("whoa, stop!").values["control"] == "stop"
    assert cell.plans[-1] == "stop"
    assert cell.order[0] == "plan"


def test_again_repeats_the_last_plan(cell: Cell) -> None:
    cell.say("up 2 cm, then open")
    plan = cell.plans[-1]
    cell.say("stop")
    cell.say("again")
    assert cell.plans[-1] == plan
    cell.say("left a lot")
    cell.say("a bit more")
    assert cell.plans[-1] == "move the arm to the left by five centimeters"


def test_whatever_is_said_is_answered(cell: Cell) -> None:
    for text in ("", "\x07", "x" * 5000, "⬅️", "back 1/0 cm"):
        assert cell.say(text).level is Level.WARN


def test_an_operator_sees_the_robot_mirrored(operator_cell: Cell) -> None:
    operator_cell.say("left 5 cm")
    assert operator_cell.plans[-1] == "move the arm to the right by five centimeters"


def test_the_gripper_needs_a_pose_and_turns_its_left_along(tool_cell: Cell) -> None:
    assert tool_cell.say("left").level is Level.WARN
    assert tool_cell.say("stop").values["control"] == "stop"
    pose = np.eye(4)
    pose[:3, :3] = [[0, 1, 0], [1, 0, 0], [0, 0, -1]]
    end = time.monotonic() + DEADLINE
    while tool_cell.say("left 5 cm").values["refused"]:
        assert time.monotonic() < end
        tool_cell.pose.publish(tool_pose_to_message(pose, 0))
    assert tool_cell.plans[-1] == "move the arm back by five centimeters"


def test_say_follows_the_arm(cell: Cell, capsys: pytest.CaptureFixture[str]) -> None:
    assert cell.meanwhile(["say", "move left 5 cm, then open", "--namespace", "cell_t"]) == 0
    understood, result = capsys.readouterr().out.splitlines()
    assert "five centimeters, then open the gripper" in understood
    assert result == "done"


def test_say_reports_a_question_and_a_refusal(cell: Cell, capsys: pytest.CaptureFixture[str]) -> None:
    assert cell.meanwhile(["say", "left or right", "--namespace", "cell_t"]) == 2
    assert "Which one" in capsys.readouterr().err
    cell.refusal = "that would leave the workspace"
    try:
        assert cell.meanwhile(["say", "move left", "--namespace", "cell_t"]) == 2
    finally:
        cell.refusal = ""
    assert "leave the workspace" in capsys.readouterr().err


def test_words_that_nobody_carries_out_are_no_success(cell: Cell) -> None:
    understood = cell.say("stop")
    with Operator("cell_t") as operator, pytest.raises(OperatorError, match="understood, but no executor is running"):
        operator.follow(understood, None, 1.0)


def test_say_without_a_cell(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["say", "left", "--namespace", "nowhere"]) == 2
    assert 'no cell is running in namespace "/nowhere"' in capsys.readouterr().err


def test_teleop_reads_a_pipe(cell: Cell, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("left 5 cm\n\nbanana\nhome\n"))
    plans = len(cell.plans)
    assert cell.meanwhile(["teleop", "--namespace", "cell_t"]) == 2
    assert cell.plans[plans:] == ["move the arm to the left by five centimeters", "home"]
    assert "done" in capsys.readouterr().out.splitlines()
