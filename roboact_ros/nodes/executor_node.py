"""Carries out motions: watches the cameras, talks to the servo process, and publishes what the arm does."""

from __future__ import annotations

import argparse
import functools
import os
import socket
import sys
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CameraInfo
from std_msgs.msg import String
from std_srvs.srv import Trigger
from trajectory_msgs.msg import JointTrajectory

from roboact_ros.cells.arm_description import topic_of_arm
from roboact_ros.cells.description import Cell
from roboact_ros.errors import LanguageRefusal, MotionRefused
from roboact_ros.execution.camera_watch import CameraWatch
from roboact_ros.execution.kept_stop import KeptStop
from roboact_ros.execution.servo_link import ServoLink
from roboact_ros.execution.status import PERSON, POLICY
from roboact_ros.language.plan import plan_from_text
from roboact_ros.nodes.arm_topics import LATCHED, ArmTopics
from roboact_ros.nodes.executor_status import executor_status
from roboact_ros.nodes.messages.chunk import chunk_from_message
from roboact_ros.nodes.messages.diagnostics import (
    Status,
    status_from_message,
    status_to_message,
    statuses_to_array,
)
from roboact_ros.nodes.run import run_node
from roboact_ros.nodes.steady import every
from roboact_ros.nodes.streamed_topics import StreamedTopics
from roboact_ros.share import state_folder

NEWEST = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)

_WORDS = {word: word for word in ("stop", "pause", "resume", "undo", "home", "done")} | {"start over": "home"}
"""Control words and what is asked of the servo process."""

_AT_ONCE = ("stop", "pause", "done")
"""Those that bring the arm to rest, however old they are."""

_LONGEST_PLAN = 8192
"""Characters of a plan; a hundred motions have 4,000."""

_TURN_PERIOD = 0.02
_GAP_NS, _BLIND_NS = 1_000_000_000, 200_000_000
"""After a gap this long in which nothing was heard, what comes within so much may have been said long before [ns]."""

_SILENT_NS = 2_000_000_000
"""A servo process that says nothing for this long does not control the arm [ns]."""

_ALIVE_PERIOD_NS = 100_000_000
_STATUS_PERIOD_NS = 500_000_000
_RIVAL_NS = 2_000_000_000
"""Another executor that has been silent for this long is gone [ns]."""


_understand = functools.lru_cache(maxsize=256)(plan_from_text)


class ExecutorNode(Node):  # type: ignore[misc]
    """The ROS side of one cell's executor.

    Of a cell with two arms, what one arm does is told below its name, and what is said there is for it; a stop is for
    both, wherever it is said.

    Args:
        cell: The cell.
    """

    def __init__(self, cell: Cell) -> None:
        super().__init__("executor")
        robots = cell.robot_words if cell.arms else f"{cell.arm.model} at {cell.robot_address}"
        self._name = f"{robots}, executor {os.getpid()} on {socket.gethostname()}"
        self._rival, self._rival_ns = "", 0
        self._kept = KeptStop(self._stop_file(), self.get_logger().warning)
        self._servo = ServoLink(cell, self._kept)
        self._wall = Clock(clock_type=ClockType.SYSTEM_TIME)  # whatever use_sim_time says: the arm is real
        self._awake_ns, self._blind_until_ns, self._heard_ns = time.monotonic_ns(), 0, 0
        self._policies = 1
        self._policy_topics = ["policy/action_chunk", "policy/motion"]
        self._policy_topics += [topic_of_arm(arm, "policy/motion") for arm in cell.arm_names if arm]
        self._cameras = CameraWatch(cell.cameras, cell.safety.camera_timeout, time.monotonic_ns())
        self._alive_ns = self._told_ns = 0
        self._told: dict[str, Any] = {"state": "disconnected", "reason": "the servo process is starting"}
        self._refused = self._logged = ""
        self._restarts = self._servo.restarts
        self._answers: deque[str] = deque(maxlen=8)
        self._streamed = {
            name: StreamedTopics(self, cell.of_arm(name).arm, functools.partial(self._servo.joints, name))
            for name in cell.arm_names
            if cell.of_arm(name).arm.model == "urdf"
        }
        self._arms = {name: self._topics(name, cell) for name in cell.arm_names}
        self._status = self.create_publisher(DiagnosticStatus, "executor/status", LATCHED) if cell.arms else None
        self._diagnostics = self.create_publisher(DiagnosticArray, "/diagnostics", 10)
        for arm in dict.fromkeys(("", *cell.arm_names)):
            self._listen(arm)
        self.create_subscription(JointTrajectory, "policy/action_chunk", self._follow, 10)
        self.create_subscription(DiagnosticStatus, "executor/status", self._overheard, 10)
        for name in cell.cameras:
            self.create_subscription(CameraInfo, f"camera/{name}/camera_info", self._seen(name), NEWEST)
        every(self, _TURN_PERIOD, self._turn)
        every(self, 1.0, self._diagnose)

    def destroy_node(self) -> None:
        """Bring the arm to rest before the publishers go."""
        self._servo.close()
        super().destroy_node()

    def forget_stop(self) -> None:
        """Let the next start of the cell begin anew, as a person has ended this one in good order."""
        if not self._rival:  # whose stop it might be
            self._kept.keep(False, False)

    def _topics(self, name: str, cell: Cell) -> ArmTopics:
        if (streamed := self._streamed.get(name)) is None:
            return ArmTopics(self, name)
        return ArmTopics(self, name, streamed.joints, cell.of_arm(name).arm.joint_states)

    def _listen(self, arm: str) -> None:
        """Take what is said to one arm of two, or to the whole cell where it has no name."""
        for topic, source in (("teleop/motion", PERSON), ("policy/motion", POLICY)):
            heard = functools.partial(self._ask, source, arm)
            self.create_subscription(String, topic_of_arm(arm, topic), heard, 10)
        for word in ("stop", "resume", "home"):
            self.create_service(Trigger, topic_of_arm(arm, f"executor/{word}"), self._service(word, arm))

    def _ask(self, source: str, arm: str, said: String) -> None:
        """Carry out what a person or the policy said."""
        text, reason = said.data.strip(), self._not_now(source)
        word = _WORDS.get(text.casefold()) if source == PERSON else None
        if word and (word in _AT_ONCE or not reason):
            self._answer(self._servo.request(word, source=source, arm=arm))
        elif len(text) > _LONGEST_PLAN:
            self._refuse(f'a plan of {len(text)} characters, allowed {_LONGEST_PLAN}: "{text[:80]}…"')
        elif reason:
            self._refuse(reason)
        else:
            self._carry_out(text, source, arm)

    def _carry_out(self, text: str, source: str, arm: str) -> None:
        try:
            plan = _understand(text)
        except LanguageRefusal as error:
            self._refuse(f'"{text}": {error}')
            return
        if isinstance(plan, str):
            self._refuse(f'"{plan}" is nothing that {source} may ask of the executor')
        else:
            self._answer(self._servo.submit(plan, source, arm))

    def _not_now(self, source: str) -> str:
        """Return why nothing that would move the arm is taken from ``source`` now; empty when it is."""
        if self._awake() < self._blind_until_ns:
            return "not now: the executor node stood still, and nobody knows when that was said; say it again"
        if source == POLICY and self._policies > 1:
            told = f"{self._policies} policies want to drive the arm; end all but one"
            return f"{told} (one that was killed counts for up to 20 s)"
        return ""

    def _awake(self) -> int:
        """Notice whether this node has stood still until now, and return the monotonic time [ns]."""
        now = time.monotonic_ns()
        if now - self._awake_ns > _GAP_NS:
            self._blind_until_ns = now + _BLIND_NS
        self._awake_ns = now
        return now

    def _follow(self, message: JointTrajectory) -> None:
        """Follow what the policy wants."""
        if reason := self._not_now(POLICY):
            self._refuse(reason)
            return
        try:
            chunk = chunk_from_message(message)
        except MotionRefused as error:
            self._refuse(str(error))
            return
        age = int(self._wall.now().nanoseconds) - chunk.stamp_ns
        self._answer(self._servo.follow(chunk, time.monotonic_ns() - age, POLICY))

    def _service(self, word: str, arm: str) -> Callable[[Trigger.Request, Trigger.Response], Trigger.Response]:
        def serve(request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
            if (reason := self._not_now(PERSON)) and word != "stop":
                self._refuse(reason)
            else:
                self._answer(self._servo.request(word, source=PERSON, arm=arm))
            response.success, response.message = not self._refused, self._refused
            return response

        return serve

    def _seen(self, camera: str) -> Callable[[CameraInfo], None]:
        return lambda message: self._cameras.seen(camera, time.monotonic_ns())

    def _overheard(self, message: DiagnosticStatus) -> None:
        """Notice a second arm that would obey the same words as this one."""
        name = status_from_message(message).values.get("cell", "")
        if name != self._name:
            self._rival, self._rival_ns = name, time.monotonic_ns()

    def _held(self, now: int) -> str:
        """Return why this node holds the arm, empty when it does not."""
        if self._rival and now - self._rival_ns < _RIVAL_NS:
            space = self.get_namespace()
            return (
                f'another cell obeys the same words in namespace "{space}" ({self._rival}); end one, or give it another'
            )
        return self._cameras.reason(now)

    def _answer(self, reply: dict[str, Any]) -> None:
        refused, self._awake_ns = str(reply["refused"]), time.monotonic_ns()
        self._answers.append(refused)
        self._refuse(refused)

    def _refuse(self, reason: str) -> None:
        """Show a refusal, or that what was said last was accepted when ``reason`` is empty."""
        self._refused = reason
        if reason:
            self.get_logger().warning(f"refused: {reason}")
            self._tell()

    def _turn(self) -> None:
        """Publish what the servo process has said, and tell it that this node is alive."""
        now = self._awake()
        messages = self._servo.poll()
        if messages:
            self._heard_ns = now
        elif now - self._heard_ns > _SILENT_NS and self._told["state"] != "disconnected":
            self._told = {"state": "disconnected", "reason": f"the servo process is silent for {_SILENT_NS / 1e9:g} s"}
            self._tell()
        if self._servo.restarts != self._restarts:
            # What the last process said of itself is no longer true.
            self._restarts = self._servo.restarts
            self._told = {"state": "disconnected", "reason": "the servo process is starting again"}
            self._tell()
        for message in messages:
            if message["kind"] == "state":
                # The offset between the clocks is taken anew each time: the wall clock may have been set.
                offset = self._wall.now().nanoseconds - time.monotonic_ns()
                self._arms[message["arm"]].publish(message, offset)
                if (streamed := self._streamed.get(message["arm"])) is not None:
                    streamed.publish(message["commands"])
            elif message["kind"] == "status":
                refused = message.get("refused", "")
                if refused not in ("", self._told.get("refused"), *self._answers):
                    self._refused = refused  # not an answer: a motion that was accepted turned out not to be possible
                self._told = message
                self._tell()
        if now - self._told_ns >= _STATUS_PERIOD_NS:
            self._tell()
        if now - self._alive_ns >= _ALIVE_PERIOD_NS:
            self._alive_ns = now
            self._servo.alive(self._held(now))

    def _tell(self) -> None:
        self._told_ns = time.monotonic_ns()
        if self._status is None:
            self._arms[""].tell(self._summary())
        else:
            self._status.publish(status_to_message(self._summary()))
            for arm, topics in self._arms.items():
                told = {**self._told, **self._told.get("arms", {}).get(arm, {})}
                topics.tell(executor_status(told, told.get("refused", ""), self._servo.restarts, self._name))
        reason = str(self._told.get("reason", ""))
        if reason != self._logged:
            self._logged = reason
            if reason:
                self.get_logger().warning(f"the arm is held: {reason}")
            else:
                self.get_logger().info("the arm takes motions")

    def _diagnose(self) -> None:
        self._policies = max(map(self.count_publishers, self._policy_topics))
        self._diagnostics.publish(statuses_to_array([self._summary()], self._wall.now().to_msg(), self.get_namespace()))

    def _stop_file(self) -> Path:
        """Return where a stop is kept of what obeys the same words as this node."""
        name = f"{os.environ.get('ROS_DOMAIN_ID', '0')}{self.get_namespace().replace('/', '_')}"
        return state_folder() / f"stopped_{name}"

    def _summary(self) -> Status:
        return executor_status(self._told, self._refused, self._servo.restarts, self._name)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the node."""
    made: list[ExecutorNode] = []

    def make(cell: Cell, args: argparse.Namespace) -> ExecutorNode:
        made.append(ExecutorNode(cell))
        return made[0]

    status = run_node(make, __doc__ or "", arguments)
    if status == 0:
        made[0].forget_stop()
    return status


if __name__ == "__main__":
    sys.exit(main())
