"""Records everything that happens in a cell, one bag per episode, as it travels on the wire."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile
from rclpy.serialization import deserialize_message
from std_msgs.msg import String
from std_srvs.srv import Trigger

from roboact_ros.cells.description import Cell
from roboact_ros.cells.load import cell_to_mapping
from roboact_ros.errors import RecordingError
from roboact_ros.nodes.messages.diagnostics import Level, Status, status_to_message, statuses_to_array
from roboact_ros.nodes.raw_subscription import RawSubscription
from roboact_ros.nodes.recorded_topics import TopicChoice, recorded_topics
from roboact_ros.nodes.run import run_node
from roboact_ros.nodes.steady import every
from roboact_ros.recording.episode_recorder import EpisodeRecorder, RecordedTopic
from roboact_ros.recording.tally import PERSON, POLICY, Tally
from roboact_ros.recording.version import installed_version

DONE = "done"
"""Control word on ``teleop/motion`` that saves the running episode."""


class RecorderNode(Node):  # type: ignore[misc]
    """Services ``recorder/start``, ``save``, ``discard`` and ``rerecord``; topic ``recorder/status``.

    What comes on the topic ``recorder/note`` is kept among the notes of the episode that is being recorded.
    """

    def __init__(self, cell: Cell) -> None:
        """Listen to the cell from now on, and start an episode if the cell says so.

        Raises:
            RecordingError: An episode should start at once, and the folder cannot be written.
        """
        super().__init__("recorder", namespace=cell.namespace)
        notes = {"cell": json.dumps(cell_to_mapping(cell)), "roboact_version": installed_version()}
        self._folder = Path(cell.recording.folder).expanduser().resolve()
        self._recorder = EpisodeRecorder(self._folder, notes)
        self._instruction = cell.instruction
        self._started_ns = 0
        self._lost_at_start = 0
        self._failure = ""
        self._last = ""
        self._noted: dict[str, str] = {}
        self._image_topics: dict[str, tuple[str, float]] = {}
        self._inputs: list[RawSubscription] = []
        for choice in recorded_topics(cell):
            self._listen(choice, cell.cameras[choice.camera].fps if choice.camera else 0.0)
        self._tally = Tally(self._image_topics)
        latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        self._status_publisher = self.create_publisher(DiagnosticStatus, "recorder/status", latched)
        self._diagnostics_publisher = self.create_publisher(DiagnosticArray, "/diagnostics", 10)
        self.create_subscription(KeyValue, "recorder/note", self._note, 10)
        actions = {"start": self._start, "save": self._save, "discard": self._discard, "rerecord": self._start_again}
        for name, action in actions.items():
            self.create_service(Trigger, f"recorder/{name}", partial(self._serve, action))
        if cell.recording.auto_start:
            self.get_logger().info(self._start())
        every(self, 1.0, self._report)
        self._report()

    def destroy_node(self) -> None:
        """Save the running episode and leave."""
        if self._recorder.progress is not None:
            try:
                print(f"recorder: {self._save('shutdown')}", file=sys.stderr, flush=True)
            except RecordingError as error:
                print(f"recorder: {error}", file=sys.stderr, flush=True)
        super().destroy_node()

    def _listen(self, choice: TopicChoice, target_hz: float) -> None:
        name = self.resolve_topic_name(choice.name)
        package, folder, *_ = choice.message_type.__module__.split(".")
        topic = RecordedTopic(name, f"{package}/{folder}/{choice.message_type.__name__}", choice.state)
        self._inputs.append(
            RawSubscription(self, choice.name, choice.message_type, choice.qos, self._receiver(choice, topic))
        )
        if choice.camera:
            self._image_topics[choice.camera] = name, target_hz

    def _receiver(self, choice: TopicChoice, topic: RecordedTopic) -> Callable[[bytes], None]:
        # What a person says to one arm of two counts as what she says to a single one.
        said = PERSON if choice.name.endswith(f"/{PERSON}") else choice.name

        def record(data: bytes) -> None:
            self._recorder.receive(topic, data, self._now_ns())

        def remember_instruction(data: bytes) -> None:
            record(data)
            self._instruction = deserialize_message(data, String).data

        def record_and_count(data: bytes) -> None:
            record(data)
            text = deserialize_message(data, String).data.strip().casefold()
            self._tally.said(said, text)
            if (said, text) == (PERSON, DONE) and self._recorder.progress is not None:
                self._end_by_word()

        def record_chunk(data: bytes) -> None:
            record(data)
            self._tally.said(POLICY, "")

        special = {
            "instruction": remember_instruction,
            PERSON: record_and_count,
            POLICY: record_and_count,
            "policy/action_chunk": record_chunk,
        }
        return special.get(said, record)

    def _end_by_word(self) -> None:
        try:
            self.get_logger().info(self._save(DONE))
        except RecordingError as error:
            self._fail(error)
        self._report()

    def _serve(self, action: Callable[[], str], _: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        was_running = self._recorder.progress is not None
        try:
            response.message, response.success = action(), True
            self.get_logger().info(response.message)
        except RecordingError as error:
            response.message, response.success = str(error), False
            if was_running and self._recorder.progress is None:
                self._fail(error)
        self._report()
        return response

    def _start(self) -> str:
        now_ns = self._now_ns()
        return self._started(self._recorder.start(self._instruction, now_ns), now_ns)

    def _start_again(self) -> str:
        now_ns = self._now_ns()
        notes = self._closing_notes("rerecord") if self._recorder.progress is not None else {}
        return self._started(self._recorder.start_again(self._instruction, now_ns, notes), now_ns)

    def _started(self, path: Path, now_ns: int) -> str:
        self._started_ns, self._lost_at_start, self._failure, self._noted = now_ns, self._lost, "", {}
        self._tally = Tally(self._image_topics)
        return f"recording {path}"

    def _save(self, ended_by: str = "service") -> str:
        path = self._recorder.save(self._closing_notes(ended_by))
        self._last, self._failure = str(path), ""
        try:
            self._recorder.purge()
        except RecordingError as error:
            self.get_logger().warning(f"an old discarded episode could not be deleted: {error}")
        return f"saved {path}"

    def _discard(self) -> str:
        return f"discarded; it stays for a while in {self._recorder.discard(self._closing_notes('service'))}"

    def _closing_notes(self, ended_by: str) -> dict[str, str]:
        lost = self._lost - self._lost_at_start
        own = {"instruction": self._instruction, "ended_by": ended_by, "lost_in_transit": str(lost)}
        own["corrections"] = str(self._tally.corrections)
        return {**self._noted, **own}

    def _note(self, message: KeyValue) -> None:
        if self._recorder.progress is not None:
            self._noted[message.key] = message.value
            self._recorder.note(message.key, message.value)
            self._report()

    def _fail(self, error: RecordingError) -> None:
        self._failure = str(error)
        self.get_logger().error(self._failure)

    @property
    def _lost(self) -> int:
        return sum(subscription.lost for subscription in self._inputs)

    def _now_ns(self) -> int:
        return int(self.get_clock().now().nanoseconds)

    def _report(self) -> None:
        for subscription in self._inputs:
            offered = subscription.adapt()
            if offered is not None:
                self._recorder.offer(subscription.name, offered)
        status = self._status()
        if status.level is Level.WARN:
            self.get_logger().warning(status.message, throttle_duration_sec=10.0)
        self._status_publisher.publish(status_to_message(status))
        self._diagnostics_publisher.publish(
            statuses_to_array([status], self.get_clock().now().to_msg(), self.get_namespace())
        )

    def _status(self) -> Status:
        progress = self._recorder.progress
        common = {"folder": str(self._folder), "task": self._instruction}
        if progress is None:
            values = {"state": "idle", "episode": self._last, **common}
            return Status("recorder", Level.ERROR if self._failure else Level.OK, self._failure or "idle", values)
        seconds = (self._now_ns() - self._started_ns) / 1e9
        drops = progress.drops + self._lost - self._lost_at_start
        values = {
            "state": "recording",
            "episode": str(progress.path),
            "seconds": f"{seconds:.1f}",
            "messages": str(progress.messages),
            "bytes": str(progress.bytes),
            "drops": str(drops),
            "notes": ", ".join(self._noted),
            "corrections": str(self._tally.corrections),
            **common,
        }
        for name, (achieved, target) in self._tally.rates(progress.counts, seconds).items():
            values |= {f"rate/{name}": f"{achieved:.1f}", f"target/{name}": f"{target:.1f}"}
        blind = self._tally.blind(progress.counts)
        if progress.error:
            return Status("recorder", Level.ERROR, progress.error, {**values, "error": progress.error})
        if seconds >= 0.9 and blind:
            return Status("recorder", Level.WARN, f"recording without images from: {', '.join(blind)}", values)
        if drops:
            return Status("recorder", Level.WARN, f"recording; {drops} messages were lost", values)
        return Status("recorder", Level.OK, "recording", values)


def main() -> int:
    """Run the node."""
    return run_node(lambda cell, _: RecorderNode(cell), __doc__)


if __name__ == "__main__":
    sys.exit(main())
