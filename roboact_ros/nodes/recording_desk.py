"""The recorder of a running cell as a recording session needs it: followed all the time, with the arm beside it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path

from diagnostic_msgs.msg import DiagnosticStatus, KeyValue
from rclpy.qos import DurabilityPolicy, QoSProfile
from std_msgs.msg import String

from roboact_ros.errors import RecordingError
from roboact_ros.nodes.messages.diagnostics import Status, status_from_message
from roboact_ros.nodes.operator import Operator
from roboact_ros.nodes.recorder_client import DISCOVERY_SECONDS, RecorderClient

MOTION_SECONDS = 60.0
_SETTLE_SECONDS = 5.0


class RecordingDesk(RecorderClient):
    """See :class:`roboact_ros.recording.guide.Desk`; use it in a ``with`` block."""

    def __init__(self, namespace: str = "") -> None:
        """Join the network and follow the recorder.

        Raises:
            RecordingError: No namespace can be called that.
        """
        super().__init__(namespace)
        self._namespace = namespace
        latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        self._newest: tuple[Status, float] | None = None
        self._node.create_subscription(DiagnosticStatus, "recorder/status", self._told, latched)
        self._instruction = self._node.create_publisher(String, "instruction", latched)
        self._notes = self._node.create_publisher(KeyValue, "recorder/note", 10)

    def connect(self) -> Mapping[str, str]:
        """Wait for the recorder and return what it says.

        Raises:
            RecordingError: No cell runs there.
        """
        if not self._until(lambda: self._newest is not None, DISCOVERY_SECONDS):
            raise self._nobody()
        return self.poll()[0]

    def poll(self) -> tuple[Mapping[str, str], str, float]:
        """Return the values and the sentence of the newest status, and how old it is [s]."""
        self._executor.spin_once(timeout_sec=0.0)
        if self._newest is None:
            return {}, "", 0.0
        status, at = self._newest
        return status.values, status.message, time.monotonic() - at

    def call(self, action: str) -> str:
        """Ask the recorder for something, and wait until its status shows that it is done."""
        answer = super().call(action)
        begun = action in ("start", "rerecord")
        path = str(Path(answer.removeprefix("recording ")))

        def shown() -> bool:
            values = self.poll()[0]
            return (values["state"] == "recording") is begun and (not begun or values["episode"] == path)

        self._until(shown, _SETTLE_SECONDS)
        return answer

    def note(self, key: str, value: str) -> None:
        """Put a note into the episode that is being recorded, and wait until the recorder has it.

        Raises:
            RecordingError: The recorder does not take it.
        """

        def noted() -> bool:
            return key in self.poll()[0].get("notes", "").split(", ")

        self._until(lambda: self._notes.get_subscription_count() > 0, DISCOVERY_SECONDS)
        self._notes.publish(KeyValue(key=key, value=value))
        if not self._until(noted, _SETTLE_SECONDS):
            raise RecordingError(f'the recorder did not take the note "{key}": it is {self.poll()[1]}')

    def instruct(self, task: str) -> None:
        """Give the cell its task, unless it has it.

        Raises:
            RecordingError: The recorder does not hear it.
        """
        if self.poll()[0].get("task") == task:
            return
        self._instruction.publish(String(data=task))
        if not self._until(lambda: self.poll()[0].get("task") == task, DISCOVERY_SECONDS):
            raise RecordingError(f'the recorder did not hear the task "{task}" within {DISCOVERY_SECONDS:.0f} s')

    def say(self, text: str) -> str:
        """Tell the arm something, wait until it has done it, and return how that ended.

        Raises:
            RoboactError: There is no arm, or it did not do it.
        """
        with Operator(self._namespace) as operator:
            operator.connect()
            before = operator.arm
            return operator.follow(operator.say(text), before, MOTION_SECONDS)

    def _told(self, message: DiagnosticStatus) -> None:
        self._newest = status_from_message(message), time.monotonic()

    def _until(self, condition: Callable[[], bool], seconds: float) -> bool:
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                return False
            self._executor.spin_once(timeout_sec=0.05)
        return True
