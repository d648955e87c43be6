"""Turns what a person says on ``correction`` into plans on ``teleop/motion``, and answers on ``teleop/status``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace

from diagnostic_msgs.msg import DiagnosticStatus
from geometry_msgs.msg import PoseStamped
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile
from std_msgs.msg import String

from roboact_ros.cells.description import Cell
from roboact_ros.cells.policy_description import LanguageModelDescription
from roboact_ros.chat.client import ChatClient
from roboact_ros.chat.endpoint import endpoint_at
from roboact_ros.chat.newest import Newest
from roboact_ros.errors import LanguageRefusal, RoboactError
from roboact_ros.execution.status import PERSON
from roboact_ros.language.controls import CONTROL_WORDS
from roboact_ros.language.llm import FreePhrasing
from roboact_ros.language.parse import Command, parse, prepare
from roboact_ros.language.plan import plan_to_text
from roboact_ros.language.session import Session
from roboact_ros.language.viewpoint import BASE, OPERATOR, Viewpoint, tool_viewpoint
from roboact_ros.nodes.messages.arm import tool_pose_from_message
from roboact_ros.nodes.messages.diagnostics import Level, Status, status_from_message, status_to_message
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

    A language model, where the cell has one, is asked beside what happens here. Whatever is said meanwhile, a new task,
    and a stop, home or other control by any way withdraw the question: a late answer never moves the arm.

    Args:
        cell: The cell; its viewpoint says whose left is "left".
    """

    def __init__(self, cell: Cell) -> None:
        super().__init__(NODE_NAME)
        self._viewpoint = OPERATOR if cell.viewpoint == "operator" else BASE
        self._seen_by_tool = cell.viewpoint == "tool"
        self._pose_tool_in_base: FloatArray | None = None
        self._session = Session()
        self._model = _model(cell.language_model)
        self._patience = cell.language_model.timeout
        self._newest: Newest[Command] = Newest()
        self._asked_about = ""
        self._homing = False
        prepare()
        self._motion = self.create_publisher(String, "teleop/motion", DEPTH)
        # Latched, so that an episode that starts later still shows what was said last.
        latched = QoSProfile(depth=DEPTH, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        self._status = self.create_publisher(DiagnosticStatus, "teleop/status", latched)
        if self._seen_by_tool:
            self.create_subscription(PoseStamped, "tcp_pose", self._moved, 1)
        if self._model is not None:
            self.create_subscription(DiagnosticStatus, "executor/status", self._on_executor, DEPTH)
            self.create_subscription(String, "teleop/motion", self._on_word, DEPTH)
            self.create_subscription(String, "instruction", lambda m: self._leave("There is a new task"), latched)
        self.create_subscription(String, "correction", self._heard, DEPTH)

    def destroy_node(self) -> None:
        """Withdraw the question before the publishers go."""
        self._newest.withdraw()
        super().destroy_node()

    def _moved(self, message: PoseStamped) -> None:
        self._pose_tool_in_base, _ = tool_pose_from_message(message)

    def _heard(self, message: String) -> None:
        outrun = self._asked_about if self._newest.withdraw() else message.data
        text = message.data
        try:
            command = self._understand(text)
        except LanguageRefusal as question:
            self._rephrase_or_refuse(text, question)
        else:
            plan = command.control or plan_to_text(command.motions)
            self._motion.publish(String(data=plan))
            self._status.publish(status_to_message(understood(command)))
        if outrun != text:
            self._tell(refused(outrun, "You said something else before I understood that."))

    def _understand(self, text: str) -> Command:
        command = parse(text, self._viewpoint)
        if self._seen_by_tool and command.motions:
            command = parse(text, self._seen_from())
        return self._session.resolve(command)

    def _seen_from(self) -> Viewpoint:
        if not self._seen_by_tool:
            return self._viewpoint
        if self._pose_tool_in_base is None:
            raise LanguageRefusal("I do not know yet where the gripper points. Is the robot connected?")
        return tool_viewpoint(self._pose_tool_in_base)

    # With the help of a language model ------------------------------------------------------------------------------

    def _rephrase_or_refuse(self, text: str, question: LanguageRefusal) -> None:
        if self._model is None or not self._model.may_help(text):
            self._tell(refused(text, str(question)))
            return
        try:
            asked = self._model.ask(text, self._seen_from())
        except LanguageRefusal as unseen:
            self._tell(refused(text, str(unseen)))
            return
        self._asked_about = text
        model = self._model.name
        self._tell(thinking(text, model, self._patience))
        self._newest.ask(asked, lambda answer: self._rephrased(text, question, answer, model))

    def _rephrased(self, text: str, question: LanguageRefusal, answer: Command | RoboactError, model: str) -> None:
        """Take the answer of the model, in another thread; nothing was said since the question."""
        if isinstance(answer, LanguageRefusal):
            self._tell(refused(text, str(answer)))
        elif isinstance(answer, RoboactError):
            self._tell(refused(text, f"{question} (No help: {answer}.)"))
        else:
            command = self._session.resolve(answer)
            told = understood(command)
            self._tell(replace(told, values={**told.values, "rephrased_by": model}))
            self._motion.publish(String(data=command.control or plan_to_text(command.motions)))

    def _on_executor(self, message: DiagnosticStatus) -> None:
        """Notice what was asked of the executor's services."""
        values = status_from_message(message).values
        was_homing, self._homing = self._homing, values.get("motion") == "home" and values.get("source") == PERSON
        if values.get("state") == "stopped":
            self._leave("The arm is stopped")
        elif self._homing and not was_homing:
            self._leave("The arm goes home")

    def _on_word(self, message: String) -> None:
        """Notice a control that came by another way, such as a button; what is said here has withdrawn it before."""
        if message.data in CONTROL_WORDS:
            self._leave(f'"{message.data}" came meanwhile')

    def _leave(self, reason: str) -> None:
        if self._newest.withdraw():
            self._tell(refused(self._asked_about, f"{reason}, so I left that."))

    def _tell(self, status: Status) -> None:
        self._status.publish(status_to_message(status))


def understood(command: Command) -> Status:
    """Return the answer to a sentence that was understood."""
    phrases = plan_to_text(command.motions) if command.motions else ""
    control = command.control or ""
    sentence = ANSWERS[control] if control else f"I will {', then '.join(motion.phrase for motion in command.motions)}."
    values = {"text": command.text, "phrases": phrases, "control": control, "refused": ""}
    return Status(NODE_NAME, Level.OK, sentence, values)


def refused(text: str, reason: str) -> Status:
    """Return the answer to a sentence that moves nothing."""
    return Status(NODE_NAME, Level.WARN, reason, {"text": text, "phrases": "", "control": "", "refused": reason})


def thinking(text: str, model: str, seconds: float) -> Status:
    """Return what is said while a language model thinks; the answer follows within ``seconds``."""
    sentence = f"I do not know all of these words and ask {model} (at most {seconds:g} s)."
    values = {"text": text, "phrases": "", "control": "", "refused": "", "thinking": f"{seconds:g}"}
    return Status(NODE_NAME, Level.OK, sentence, values)


def _model(described: LanguageModelDescription) -> FreePhrasing | None:
    if not described.endpoint:
        return None
    endpoint = endpoint_at(described.endpoint, described.model, described.api_key_env)
    return FreePhrasing(ChatClient(endpoint, described.timeout), described.max_motions)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the node."""
    return run_node(lambda cell, args: TeleopNode(cell), __doc__ or "", arguments)


if __name__ == "__main__":
    sys.exit(main())
