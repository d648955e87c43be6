"""The policy node among a person, an executor and a camera that this process plays."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rclpy
from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from geometry_msgs.msg import PoseStamped
from rclpy.experimental import EventsExecutor
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile
from sensor_msgs.msg import CompressedImage
from std_msgs.msg import String
from std_srvs.srv import Trigger
from trajectory_msgs.msg import JointTrajectory

from roboact_ros.cells.description import CameraDescription, Cell
from roboact_ros.cells.load import load_cell
from roboact_ros.cells.policy_description import PolicyDescription
from roboact_ros.chat.client import ChatClient
from roboact_ros.chat.endpoint import endpoint_at
from roboact_ros.errors import MotionRefused, PolicyError
from roboact_ros.language.vocabulary import DONE, PRIMITIVES
from roboact_ros.nodes.messages.arm import tool_pose_to_message
from roboact_ros.nodes.messages.chunk import chunk_from_message
from roboact_ros.nodes.messages.diagnostics import Level, Status, status_from_message, status_to_message
from roboact_ros.nodes.messages.image import frame_to_compressed
from roboact_ros.nodes.messages.scores import Scores, scores_from_message, scores_to_message
from roboact_ros.nodes.policy_node import PolicyNode
from roboact_ros.policies.policy import AnyPolicy, Policy
from roboact_ros.policies.refined import RefinedPolicy
from roboact_ros.policies.scripted import ScriptedChunks, ScriptedPolicy
from roboact_ros.policies.underway import Underway
from roboact_ros.types import ActionChunk, Decision, Frame, Motion

DEADLINE = 30.0
LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
SCRIPT = PRIMITIVES[:3]


class Cellmate:
    """Plays everything around the node: person, camera and executor."""

    def __init__(self) -> None:
        rclpy.init()
        self.node = Node("cellmate")
        self.executor = EventsExecutor()
        self.executor.add_node(self.node)
        self.motions: list[str] = []
        self.scores: list[Scores] = []
        self.status = Status("")
        self.instruction = self.node.create_publisher(String, "instruction", LATCHED)
        self.word = self.node.create_publisher(String, "teleop/motion", 10)
        self.report = self.node.create_publisher(DiagnosticStatus, "executor/status", 10)
        self.image = self.node.create_publisher(CompressedImage, "camera/front/image/compressed", 2)
        self.node.create_subscription(String, "policy/motion", lambda message: self.motions.append(message.data), 10)
        self.node.create_subscription(DiagnosticStatus, "policy/status", self._on_status, LATCHED)
        self.node.create_subscription(DiagnosticArray, "policy/scores", self._on_scores, 10)
        self.frame_age_ns = 0
        self.executor_values = {"state": "idle", "finished": "0"}
        self.node.create_timer(0.05, self._live)

    def _live(self) -> None:
        stamp = self.node.get_clock().now().nanoseconds - self.frame_age_ns
        self.image.publish(frame_to_compressed(Frame("front", stamp, np.zeros((48, 64, 3), np.uint8)), 90))
        self.report.publish(status_to_message(Status("executor", values=self.executor_values)))

    def _on_status(self, message: DiagnosticStatus) -> None:
        self.status = status_from_message(message)

    def _on_scores(self, message: DiagnosticArray) -> None:
        self.scores.append(scores_from_message(message))

    def says(self, state: str) -> bool:
        return self.status.values.get("state") == state

    def moves(self, source: str, finished: int) -> None:
        self.executor_values = {"state": "moving", "source": source, "motion": "m", "finished": str(finished)}

    def rests(self, finished: int) -> None:
        self.executor_values = {"state": "idle", "finished": str(finished)}

    def until(self, condition: Callable[[], object], what: str) -> None:
        end = time.monotonic() + DEADLINE
        while not condition():
            assert time.monotonic() < end, f"waited {DEADLINE} s for {what}; {self.status}, {self.motions}"
            self.executor.spin_once(timeout_sec=0.02)

    def for_a_while(self, seconds: float = 1.0) -> None:
        """Let the cell live: nothing may happen meanwhile."""
        end = time.monotonic() + seconds
        self.until(lambda: time.monotonic() > end, "the clock")

    def call(self, service: str) -> None:
        client = self.node.create_client(Trigger, service)
        self.until(client.service_is_ready, service)
        answer = client.call_async(Trigger.Request())
        self.until(answer.done, service)
        assert answer.result().success

    def close(self) -> None:
        self.node.destroy_node()
        self.executor.shutdown()
        rclpy.shutdown()


@pytest.fixture
def mate() -> Iterator[Cellmate]:
    mate = Cellmate()
    yield mate
    mate.close()


@pytest.fixture
def start(mate: Cellmate) -> Iterator[Callable[..., None]]:
    """Starts the node beside the mate, in its executor."""
    nodes: list[Node] = []

    def run(
        load: Callable[[], AnyPolicy] = lambda: ScriptedPolicy(SCRIPT), instruction: str = "", **described_as: Any
    ) -> None:
        described = PolicyDescription(**{"kind": "clip_rt", **described_as})
        cell = Cell("test", instruction=instruction, cameras={"front": CameraDescription()}, policy=described)
        nodes.append(PolicyNode(cell, load))
        mate.executor.add_node(nodes[-1])

    yield run
    for node in nodes:
        node.destroy_node()


def test_drives_step_by_step(mate: Cellmate, start: Callable[..., None]) -> None:
    start()
    mate.until(lambda: mate.says("waiting"), "the policy to wait for an instruction")
    assert "instruction" in mate.status.message
    mate.instruction.publish(String(data="close the laptop"))
    mate.until(lambda: mate.motions, "the first motion")
    mate.moves("policy", finished=0)
    mate.until(lambda: mate.says("driving"), "the status to follow")
    mate.for_a_while()
    assert mate.motions == [SCRIPT[0].phrase]
    mate.rests(finished=1)
    mate.until(lambda: len(mate.motions) == 2, "the second motion")
    assert mate.motions == [motion.phrase for motion in SCRIPT[:2]]
    mate.until(lambda: len(mate.scores) == 2, "the scores")
    assert mate.scores[0].motion == SCRIPT[0].phrase and mate.scores[0].best[0] == (SCRIPT[0].phrase, 1.0)
    assert mate.scores[0].carried_out and 0 < mate.scores[0].frame_age_ms < 1500


def test_publishes_what_a_policy_of_chunks_chooses(mate: Cellmate, start: Callable[..., None]) -> None:
    chunks: list[ActionChunk] = []
    mate.node.create_subscription(
        JointTrajectory, "policy/action_chunk", lambda message: chunks.append(chunk_from_message(message)), 10
    )
    steps = np.arange(14.0).reshape(2, 7)
    start(lambda: ScriptedChunks([steps], 50_000_000), instruction="close the laptop")
    mate.until(lambda: chunks and mate.scores, "a chunk")
    np.testing.assert_array_equal(chunks[0].steps, steps)
    assert 0 < time.time_ns() - chunks[0].stamp_ns < 5e9 and not mate.motions
    assert mate.scores[0].motion == "chunk of 2 steps" and mate.scores[0].carried_out and not mate.scores[0].best
    mate.moves("policy", finished=0)
    mate.until(lambda: mate.says("driving"), "the status to follow")
    mate.for_a_while(0.5)
    count = len(chunks)
    mate.rests(finished=1)
    mate.until(lambda: len(chunks) > count, "the next chunk")


class Continuing(ScriptedChunks):
    """Remembers what it was told of the chunk underway, and thinks for a while."""

    def __init__(self, seconds: float = 0.0) -> None:
        super().__init__([np.tile([0.0, 0, 0, 0, 0, 0, 1.0], (80, 1))], 10**8)
        self.told: list[Underway] = []
        self._seconds = seconds

    def act(self, frame: Frame) -> ActionChunk:
        threading.Event().wait(self._seconds)  # the latency of a model
        return super().act(frame)

    def act_during(self, frame: Frame, underway: Underway) -> ActionChunk:
        self.told.append(underway)
        return self.act(frame)


def test_the_next_chunk_is_chosen_while_the_arm_follows_one(mate: Cellmate, start: Callable[..., None]) -> None:
    chunks, policy = list[ActionChunk](), Continuing()
    mate.node.create_subscription(
        JointTrajectory, "policy/action_chunk", lambda message: chunks.append(chunk_from_message(message)), 10
    )
    poses = mate.node.create_publisher(PoseStamped, "tcp_pose", 10)

    def told() -> None:
        poses.publish(tool_pose_to_message(np.eye(4), mate.node.get_clock().now().nanoseconds))

    mate.node.create_timer(0.02, told)
    start(lambda: policy, "go", kind="clip_rt_plus", seams="ensemble")
    mate.until(lambda: len(chunks) == 1, "the first chunk")
    moving = {"state": "moving", "source": "policy", "motion": "chunk of 80 steps", "finished": "0"}
    mate.executor_values = {**moving, "progress": "0.2"}
    mate.until(lambda: mate.says("driving"), "the status to follow")
    assert mate.status.values["seams"] == "ensemble" and len(chunks) == 1
    mate.executor_values = {**moving, "progress": "0.5"}
    mate.until(lambda: len(chunks) == 2, "a chunk while the arm moves")
    (underway,) = policy.told
    assert underway.chunk.stamp_ns == chunks[0].stamp_ns < chunks[1].stamp_ns < underway.arrives_ns
    np.testing.assert_allclose(underway.moved, np.eye(4)[None], atol=1e-6)


def test_a_chunk_of_an_image_that_is_too_old_is_dropped_and_the_status_says_why(
    mate: Cellmate, start: Callable[..., None]
) -> None:
    start(lambda: Continuing(seconds=1.7), "go", kind="clip_rt_plus")
    mate.until(lambda: mate.status.values.get("dropped") == "1", "a chunk to be dropped")
    assert "the chunk is stale: its image is" in mate.status.values["dropped_why"]
    assert "allowed 1.5 s" in mate.status.message and mate.status.level is Level.WARN


def test_waits_while_a_person_moves_the_arm(mate: Cellmate, start: Callable[..., None]) -> None:
    mate.moves("teleop", finished=0)
    start(instruction="close the laptop")
    mate.until(lambda: "teleop" in mate.status.message, "the policy to see the person")
    mate.for_a_while(0.5)
    assert not mate.motions
    mate.rests(finished=1)
    mate.until(lambda: mate.motions, "the policy to go on")


def test_pause_and_stop(mate: Cellmate, start: Callable[..., None]) -> None:
    start()
    mate.call("policy/pause")
    mate.until(lambda: mate.says("waiting"), "the policy")
    mate.instruction.publish(String(data="close the laptop"))
    mate.until(lambda: len(mate.motions) == 1, "a new instruction to end the pause")
    mate.word.publish(String(data="stop"))
    mate.until(lambda: mate.says("paused"), "the stop")
    mate.for_a_while()
    assert len(mate.motions) == 1
    mate.call("policy/resume")
    mate.until(lambda: len(mate.motions) == 2, "the policy to resume")
    mate.word.publish(String(data="done"))
    mate.until(lambda: "instruction" in mate.status.message, "the task to be over")


def test_a_policy_that_is_done_waits_for_the_next_instruction(mate: Cellmate, start: Callable[..., None]) -> None:
    start(lambda: ScriptedPolicy([DONE]), instruction="close the laptop")
    mate.until(lambda: mate.says("paused"), "done")
    assert "task is done" in mate.status.message and mate.motions == []
    mate.until(lambda: mate.scores, "the scores")
    assert mate.scores[-1].motion == "done"


class DoneAfterOne:
    """Does one motion for each task and is done with it; remembers the tasks and the frames."""

    def __init__(self) -> None:
        self.tasks: list[str] = []
        self.frames: list[Frame] = []
        self._script: Iterator[Motion] = iter(())

    def instruct(self, instruction: str) -> None:
        """Begin the script anew."""
        self._script = iter([SCRIPT[0], DONE])
        self.tasks.append(instruction)

    def act(self, frame: Frame) -> Decision:
        """Return the next motion of the task."""
        self.frames.append(frame)
        motion = next(self._script)
        return Decision(motion, {motion.phrase: 1.0}, frame.stamp_ns, 0.0)


def test_steps_of_a_task_follow_one_another_when_the_policy_is_done(mate: Cellmate, start: Callable[..., None]) -> None:
    policy = DoneAfterOne()
    start(lambda: policy)
    mate.until(lambda: mate.says("waiting"), "the policy to wait for an instruction")
    mate.instruction.publish(String(data="open the drawer, then pick up the block"))
    mate.until(lambda: len(mate.motions) == 1, "the first step")
    assert mate.status.values["instruction"] == "open the drawer" and mate.status.values["step"] == "step 1 of 2"
    mate.moves("policy", finished=0)
    mate.until(lambda: mate.says("driving"), "the status to follow")
    mate.rests(finished=1)
    mate.until(lambda: len(mate.motions) == 2, "the second step")
    assert policy.tasks == ["open the drawer", "pick up the block"]
    assert mate.status.values["step"] == "step 2 of 2"
    mate.moves("policy", finished=1)
    mate.until(lambda: mate.says("driving"), "the status to follow")
    mate.rests(finished=2)
    mate.until(lambda: mate.says("paused"), "the end")
    assert "task is done" in mate.status.message and len(mate.motions) == 2


def test_a_step_that_takes_too_long_gives_way_to_the_next(mate: Cellmate, start: Callable[..., None]) -> None:
    policy = DoneAfterOne()
    start(lambda: policy, instruction="open the drawer; close the drawer", step_seconds=1.0)
    mate.until(lambda: len(mate.motions) == 1, "the first step")
    mate.moves("policy", finished=0)
    mate.until(lambda: mate.status.values["instruction"] == "close the drawer", "the time to be over")
    mate.rests(finished=1)
    mate.until(lambda: len(mate.motions) == 2, "the second step")
    mate.moves("policy", finished=1)
    mate.until(lambda: mate.says("paused"), "the time of the last step")
    assert 'the time for "close the drawer" is over' in mate.status.message


def test_a_policy_that_feels_waits_until_the_tool_is_known(mate: Cellmate, start: Callable[..., None]) -> None:
    policy = DoneAfterOne()
    start(lambda: policy, instruction="open the drawer", kind="roboact", checkpoint="runs/policy")
    mate.until(lambda: "where the tool is" in mate.status.message, "the reason")
    assert not mate.motions and mate.status.level is Level.WARN
    poses = mate.node.create_publisher(PoseStamped, "tcp_pose", 10)
    pose = np.eye(4)
    pose[:3, 3] = 0.4, 0.1, 0.2

    def tell() -> None:
        poses.publish(tool_pose_to_message(pose, mate.node.get_clock().now().nanoseconds))

    timer = mate.node.create_timer(0.05, tell)
    mate.until(lambda: mate.motions, "a motion")
    (tool,) = policy.frames[0].tools
    assert tool.open
    np.testing.assert_allclose(tool.pose_tool_in_base, pose, atol=1e-9)
    mate.rests(finished=0)
    timer.cancel()
    mate.moves("policy", finished=0)
    mate.until(lambda: mate.says("driving"), "the motion")
    mate.for_a_while(0.8)
    mate.rests(finished=1)
    mate.until(lambda: "where the tool is" in mate.status.message, "old poses not to count")
    assert len(mate.motions) == 1


def test_a_policy_is_told_where_the_tool_was_when_the_image_was_taken(
    mate: Cellmate, start: Callable[..., None]
) -> None:
    policy = DoneAfterOne()
    mate.frame_age_ns = 300_000_000
    start(lambda: policy, instruction="open the drawer", kind="roboact", checkpoint="runs/policy")
    poses = mate.node.create_publisher(PoseStamped, "tcp_pose", 10)
    begun = mate.node.get_clock().now().nanoseconds

    def tell() -> None:
        now, pose = mate.node.get_clock().now().nanoseconds, np.eye(4)
        pose[0, 3] = 0.25 * (now - begun) / 1e9
        poses.publish(tool_pose_to_message(pose, now))

    mate.node.create_timer(0.02, tell)
    mate.until(lambda: mate.motions, "a motion")
    frame = policy.frames[0]
    there = 0.25 * (frame.stamp_ns - begun) / 1e9
    assert frame.tools[0].pose_tool_in_base[0, 3] == pytest.approx(there, abs=0.02), "not 75 mm further, as now"


def test_old_images_are_not_acted_on(mate: Cellmate, start: Callable[..., None]) -> None:
    mate.frame_age_ns = 5_000_000_000
    start(instruction="close the laptop")
    mate.until(lambda: " s old" in mate.status.message, "the age to be noticed")
    assert mate.status.level is Level.WARN and not mate.motions
    mate.frame_age_ns = 0
    mate.until(lambda: mate.motions, "new images")


def test_a_choice_that_a_person_outran_is_dropped(mate: Cellmate, start: Callable[..., None]) -> None:
    paused = threading.Event()

    class Slow(ScriptedPolicy):
        def act(self, frame: Frame) -> Decision:
            mate.word.publish(String(data="pause"))
            assert paused.wait(DEADLINE)
            return super().act(frame)

    start(lambda: Slow(SCRIPT), instruction="close the laptop")
    mate.until(lambda: mate.says("paused"), "the pause")
    paused.set()
    mate.until(lambda: mate.scores, "the outrun choice")
    assert not mate.scores[0].carried_out and not mate.motions
    mate.until(lambda: mate.status.values["dropped"] == "1", "the count")


def test_what_is_said_to_one_arm_of_two_is_heard_by_the_policy_of_both(mate: Cellmate) -> None:
    remote = ["policy.kind:=clap_remote", "policy.remote.server:=ws://127.0.0.1:9", "instruction:=lift the tray"]
    node = PolicyNode(load_cell("clap_dual_ur5", remote), lambda: ScriptedChunks([np.zeros((1, 7))], 10**8))
    mate.executor.add_node(node)
    try:
        words = mate.node.create_publisher(String, "left/teleop/motion", 10)
        mate.until(lambda: words.get_subscription_count(), "a listener")
        mate.until(lambda: mate.status.values.get("instruction") == "lift the tray", "the task")
        words.publish(String(data="pause"))
        mate.until(lambda: mate.says("paused"), "the pause")
        words.publish(String(data="resume"))
        mate.until(lambda: not mate.says("paused"), "the end of the pause")
        words.publish(String(data="done"))
        mate.until(lambda: "waiting for an instruction" in mate.status.message, "the end of the task")
    finally:
        node.destroy_node()


def test_a_policy_without_the_help_it_should_have_drives_and_says_so(
    mate: Cellmate, start: Callable[..., None]
) -> None:
    deaf = ChatClient(endpoint_at("http://127.0.0.1:9"), timeout=2.0)
    start(lambda: RefinedPolicy(ScriptedPolicy(SCRIPT), deaf), instruction="close the laptop")
    mate.until(lambda: mate.motions, "the motion of the policy alone")
    assert mate.motions == [SCRIPT[0].phrase]
    mate.until(lambda: "alone" in mate.status.message, "the operator to be told")
    assert mate.status.level is Level.WARN and "refused" in mate.status.values["note"]
    mate.until(lambda: mate.scores, "the scores")
    assert "alone" in mate.scores[0].note


class Failing(ScriptedPolicy):
    """Raises ``error`` until it is None."""

    def __init__(self, error: Exception | None) -> None:
        super().__init__(SCRIPT)
        self.error, self.stamps = error, list[int]()

    def act(self, frame: Frame) -> Decision:
        """Return a motion, or raise."""
        self.stamps.append(frame.stamp_ns)
        if self.error is not None:
            raise self.error
        return super().act(frame)


def test_a_policy_that_refuses_is_asked_again_a_few_times_a_second(mate: Cellmate, start: Callable[..., None]) -> None:
    policy = Failing(MotionRefused("the chunk has a number that is not finite"))
    start(lambda: policy, instruction="close the laptop")
    mate.until(lambda: "not finite" in mate.status.message, "the reason")
    mate.for_a_while(1.0)
    assert mate.says("error") and not mate.motions
    assert 2 <= len(policy.stamps) <= 8 and len(set(policy.stamps)) == len(policy.stamps)
    policy.error = None
    mate.until(lambda: mate.motions, "a motion")
    mate.until(lambda: not mate.says("error"), "the end of the error")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_what_nobody_expected_of_a_policy_ends_it_with_its_reason(mate: Cellmate, start: Callable[..., None]) -> None:
    policy = Failing(RuntimeError("CUDA out of memory.\nTried to allocate 2 GiB"))
    start(lambda: policy, instruction="close the laptop")
    mate.until(lambda: "RuntimeError: CUDA out of memory." in mate.status.message, "the reason")
    mate.instruction.publish(String(data="open the drawer"))
    mate.until(lambda: mate.status.values["instruction"] == "open the drawer", "the new task")
    mate.for_a_while(0.5)
    assert mate.status.level is Level.ERROR and mate.status.message.endswith("RuntimeError: CUDA out of memory.")
    assert len(policy.stamps) == 1 and not mate.motions


def test_a_policy_that_cannot_be_loaded(mate: Cellmate, start: Callable[..., None]) -> None:
    def fail() -> Policy:
        raise PolicyError("no weights anywhere; give a checkpoint")

    start(fail, instruction="close the laptop")
    mate.until(lambda: mate.says("error"), "the reason")
    assert mate.status.level is Level.ERROR and "no weights anywhere" in mate.status.message
    mate.call("policy/pause")


def test_scores_round_trip() -> None:
    scores = Scores("m", (("m", 0.123456789), ("n", 0.1)), 12.5, 1 / 3, carried_out=False)
    message = scores_to_message(scores, Time(sec=3, nanosec=4))
    assert scores_from_message(message) == scores and message.header.stamp == Time(sec=3, nanosec=4)


@pytest.fixture
def process(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts the node as a process of its own, with a tiny model."""
    vision = {"image_size": 32, "layers": 2, "width": 32, "head_width": 16, "patch_size": 8}
    text = {"context_length": 77, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 2}
    model = {"model_cfg": {"embed_dim": 24, "vision_cfg": vision, "text_cfg": text}, "preprocess_cfg": {}}
    (tmp_path / "open_clip_config.json").write_text(json.dumps(model))
    policy = {"kind": "clip_rt", "model": f"local-dir:{tmp_path}", "device": "cpu"}
    (tmp_path / "cell.yaml").write_text(json.dumps({"cameras": {"front": {}}, "policy": policy}))
    processes: list[subprocess.Popen[str]] = []

    def run(*overrides: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "roboact_ros.nodes.policy_node", str(tmp_path / "cell.yaml"), *overrides]
        processes.append(subprocess.Popen(command, stderr=subprocess.PIPE, text=True))
        return processes[-1]

    yield run
    for process in processes:
        process.kill()
        process.communicate()


def test_process_with_random_weights(mate: Cellmate, process: Callable[..., subprocess.Popen[str]]) -> None:
    node = process("policy.random:=true", "instruction:=close the laptop")
    mate.until(lambda: mate.motions, "a motion of the model")
    assert mate.motions[0] in {motion.phrase for motion in PRIMITIVES}
    assert mate.status.level is Level.WARN and "RANDOM" in mate.status.message
    node.terminate()
    _, errors = node.communicate(timeout=DEADLINE)
    assert "RANDOM weights" in errors and "Traceback" not in errors
    assert node.returncode == 0


def test_process_without_weights_stays_and_says_why(
    mate: Cellmate, process: Callable[..., subprocess.Popen[str]]
) -> None:
    node = process()
    mate.until(lambda: mate.says("error"), "the reason")
    assert "policy.random:=true" in mate.status.message
    mate.call("policy/resume")
    assert node.poll() is None
