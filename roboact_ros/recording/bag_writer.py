"""Writes one bag: a folder with one MCAP file and ``metadata.yaml``, as rosbag2 lays it out.

While it is written the folder carries the suffix ``.recording``; closing renames it in one step, so a folder without
the suffix is always a whole bag.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from roboact_ros.errors import RecordingError
from roboact_ros.recording.failures import recording_error
from roboact_ros.recording.mcap_writer import McapWriter
from roboact_ros.recording.metadata import CUSTOM_RECORD, ROSBAG2_RECORD, bag_information, to_yaml, write_metadata
from roboact_ros.recording.qos import TopicQos
from roboact_ros.recording.schema import message_definition

UNFINISHED_SUFFIX = ".recording"


class BagWriter:
    """A bag that is being written; not for use from several threads at once."""

    def __init__(self, path: str | Path, metadata: Mapping[str, str] | None = None, durable: bool = True) -> None:
        """Create the bag.

        Args:
            path: Folder of the finished bag, which must not exist.
            metadata: Notes about the bag (``custom_data``), e.g. instruction and cell; kept in the file from the start.
            durable: Closing waits until everything is on the disk.

        Raises:
            RecordingError: There is such a bag, or the folder cannot be written.
        """
        self.path = Path(path)
        self.unfinished_path = self.path.with_name(self.path.name + UNFINISHED_SUFFIX)
        self._metadata = dict(metadata or {})
        self._durable = durable
        self._channels: dict[str, int] = {}
        self._schemas: dict[str, int] = {}
        self._qos: dict[str, TopicQos] = {}
        if self.path.exists():
            raise RecordingError(f"{self.path} exists already; a bag is never overwritten")
        try:
            self.unfinished_path.mkdir(parents=True)
        except OSError as error:
            raise recording_error(self.unfinished_path, error) from error
        self._file_name = f"{self.path.name}_0.mcap"
        self._mcap = McapWriter(self.unfinished_path / self._file_name)
        self._mcap.write_metadata(CUSTOM_RECORD, self._metadata)

    @property
    def messages(self) -> int:
        """Messages that have reached the file."""
        return self._mcap.index.message_count

    def offer(self, topic: str, qos: TopicQos) -> None:
        """Note what the publisher of ``topic`` offers, before the first message of that topic."""
        self._qos[topic] = qos

    def write(
        self, topic: str, type_name: str, data: bytes, log_time_ns: int, publish_time_ns: int | None = None
    ) -> None:
        """Append one message.

        Args:
            topic: Full name of the topic.
            type_name: Type, e.g. ``std_msgs/msg/String``.
            data: The message in CDR, as it travels on the wire.
            log_time_ns: When it was received, Unix time [ns].
            publish_time_ns: When it was published, Unix time [ns]; ``log_time_ns`` when unknown.

        Raises:
            RecordingError: Unknown type, or the disk refused; abandon the bag then.
        """
        channel = self._channels.get(topic)
        if channel is None:
            channel = self._channels[topic] = self._add_channel(topic, type_name)
        self._mcap.write(channel, data, log_time_ns, log_time_ns if publish_time_ns is None else publish_time_ns)

    def note(self, notes: Mapping[str, str]) -> None:
        """Add notes about the bag, which are in the file from now on.

        Raises:
            RecordingError: The disk refused; abandon the bag then.
        """
        self._metadata |= notes
        self._mcap.write_metadata(CUSTOM_RECORD, self._metadata)

    def flush(self) -> None:
        """Hand everything written so far to the operating system, so that it survives the end of this process.

        Raises:
            RecordingError: The disk refused.
        """
        self._mcap.flush()

    def sync(self) -> None:
        """Wait until everything flushed so far is on the disk; may run beside the other methods.

        Raises:
            RecordingError: The disk refused.
        """
        self._mcap.sync()

    def close(self, metadata: Mapping[str, str] | None = None) -> Path:
        """Finish the bag and give it its final name.

        Args:
            metadata: Notes to add to those given at the start.

        Returns:
            Folder of the bag.

        Raises:
            RecordingError: The disk refused; the unfinished bag stays and can be repaired.
        """
        self._metadata |= metadata or {}
        try:
            self._mcap.flush()
            information = bag_information(self._mcap.index, self._file_name, self._metadata)
            self._mcap.write_metadata(ROSBAG2_RECORD, {"serialized_metadata": to_yaml(information)})
            self._mcap.write_end()
            if self._durable:
                self._mcap.sync()
        finally:
            self._mcap.close()
        write_metadata(self.unfinished_path, information, self._durable)
        publish(self.unfinished_path, self.path, self._durable)
        return self.path

    def abandon(self) -> None:
        """Leave the bag unfinished, as a crash would."""
        self._mcap.close()

    def __enter__(self) -> BagWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Finish the bag, or leave it unfinished after an exception."""
        if error is None:
            self.close()
        else:
            self.abandon()

    def _add_channel(self, topic: str, type_name: str) -> int:
        definition = message_definition(type_name)
        if type_name not in self._schemas:
            self._schemas[type_name] = self._mcap.add_schema(type_name, "ros2msg", definition.text)
        qos = to_yaml([self._qos.get(topic, TopicQos()).to_mapping()])
        notes = {"offered_qos_profiles": qos, "topic_type_hash": definition.type_hash}
        return self._mcap.add_channel(self._schemas[type_name], topic, notes)


def publish(unfinished: Path, finished: Path, durable: bool = True) -> None:
    """Rename a folder in one step; ``durable`` makes the new name survive a power failure.

    Raises:
        RecordingError: The disk refused.
    """
    try:
        unfinished.rename(finished)
        if not durable:
            return
        parent = os.open(finished.parent, os.O_RDONLY)
        try:
            os.fsync(parent)
        finally:
            os.close(parent)
    except OSError as error:
        raise recording_error(finished, error) from error
