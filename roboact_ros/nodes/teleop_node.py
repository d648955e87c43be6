"""Turns what a person says on ``correction`` into plans on ``teleop/motion``, and answers on ``teleop/status``."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from diagnostic_msgs.msg import DiagnosticStatus
from geometry_msgs.msg import PoseStamped
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile
from std_msgs.msg import String

from roboact_ros.cells.description import Cell
from roboact_ros.errors import LanguageRefusal
from roboact_ros.language.parse import Command, parse, prepare
from roboact_ros.language.plan import plan_to_text
from roboact_ros.language.session import Session
from roboact_ros.language.viewpoint import BASE, OPERATOR, tool_viewpoint
from roboact_ros.nodes.messages.arm import tool_pose_from_message
from roboact_ros.nodes.messages.diagnostics import Level, Status, status_to_message
from roboact_ros.nodes.run import run_node
from roboact_ros.types import FloatArray

NODE_NAME = "teleop"
DEPTH = 10

ANSWERS = {
    "stop": "Stopping.",
    "pause": "I will hold here until you tell me to resume.",
    "resume": "I will go on.",
    "undo": "I will take the last motion back.",
    "home": "I will go to the home position.",
    "done": "The task is done.",
    "start over": "I will start over from the home position.",
}


class TeleopNode(Node):  # type: ignore[misc]
    """Listens to people.

    Args:
        cell: The cell; its viewpoint says whose left is "left".
    """

    def __init__(self, cell: Cell) -> None:
        super().__init__(NODE_NAME)
        self._viewpoint = OPERATOR if cell.viewpoint == "operator" else BASE
        self._seen_by_tool = cell.viewpoint == "tool"
        self._pose_tool_in_base: FloatArray | None = None
        self._session = Session()
        prepare()
        self._motion = self.create_publisher(String, "teleop/motion", DEPTH)
        # Latched, so that an episode that starts later still shows what was said last.
        latched = QoSProfile(depth=DEPTH, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        self._status = self.create_publisher(DiagnosticStatus, "teleop/status", latched)
        if self._seen_by_tool:
            self.create_subscription(PoseStamped, "tcp_pose", self._moved, 1)
        self.create_subscription(String, "correction", self._heard, DEPTH)

    def _moved(self, message: PoseStamped) -> None:
        self._pose_tool_in_base, _ = tool_pose_from_message(message)

    def _heard(self, message: String) -> None:
        try:
            command = self._understand(message.data)
        except LanguageRefusal as question:
            values = {"text": message.data, "phrases": "", "control": "", "refused": str(question)}
            self._status.publish(status_to_message(Status(NODE_NAME, Level.WARN, str(question), values)))
            return
        plan = command.control or plan_to_text(command.motions)
        self._motion.publish(String(data=plan))
        self._status.publish(status_to_message(understood(command)))

    def _understand(self, text: str) -> Command:
        command = parse(text, self._viewpoint)
        if self._seen_by_tool and command.motions:
            if self._pose_tool_in_base is None:
                raise LanguageRefusal("I do not know yet where the gripper points. Is the robot connected?")
            command = parse(text, tool_viewpoint(self._pose_tool_in_base))
        return self._session.resolve(command)


def understood(command: Command) -> Status:
    """Return the answer to a sentence that was understood."""
    phrases = plan_to_text(command.motions) if command.motions else ""
    control = command.control or ""
    sentence = ANSWERS[control] if control else f"I will {', then '.join(motion.phrase for motion in command.motions)}."
    values = {"text": command.text, "phrases": phrases, "control": control, "refused": ""}
    return Status(NODE_NAME, Level.OK, sentence, values)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the node."""
    return run_node(lambda cell, args: TeleopNode(cell), __doc__ or "", arguments)


if __name__ == "__main__":
    sys.exit(main())
