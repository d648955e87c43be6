"""A person's side of a running cell: says something, hears the answer, and follows the arm."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType
from typing import TypeVar

import rclpy
from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.executors import SingleThreadedExecutor
from rclpy.qos import DurabilityPolicy, QoSProfile
from std_msgs.msg import String

from roboact_ros.errors import LanguageRefusal, RoboactError
from roboact_ros.nodes.messages.diagnostics import Status, status_from_message
from roboact_ros.nodes.teleop_node import DEPTH, NODE_NAME

AnyOperator = TypeVar("AnyOperator", bound="Operator")

DISCOVERY_SECONDS = 5.0
ANSWER_SECONDS = 2.0
SETTLE_SECONDS = 0.5
"""Nobody else is found for this long: everybody is."""
START_SECONDS = 2.0
"""How long the arm may take to react before nothing is expected to happen any more."""
PAUSE_SECONDS = 0.5
"""How long the arm may rest between two motions of a plan."""


class OperatorError(RoboactError):
    """The cell cannot be reached, does not answer, or did not do what was asked."""


class Operator:
    """A connection to the cell in ``namespace``; use it in a ``with`` block, from one thread."""

    def __init__(self, namespace: str = "") -> None:
        """Join the network."""
        self._context = rclpy.Context()
        rclpy.init(context=self._context)
        self._node = rclpy.create_node("operator", namespace=namespace, context=self._context)
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self._node)
        self._answers: list[Status] = []
        self.arm: Status | None = None
        latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        self._correction = self._node.create_publisher(String, "correction", DEPTH)
        self._heard = self._node.create_subscription(DiagnosticStatus, "teleop/status", self._answered, DEPTH)
        self._node.create_subscription(DiagnosticStatus, "executor/status", self._acted, latched)

    def connect(self, seconds: float = DISCOVERY_SECONDS) -> None:
        """Wait until somebody listens.

        Raises:
            OperatorError: No cell runs in this namespace.
        """
        if not self._until(self._connected, seconds):
            raise OperatorError(
                f'no cell is running in namespace "{self._node.get_namespace()}" (start one with "roboact up SYSTEM", '
                "or name its namespace with --namespace)"
            )
        self._until(lambda: self.arm is not None, DISCOVERY_SECONDS)
        # Others listen too, such as the recorder; who is found late would miss the first words.
        known, since = -1, time.monotonic()

        def settled() -> bool:
            nonlocal known, since
            listeners = self._node.count_subscribers(self._correction.topic_name)
            if listeners != known:
                known, since = listeners, time.monotonic()
            return time.monotonic() - since > SETTLE_SECONDS and self._connected()

        self._until(settled, START_SECONDS)

    def send(self, text: str) -> None:
        """Say something without waiting for an answer."""
        self._correction.publish(String(data=text))

    def ask(self, text: str, seconds: float = ANSWER_SECONDS) -> Status:
        """Say something and return the first answer: what was understood, why not, or that a language model is asked.

        Raises:
            OperatorError: There is no answer.
        """
        self._answers.clear()
        self.send(text)
        if not self._until(lambda: bool(self._answers_to(text)), seconds):
            raise OperatorError(f'no answer to "{text}" within {seconds:g} s')
        return self._answers_to(text)[0]

    def say(self, text: str, seconds: float = ANSWER_SECONDS) -> Status:
        """Say something and return the answer, whether it was understood or not; wait for a language model's.

        Raises:
            OperatorError: There is no answer.
        """
        patience = seconds + float(self.ask(text, seconds).values.get("thinking", "0"))
        if not self._until(lambda: "thinking" not in self._answers_to(text)[-1].values, patience):
            raise OperatorError(f'no answer to "{text}" within {patience:g} s')
        return self._answers_to(text)[-1]

    @property
    def answer(self) -> str:
        """The newest answer to whatever was said, or empty."""
        return self._answers[-1].message if self._answers else ""

    def follow(self, answer: Status, before: Status | None, seconds: float) -> str:
        """Follow the arm until it has done what ``answer`` announced, and return how that ended.

        Args:
            answer: What :meth:`say` returned.
            before: Status of the arm when it was said.
            seconds: How long it may take.

        Raises:
            LanguageRefusal: It was not understood.
            OperatorError: Nobody carries it out, or the arm refused, stopped on the way, or took too long.
        """
        if answer.values["refused"]:
            raise LanguageRefusal(answer.message)
        if before is None:
            raise OperatorError("understood, but no executor is running: nothing that it says of the arm was received")
        phrases = answer.values["phrases"]
        wanted = _finished(before) + (phrases.count("; then ") + 1 if phrases else 0)
        still = time.monotonic()
        moved = False

        def ended() -> bool:
            nonlocal moved, still
            if self.arm is None or self.arm is before:
                return False
            if _busy(self.arm):
                moved, still = True, time.monotonic()
            if (phrases and _finished(self.arm) >= wanted) or _refused(self.arm, before):
                return not _busy(self.arm)
            return time.monotonic() - still > (PAUSE_SECONDS if moved else START_SECONDS)

        if not self._until(ended, seconds) or self.arm is None:
            raise OperatorError(f"the arm is still busy after {seconds:g} s")
        refused = self.arm.values.get("refused", "")
        if refused and (_refused(self.arm, before) or not moved):
            raise OperatorError(f"the arm refused: {refused}")
        if not phrases:
            return f"the arm is {self.arm.values.get('state', 'unknown')}"
        if _finished(self.arm) < wanted:
            raise OperatorError(f"the arm did not finish: {self.arm.message}")
        return "done"

    def spin(self, seconds: float = 0.0) -> None:
        """Receive what has arrived."""
        self._executor.spin_once(timeout_sec=seconds)

    def __enter__(self: AnyOperator) -> AnyOperator:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the network."""
        self._executor.shutdown()
        self._node.destroy_node()
        self._context.try_shutdown()

    def _answers_to(self, text: str) -> list[Status]:
        return [status for status in self._answers if status.values.get("text") == text]

    def _answered(self, message: DiagnosticStatus) -> None:
        self._answers.append(status_from_message(message))

    def _acted(self, message: DiagnosticStatus) -> None:
        self.arm = status_from_message(message)

    def _connected(self) -> bool:
        listeners = self._node.get_subscriptions_info_by_topic(self._correction.topic_name)
        listening = any(listener.node_name == NODE_NAME for listener in listeners)
        # The recorder listens too: only when all are matched is the teleop node certain to be among them.
        matched = self._correction.get_subscription_count() >= len(listeners)
        return listening and matched and bool(self._heard.get_publisher_count())

    def _until(self, condition: Callable[[], bool], seconds: float) -> bool:
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                return False
            self._executor.spin_once(timeout_sec=0.05)
        return True


def _busy(arm: Status) -> bool:
    return arm.values.get("state") in ("moving", "halting")


def _finished(arm: Status) -> int:
    return int(arm.values.get("finished", "0"))


def _refused(arm: Status, before: Status) -> bool:
    refused = arm.values.get("refused", "")
    return bool(refused) and refused != before.values.get("refused", "")
