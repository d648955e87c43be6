"""A person who also watches: where the tool is, what the gripper does, and whether the cameras see."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

import numpy as np
from diagnostic_msgs.msg import DiagnosticStatus
from geometry_msgs.msg import PoseStamped
from rclpy.qos import DurabilityPolicy, QoSProfile, qos_profile_sensor_data
from sensor_msgs.msg import CameraInfo, JointState
from std_msgs.msg import String

from roboact_ros.nodes.messages.arm import gripper_from_message, joints_from_message, tool_pose_from_message
from roboact_ros.nodes.messages.diagnostics import Status, status_from_message
from roboact_ros.nodes.operator import Operator, OperatorError
from roboact_ros.types import FloatArray, GripperState

REST_SECONDS = 0.25
REST_DISTANCE = 1e-4
"""At rest: no pose of that long is farther than this from another [m]."""


class Witness(Operator):
    """An operator with eyes on the arm.

    Attributes:
        pose_tool_in_base: (4, 4) measured pose of the tool, None until it is known.
        q: (6,) measured joints [rad], None until they are known.
        gripper: Measured state of the gripper, None until it is known.
        images: Images seen so far, by camera.
        policy: What the policy says of itself, None until it does.
    """

    def __init__(self, namespace: str = "", cameras: tuple[str, ...] = ("front",)) -> None:
        """Join the network and start watching."""
        super().__init__(namespace)
        self.pose_tool_in_base: FloatArray | None = None
        self.q: FloatArray | None = None
        self._track: deque[tuple[float, FloatArray]] = deque(maxlen=1000)
        self.gripper: GripperState | None = None
        self.images = dict.fromkeys(cameras, 0)
        self.policy: Status | None = None
        self._node.create_subscription(PoseStamped, "tcp_pose", self._moved, 1)
        self._node.create_subscription(JointState, "joint_states", self._turned, 1)
        self._node.create_subscription(JointState, "gripper", self._gripped, 1)
        for name in cameras:
            self._node.create_subscription(
                CameraInfo, f"camera/{name}/camera_info", self._saw(name), qos_profile_sensor_data
            )
        latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        self._node.create_subscription(DiagnosticStatus, "policy/status", self._judged, latched)
        self._instruction = self._node.create_publisher(String, "instruction", latched)

    @property
    def position(self) -> FloatArray:
        """(3,) measured position of the tool in the base [m].

        Raises:
            OperatorError: It is not known yet.
        """
        if self.pose_tool_in_base is None:
            raise OperatorError("the pose of the tool is not known yet")
        position: FloatArray = self.pose_tool_in_base[:3, 3].copy()
        return position

    def ready(self, seconds: float) -> None:
        """Wait until the cell listens, the arm is idle, and every camera sees.

        Raises:
            OperatorError: It takes longer.
        """
        end = time.monotonic() + seconds
        self.connect(seconds)
        self.wait(lambda: self.state == "idle", end - time.monotonic(), "the arm is not idle")
        self.wait(lambda: all(self.images.values()), end - time.monotonic(), "a camera shows nothing")
        self.wait(lambda: self.pose_tool_in_base is not None, end - time.monotonic(), "no pose of the tool")

    @property
    def state(self) -> str:
        """State of the executor, empty until it is known."""
        return self.arm.values.get("state", "") if self.arm is not None else ""

    def instruct(self, text: str) -> None:
        """Give the policy its task."""
        self._instruction.publish(String(data=text))

    def do(self, text: str, seconds: float) -> Status:
        """Say something and wait until the arm has done it and is seen at rest; return the answer.

        Raises:
            LanguageRefusal: It was not understood.
            OperatorError: The arm did not do it.
        """
        before = self.arm
        answer = self.say(text, seconds)
        self.follow(answer, before, seconds)
        self.rest(seconds)
        return answer

    def rest(self, seconds: float) -> None:
        """Wait until the tool is seen at rest.

        Raises:
            OperatorError: It takes longer.
        """
        self._track.clear()
        self.wait(self._rests, seconds, "the arm does not come to rest")

    def wait(self, condition: Callable[[], bool], seconds: float, otherwise: str) -> None:
        """Wait for something to become true.

        Raises:
            OperatorError: ``otherwise``, with what the arm says.
        """
        if not self._until(condition, seconds):
            told = self.arm.message if self.arm is not None else "nothing"
            raise OperatorError(f"{otherwise} after {seconds:.0f} s; the executor says: {told}")

    def wait_until_moved(self, distance: float, seconds: float) -> None:
        """Wait until the tool is ``distance`` [m] away from where it is now.

        Raises:
            OperatorError: It takes longer.
        """
        start = self.position
        self.wait(
            lambda: float(np.linalg.norm(self.position - start)) > distance,
            seconds,
            f"the arm moved less than {distance} m",
        )

    def _rests(self) -> bool:
        """Whether the newest quarter of a second of poses shows the tool in one place."""
        while self._track and self._track[-1][0] - self._track[0][0] > REST_SECONDS + 0.1:
            self._track.popleft()
        if not self._track or self._track[-1][0] - self._track[0][0] < REST_SECONDS:
            return False
        positions = np.array([position for _, position in self._track])
        return float(np.ptp(positions, axis=0).max()) < REST_DISTANCE

    def _moved(self, message: PoseStamped) -> None:
        self.pose_tool_in_base, _ = tool_pose_from_message(message)
        self._track.append((time.monotonic(), self.position))

    def _judged(self, message: DiagnosticStatus) -> None:
        self.policy = status_from_message(message)

    def _turned(self, message: JointState) -> None:
        self.q, _, _ = joints_from_message(message)

    def _gripped(self, message: JointState) -> None:
        self.gripper, _ = gripper_from_message(message)

    def _saw(self, name: str) -> Callable[[CameraInfo], None]:
        def saw(message: CameraInfo) -> None:
            self.images[name] += 1

        return saw
