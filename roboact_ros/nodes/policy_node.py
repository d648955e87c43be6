"""Drives the arm of a cell with its policy: looks, chooses a motion when the last one ends, and gives way to people."""

from __future__ import annotations

import argparse
import os
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rclpy.impl.implementation_singleton import rclpy_implementation
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile
from std_msgs.msg import String
from std_srvs.srv import Trigger
from trajectory_msgs.msg import JointTrajectory

from roboact_ros.cells.description import Cell
from roboact_ros.errors import ConfigurationError
from roboact_ros.execution.chunks import REMEMBERED
from roboact_ros.language.vocabulary import DONE
from roboact_ros.nodes.frames_together import FramesTogether
from roboact_ros.nodes.messages.chunk import chunk_to_message
from roboact_ros.nodes.messages.diagnostics import (
    Level,
    Status,
    status_from_message,
    status_to_message,
    statuses_to_array,
)
from roboact_ros.nodes.messages.scores import Scores, scores_to_message
from roboact_ros.nodes.messages.stamp import stamp_to_message
from roboact_ros.nodes.run import run_node
from roboact_ros.nodes.steady import every
from roboact_ros.nodes.tool_history import ToolHistory
from roboact_ros.policies.continuation import Continuation
from roboact_ros.policies.load import policy_from_description
from roboact_ros.policies.pilot import Obstacle, Pilot, report_from_values
from roboact_ros.policies.policy import AnyPolicy
from roboact_ros.policies.seams import GOING_ON, lookahead_of, seams_of
from roboact_ros.policies.thread import Answer, PolicyThread, Task
from roboact_ros.types import CHUNK, ActionChunk, Decision, Frame

_LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
_SHOWN = 5
_CLOSING = 3.0
_FEELING = ("roboact", "clap")
"""Kinds of policies that need to know where the tools are, beside images."""
_NICENESS = 3
"""The servo loop and the cameras go first where there are too few cores."""


class PolicyNode(Node):  # type: ignore[misc]
    """Publishes ``policy/motion`` or ``policy/action_chunk``, ``policy/scores`` and ``policy/status``.

    Args:
        cell: The cell to drive.
        load: Makes the policy; called in another thread. When it fails, the node stays and says why.
    """

    def __init__(self, cell: Cell, load: Callable[[], AnyPolicy]) -> None:
        super().__init__("policy")
        self._cell = cell
        self._lock = threading.Lock()  # guards what follows against the thread of the policy
        seams = seams_of(cell.policy)
        self._pilot = Pilot(
            cell.safety.camera_timeout, lookahead_of(cell.policy), cell.policy.step_seconds, streams=seams != "wait"
        )
        self._pilot.instruct(cell.instruction)
        self._frame: Frame | None = None
        self._loaded = False
        self._task: Task | None = None
        self._prepared = ""
        self._error = ""
        self._last: Scores | None = None
        self._warned = False
        self._asked = self._dropped = 0
        self._dropped_why = self._late = ""
        self._continuation = Continuation()
        self._told: Status | None = None

        self._motions = self.create_publisher(String, "policy/motion", 10)
        self._chunks = self.create_publisher(JointTrajectory, "policy/action_chunk", 10)
        self._scores = self.create_publisher(DiagnosticArray, "policy/scores", 10)
        self._status = self.create_publisher(DiagnosticStatus, "policy/status", _LATCHED)
        self._diagnostics = self.create_publisher(DiagnosticArray, "/diagnostics", 10)
        self.create_subscription(String, "instruction", self._on_instruction, _LATCHED)
        for arm in dict.fromkeys(("", *cell.arm_names)):  # a word for one arm is a word, too
            self.create_subscription(String, f"{arm}/teleop/motion" if arm else "teleop/motion", self._on_word, 10)
        self.create_subscription(DiagnosticStatus, "executor/status", self._on_executor, 10)
        self.create_service(Trigger, "policy/pause", self._on_pause)
        self.create_service(Trigger, "policy/resume", self._on_resume)
        cameras = (cell.policy.camera, *cell.policy.more_cameras)
        self._frames = FramesTogether(self, cameras, cell.policy.camera_tolerance, self._on_frame)
        self._feels, self._goes_on = cell.policy.kind in _FEELING, seams in GOING_ON
        self._tools = ToolHistory(self, cell.arm_names) if self._feels or self._goes_on else None
        every(self, 0.2, self._on_tick)
        every(self, 1.0, self._diagnose)
        if cell.policy.random:
            self.get_logger().warning(f"{cell.policy.model} has RANDOM weights, as policy.random asks for")
        with self._lock:  # the first answer waits until the thread has its name
            self._thread = PolicyThread(load, self._on_answer)

    def destroy_node(self) -> None:
        """End the thread before the publishers go."""
        self._thread.close(_CLOSING)
        super().destroy_node()

    # What arrives ---------------------------------------------------------------------------------------------------

    def _on_instruction(self, message: String) -> None:
        with self._lock:
            self._error = self._prepared = self._late = ""
            self._pilot.instruct(message.data)
            self._advance()

    def _on_word(self, message: String) -> None:
        with self._lock:
            self._pilot.person_said(message.data.strip().casefold(), self._now())
            self._advance()

    def _on_executor(self, message: DiagnosticStatus) -> None:
        try:
            report = report_from_values(status_from_message(message).values)
        except ValueError as error:
            self.get_logger().warning(f"executor/status cannot be read: {error}", throttle_duration_sec=5.0)
            return
        with self._lock:
            self._pilot.executor_said(report, self._now())
            self._advance()

    def _on_frame(self, frame: Frame) -> None:
        with self._lock:
            self._frame = frame
            self._advance()

    def _on_tick(self) -> None:
        with self._lock:
            self._pilot.time_passed(self._now())
            self._advance()

    def _on_pause(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        with self._lock:
            self._pilot.pause("paused")
            self._advance()
        response.success, response.message = True, "the policy is paused; a motion that runs is finished"
        return response

    def _on_resume(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        with self._lock:
            self._pilot.resume()
            self._advance()
        response.success, response.message = True, "the policy goes on"
        return response

    def _on_answer(self, answer: Answer) -> None:
        """Take what the policy thought, in its thread."""
        try:
            with self._lock:
                self._take(answer)
                self._advance()
        except rclpy_implementation.RCLError:
            if self.context.ok():  # else a signal shut ROS down meanwhile
                raise

    # With the lock held ---------------------------------------------------------------------------------------------

    def _take(self, answer: Answer) -> None:
        if answer.error and answer.error != self._error:
            self.get_logger().error(answer.error)
        task, self._task, self._error = answer.task, None, answer.error
        if task is None:
            self._loaded = not answer.error
            return
        self._prepared = task.instruction
        if answer.error and task.frame is None and task.instruction == self._pilot.instruction:
            self._pilot.instruct("")  # the same words would be refused again
        if answer.error and task.frame is not None:
            self._pilot.failed(self._now())
        if answer.choice is not None:
            self._announce(answer.choice, task, answer.took_ms)

    def _announce(self, choice: Decision | ActionChunk, task: Task, took_ms: float) -> None:
        """Ask the executor for what the policy chose, unless something has happened meanwhile, and tell everybody."""
        now = self._now()
        # The image was new when the thinking began; a slow model may still act on it if nothing has happened since.
        obstacle = self._pilot.obstacle(now, now)
        self._late = late = self._too_late(choice, now)
        carried_out = task.turn == self._pilot.turn and obstacle is None and not late
        if isinstance(choice, ActionChunk):
            phrase, best, note, warn = choice.phrase, [], choice.note, False
        else:
            phrase, note, warn, took_ms = choice.motion.phrase, choice.note, choice.warn, choice.inference_ms
            best = sorted(choice.scores.items(), key=lambda item: -item[1])[:_SHOWN]
        if warn and (self._last is None or note != self._last.note):
            self.get_logger().warning(note)
        if not carried_out:
            self._dropped += 1
            self._dropped_why = late or (obstacle.message if obstacle is not None else "something else was asked for")
        else:
            if isinstance(choice, ActionChunk):
                self._chunks.publish(chunk_to_message(choice))
                self._continuation.gave(choice)
                self._continuation.took(now - task.asked_ns)
                self._pilot.chose(now)
                self._asked += 1
            elif phrase == DONE.phrase:
                if not self._pilot.next_step():
                    self._pilot.pause("the policy says that the task is done")
            else:
                self._motions.publish(String(data=phrase))
                self._pilot.chose(now)
                self._asked += 1
        self._last = Scores(phrase, tuple(best), took_ms, (now - choice.stamp_ns) / 1e6, carried_out, note)
        self._warned = warn
        self._scores.publish(scores_to_message(self._last, stamp_to_message(choice.stamp_ns)))

    def _too_late(self, choice: Decision | ActionChunk, now: int) -> str:
        """Return why a chunk would be refused by its age; the executor looks again, as messages take time."""
        age, most = (now - choice.stamp_ns) / 1e9, min(self._cell.safety.camera_timeout, REMEMBERED)
        if not isinstance(choice, ActionChunk) or age <= most:
            return ""
        return f"the chunk is stale: its image is {age:.2f} s old, allowed {most:g} s"

    def _advance(self) -> None:
        """Give the policy the next thing to think about, if there is one, and tell what goes on."""
        if self._loaded and self._thread.alive and self._task is None:
            self._task = self._next_task()
            if self._task is not None:
                self._thread.give(self._task)
        status = self._current_status()
        if status != self._told:
            self._told = status
            self._status.publish(status_to_message(status))

    def _next_task(self) -> Task | None:
        instruction, turn = self._pilot.instruction, self._pilot.turn
        if instruction and instruction != self._prepared:
            return Task(instruction, None, turn)
        if self._obstacle() is not None or self._frame is None:
            return None
        frame, now, underway = self._frame, self._now(), None
        if self._tools is not None:
            if self._feels:
                frame = replace(frame, tools=self._tools.at(frame.stamp_ns) or ())
            if self._goes_on and self._pilot.follows_chunk:
                underway = self._continuation.underway(frame.stamp_ns, now, self._tools.poses_at)
        return Task(instruction, frame, turn, underway, now)

    def _obstacle(self) -> Obstacle | None:
        frame = self._frame
        found = self._pilot.obstacle(frame.oldest_ns if frame is not None else None, self._now())
        if found is not None or frame is None or self._tools is None or not self._feels:
            return found
        if not self._tools.fresh:
            return Obstacle("waiting", "waiting for where the tool is (tcp_pose, gripper)", warn=True)
        if self._tools.at(frame.stamp_ns) is None:
            return Obstacle("waiting", "waiting for where the tool was when the image was taken (tcp_pose)", warn=True)
        return None

    def _current_status(self) -> Status:
        policy = self._cell.policy
        obstacle = self._obstacle()
        level, state, message = Level.OK, "thinking", "choosing a motion"
        if self._error:
            level, state, message = Level.ERROR, "error", self._error
        elif not self._thread.alive:
            level, state, message = Level.ERROR, "error", self._thread.failure
        elif not self._loaded:
            state, message = "loading", f"loading {policy.shown_model}"
        elif obstacle is not None:
            level, state, message = (Level.WARN if obstacle.warn else Level.OK), obstacle.state, obstacle.message
        if self._frames.problem and level is not Level.ERROR:
            level, message = Level.WARN, f"{message}; {self._frames.problem}"
        if self._late and level is not Level.ERROR:
            level, message = Level.WARN, f"{message}; {self._late}"
        if self._last is not None and self._warned and level is not Level.ERROR:
            level, message = Level.WARN, f"{message}; {self._last.note}"
        elif self._last is not None and self._last.motion.startswith(CHUNK) and state in ("driving", "thinking"):
            message = "; ".join(filter(None, (message, self._last.note)))
        if policy.random and level is not Level.ERROR:
            level, message = Level.WARN, f"{message} (RANDOM weights)"
        values = {
            "state": state,
            "instruction": self._pilot.instruction,
            "step": self._pilot.step,
            "motion": self._last.motion if self._last is not None else "",
            "inference_ms": f"{self._last.inference_ms:.1f}" if self._last is not None else "",
            "motions": str(self._asked),
            "dropped": str(self._dropped),
            "dropped_why": self._dropped_why,
            "model": policy.shown_model,
            "weights": "random" if policy.random else policy.checkpoint,
            "note": self._last.note if self._last is not None else "",
            "seams": seams_of(policy) if policy.kind != "none" else "",
            "apart": str(self._frames.apart),
        }
        return Status("policy", level, message, values)

    def _diagnose(self) -> None:
        with self._lock:
            status = self._current_status()
        self._diagnostics.publish(statuses_to_array([status], self.get_clock().now().to_msg(), self.get_namespace()))

    def _now(self) -> int:
        """ROS time [ns], the clock of the images."""
        return int(self.get_clock().now().nanoseconds)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the node."""
    os.nice(_NICENESS)
    return run_node(_make, __doc__ or "", arguments)


def _make(cell: Cell, args: argparse.Namespace) -> Node:
    if cell.policy.kind == "none":
        raise ConfigurationError(f"cell {cell.name} has no policy (policy.kind is none), so a policy node has no work")
    return PolicyNode(cell, lambda: policy_from_description(cell.policy, cell))


if __name__ == "__main__":
    sys.exit(main())
