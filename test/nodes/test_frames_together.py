"""What a policy sees through several cameras belongs to one moment, or the operator is told why it does not."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest
import rclpy
from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.experimental import EventsExecutor
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile
from sensor_msgs.msg import CompressedImage

from roboact_ros.cells.description import CameraDescription, Cell
from roboact_ros.cells.policy_description import PolicyDescription
from roboact_ros.errors import PolicyError
from roboact_ros.language.vocabulary import PRIMITIVES
from roboact_ros.nodes.messages.diagnostics import Level, Status, status_from_message, status_to_message
from roboact_ros.nodes.messages.image import frame_to_compressed
from roboact_ros.nodes.policy_node import PolicyNode
from roboact_ros.policies.load import policy_from_description
from roboact_ros.policies.scripted import ScriptedPolicy
from roboact_ros.types import Decision, Frame

DEADLINE = 30.0
MS = 1_000_000
CAMERAS = ("front", "wrist")
DESCRIBED = PolicyDescription(kind="clip_rt", more_cameras=("wrist",), camera_tolerance=0.03)


class Looking(ScriptedPolicy):
    """Plays a script and remembers what it was shown."""

    def __init__(self) -> None:
        super().__init__(PRIMITIVES[:1])
        self.seen: list[Frame] = []

    def act(self, frame: Frame) -> Decision:
        self.seen.append(frame)
        return super().act(frame)


class Cellmate:
    """Plays the two cameras, the executor and the operator around a policy node."""

    def __init__(self) -> None:
        rclpy.init()
        self.node, self.executor = Node("cellmate"), EventsExecutor()
        self.executor.add_node(self.node)
        self.lag_ns: dict[str, int | None] = {"front": 0, "wrist": None}
        """How old the images of each camera are; None: it sends none."""
        self.status = Status("")
        self.policy = Looking()
        topics = [f"camera/{name}/image/compressed" for name in CAMERAS]
        self.images = [self.node.create_publisher(CompressedImage, topic, 2) for topic in topics]
        self.report = self.node.create_publisher(DiagnosticStatus, "executor/status", 10)
        latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        self.node.create_subscription(DiagnosticStatus, "policy/status", self._on_status, latched)
        self.node.create_timer(0.1, self._live)
        cell = Cell(
            "test",
            instruction="close the laptop",
            cameras={name: CameraDescription() for name in CAMERAS},
            policy=DESCRIBED,
        )
        self.subject = PolicyNode(cell, lambda: self.policy)
        self.executor.add_node(self.subject)

    def _live(self) -> None:
        now = self.node.get_clock().now().nanoseconds
        for name, publisher in zip(CAMERAS, self.images, strict=True):
            lag_ns = self.lag_ns[name]
            if lag_ns is not None:
                frame = Frame(name, now - lag_ns, np.zeros((48, 64, 3), np.uint8))
                publisher.publish(frame_to_compressed(frame, 90))
        self.report.publish(status_to_message(Status("executor", values={"state": "idle", "finished": "0"})))

    def _on_status(self, message: DiagnosticStatus) -> None:
        self.status = status_from_message(message)

    def until(self, condition: Callable[[], object], what: str) -> None:
        end = time.monotonic() + DEADLINE
        while not condition():
            assert time.monotonic() < end, f"waited {DEADLINE} s for {what}; {self.status}"
            self.executor.spin_once(timeout_sec=0.02)

    def close(self) -> None:
        self.subject.destroy_node()
        self.node.destroy_node()
        self.executor.shutdown()
        rclpy.shutdown()


@pytest.fixture
def mate() -> Iterator[Cellmate]:
    mate = Cellmate()
    yield mate
    mate.close()


def test_pairs_within_tolerance_or_the_reason(mate: Cellmate) -> None:
    mate.until(lambda: "no image yet from wrist" in mate.status.message, "the missing camera to be told")
    assert mate.status.level is Level.WARN and not mate.policy.seen

    mate.lag_ns["wrist"] = 20 * MS
    mate.until(lambda: len(mate.policy.seen) >= 1, "the policy to look")
    mate.until(lambda: mate.status.level is Level.OK, "a good status")

    mate.lag_ns["wrist"] = 60 * MS
    mate.until(lambda: "front, wrist lie " in mate.status.message, "cameras out of step to be told")
    assert "30 ms are allowed" in mate.status.message and mate.status.level is Level.WARN
    assert int(mate.status.values["apart"]) > 0
    looked = len(mate.policy.seen)

    mate.lag_ns["wrist"] = 0
    mate.until(lambda: len(mate.policy.seen) > looked, "the policy to go on")
    for frame in mate.policy.seen:
        (beside,) = frame.beside
        assert (frame.camera, beside.camera) == CAMERAS
        assert abs(frame.stamp_ns - beside.stamp_ns) <= 30 * MS
        assert frame.oldest_ns == min(frame.stamp_ns, beside.stamp_ns)


def test_a_policy_with_one_eye_refuses_more_cameras() -> None:
    with pytest.raises(PolicyError, match="clip_rt looks through one camera, front"):
        policy_from_description(DESCRIBED, Cell("test"))
