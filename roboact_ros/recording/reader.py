"""Reads episodes, saved or cut short by a crash."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

from roboact_ros.cells.arm_description import topic_of_arm
from roboact_ros.errors import RecordingError, did_you_mean
from roboact_ros.recording.folders import mcap_files
from roboact_ros.recording.mcap_scan import McapScan
from roboact_ros.recording.metadata import custom_data
from roboact_ros.recording.schema import typestore
from roboact_ros.types import Frame


@dataclass(frozen=True, slots=True)
class Topic:
    """One recorded topic: its full name, its type (``std_msgs/msg/String``) and the number of its messages."""

    name: str
    type_name: str
    count: int


class RawMessage(NamedTuple):
    """One message as it travelled on the wire: topic, times [ns] and CDR bytes (a view into the file)."""

    topic: Topic
    log_time_ns: int
    publish_time_ns: int
    data: memoryview

    def message(self) -> Any:
        """Return the message, decoded.

        Raises:
            RecordingError: Its bytes are not one of its type, or no such type is known.
        """
        from rosbags.serde import SerdeError

        try:
            return typestore().deserialize_cdr(self.data, self.topic.type_name)
        except (SerdeError, KeyError) as error:
            raise RecordingError(f"a message on {self.topic.name} is damaged ({error})") from error


class Episode:
    """One bag, opened; also a context manager.

    Attributes:
        path: Folder of the bag.
        notes: What was noted beside the messages: ``instruction``, ``outcome``, ``episode``, ``cell``, ``drops``, ….
        complete: Whether the file was closed properly; False after a crash, and for an episode still recorded.
        topics: Topics by full name.
    """

    def __init__(self, path: str | Path) -> None:
        """Open the bag in the folder ``path`` (or its MCAP file) and find its messages.

        Raises:
            RecordingError: There is no bag, or none that can be read.
        """
        path = Path(path)
        files = [path] if path.is_file() else mcap_files(path)
        if len(files) != 1:
            raise RecordingError(f"{path} is no episode: it holds {len(files)} MCAP files instead of one")
        self._scan = McapScan(files[0])
        index = self._scan.index
        self.path = files[0].parent
        self.notes = custom_data(self._scan.notes)
        self.complete = self._scan.complete
        lost = next((c.topic for c in index.channels.values() if c.schema_id not in index.schemas), None)
        if lost is not None:
            raise RecordingError(f"{path} is damaged: it does not say what the messages on {lost} are")
        self._by_channel = {
            channel.id: Topic(channel.topic, index.schemas[channel.schema_id].name, index.counts[channel.id])
            for channel in index.channels.values()
        }
        self.topics = {topic.name: topic for topic in self._by_channel.values()}

    @property
    def start_ns(self) -> int:
        """When the first message was received, Unix time [ns]."""
        return self._scan.index.start_ns

    @property
    def duration(self) -> float:
        """Time from the first to the last message [s]."""
        return (self._scan.index.end_ns - self._scan.index.start_ns) / 1e9

    @property
    def damage(self) -> str:
        """What is wrong with a bag that was not closed properly, and what can be done; empty for a whole one."""
        if self.complete:
            return ""
        count = self._scan.index.message_count
        kept = (
            f"{count} messages in its first {self.duration:.1f} s are whole" if count else "no message in it is whole"
        )
        advice = f'; "roboact bags repair {self.path}" keeps them' if count else ""
        return f"{self.path} was cut off: {kept}{advice}"

    @property
    def cell(self) -> dict[str, Any]:
        """Description of the cell, as in its system file; empty when the bag has none.

        Raises:
            RecordingError: It is damaged.
        """
        try:
            return dict(json.loads(self.notes.get("cell", "{}")))
        except (ValueError, TypeError) as error:
            raise RecordingError(f"{self.path}: the description of its cell is damaged ({error})") from error

    @property
    def instruction(self) -> str:
        """The task: what was noted at the end, else the last instruction that was recorded."""
        noted = self.notes.get("instruction", "")
        if noted or self.full_name("instruction") not in self.topics:
            return noted
        return str([message.data for _, _, message in self.messages(["instruction"])][-1])

    @property
    def arms(self) -> tuple[str, ...]:
        """Names of the arms of a cell that has two; below them are their topics."""
        return tuple(map(str, self.cell.get("arms") or ()))

    def full_name(self, topic: str) -> str:
        """Return the full name of a topic given relative to the cell's namespace, e.g. ``joint_states``."""
        namespace = str(self.cell.get("namespace", "")).strip("/")
        return topic if topic.startswith("/") else f"/{namespace}/{topic}".replace("//", "/")

    def recorded(self, topics: Iterable[str]) -> dict[str, str]:
        """Return by their full names which topics there are of these relative names, below those of the arms, too."""
        names = [topic_of_arm(arm, topic) for arm in ("", *self.arms) for topic in topics]
        return {full: name for name in names if (full := self.full_name(name)) in self.topics}

    def raw_messages(self, topics: Iterable[str] | None = None) -> Iterator[RawMessage]:
        """Return the messages of some topics (default: all) in the order in which they were received.

        Raises:
            RecordingError: A topic is not in the bag.
        """
        channels = None if topics is None else self._channels(topics)
        for channel, logged, published, data in self._scan.messages(channels):
            yield RawMessage(self._by_channel[channel], logged, published, data)

    def messages(self, topics: Iterable[str] | None = None) -> Iterator[tuple[str, int, Any]]:
        """Return full topic name, log time [ns] and typed message, in the order in which they were received.

        Args:
            topics: Full names, or relative to the cell's namespace; all by default.

        Raises:
            RecordingError: A topic is not in the bag, or a message is damaged.
        """
        for raw in self.raw_messages(topics):
            yield raw.topic.name, raw.log_time_ns, raw.message()

    def images(self, camera: str) -> Iterator[Frame]:
        """Return the images of one camera.

        Raises:
            RecordingError: The bag has no such camera, or an image cannot be decoded.
        """
        from roboact_ros.recording.images import frame_from_recorded

        names = [self.full_name(f"camera/{camera}/{kind}") for kind in ("image/compressed", "image_raw")]
        recorded = [name for name in names if name in self.topics]
        if not recorded:
            raise RecordingError(f'{self.path} has no images of "{camera}"; topics: {", ".join(self.topics)}')
        for _, _, message in self.messages(recorded[:1]):
            yield frame_from_recorded(message, camera)

    def close(self) -> None:
        """Let go of the file."""
        self._scan.close()

    def __enter__(self) -> Episode:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let go of the file."""
        self.close()

    def _channels(self, topics: Iterable[str]) -> set[int]:
        names = {self.full_name(topic) for topic in topics}
        unknown = sorted(names - set(self.topics))
        if unknown:
            raise RecordingError(f'{self.path} has no topic "{unknown[0]}": {did_you_mean(unknown[0], self.topics)}')
        return {channel for channel, topic in self._by_channel.items() if topic.name in names}
