"""Turns a stream of messages into episodes: start, save, discard, record again."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from roboact_ros.errors import RecordingError
from roboact_ros.recording.background import BackgroundWriter
from roboact_ros.recording.bag_writer import BagWriter
from roboact_ros.recording.folders import BagState, discard, episode_path, find_bags, purge
from roboact_ros.recording.qos import TopicQos

REPLACES = "replaces"
"""Note of an episode that was recorded in place of another one, which it names."""


@dataclass(frozen=True, slots=True)
class RecordedTopic:
    """One topic.

    Attributes:
        name: Full name.
        type_name: Type, e.g. ``std_msgs/msg/String``.
        state: Whether its newest message still holds when an episode starts, and so opens it; an event does not.
    """

    name: str
    type_name: str
    state: bool


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the running episode has come; ``counts`` holds the messages received since it started, by topic."""

    path: Path
    messages: int
    bytes: int
    drops: int
    counts: Mapping[str, int]
    error: str


class EpisodeRecorder:
    """Records one episode at a time below a folder; not for use from several threads at once."""

    def __init__(self, folder: Path, notes: Mapping[str, str]) -> None:
        """Record below ``folder``; ``notes`` (the cell, our version) go with every episode."""
        self._folder = folder
        self._notes = dict(notes)
        self._newest: dict[RecordedTopic, tuple[bytes, int]] = {}
        self._offered: dict[str, TopicQos] = {}
        self._counts: dict[str, int] = {}
        self._bag: BagWriter | None = None
        self._writer: BackgroundWriter | None = None
        self._last: Path | None = None
        self._replaced: Path | None = None

    @property
    def last(self) -> Path | None:
        """The episode that was saved last and is still in its place, or None."""
        return self._last

    @property
    def progress(self) -> Progress | None:
        """The running episode, or None."""
        if self._bag is None or self._writer is None:
            return None
        w = self._writer
        error = "" if w.error is None else str(w.error)
        return Progress(self._bag.path, w.messages, w.received_bytes, w.drops, dict(self._counts), error)

    def offer(self, topic: str, qos: TopicQos) -> None:
        """Note what the publishers of a topic offer; it counts for topics that have not begun in the running bag."""
        self._offered[topic] = qos
        if self._bag is not None:
            self._bag.offer(topic, qos)

    def start(self, instruction: str, now_ns: int) -> Path:
        """Start an episode with the newest message of every state topic.

        Args:
            instruction: The task; may still be empty.
            now_ns: Unix time [ns].

        Returns:
            Folder that the episode will have once it is saved.

        Raises:
            RecordingError: One is running, or the folder cannot be written.
        """
        if self._bag is not None:
            raise RecordingError(f"an episode is being recorded already: {self._bag.path}; save or discard it first")
        path = episode_path(self._folder, instruction, datetime.datetime.fromtimestamp(now_ns / 1e9))
        number = 1 + sum(bag.state is BagState.SAVED for bag in find_bags(self._folder))
        notes = {**self._notes, "episode": str(number), "instruction": instruction, "outcome": "unfinished"}
        bag = BagWriter(path, notes)
        for topic, qos in self._offered.items():
            bag.offer(topic, qos)
        self._bag, self._writer, self._counts = bag, BackgroundWriter(bag), {}
        for topic_, (data, published_ns) in self._newest.items():
            self._writer.write(topic_.name, topic_.type_name, data, now_ns, published_ns)
        return path

    def start_again(self, instruction: str, now_ns: int, notes: Mapping[str, str]) -> Path:
        """Start an episode in place of the running one, or when none runs, of the one that was saved last.

        A running one is put among the discarded ones. A saved one stays where it is until the new one is saved, and is
        put among the discarded ones then; when the new one is discarded instead, it stays for good.

        Args:
            instruction: See :meth:`start`.
            now_ns: See :meth:`start`.
            notes: Notes with which a running episode ends.

        Raises:
            RecordingError: There is nothing to record again, or the disk refused.
        """
        replaced = self._last
        if self._bag is not None:
            replaced = self._replaced
            self.discard(notes)
        elif replaced is None:
            raise RecordingError("there is nothing to record again: no episode was saved since the recorder started")
        path = self.start(instruction, now_ns)
        self._replaced = replaced
        if replaced is not None:
            self.note(REPLACES, replaced.name)
        return path

    def note(self, key: str, value: str) -> None:
        """Keep a note with the running episode, in the file from now on; without one nothing happens."""
        if self._writer is not None:
            self._writer.note(key, value)

    def receive(self, topic: RecordedTopic, data: bytes, received_ns: int) -> None:
        """Take one message: remember it when it is a state, write it when an episode runs."""
        if topic.state:
            self._newest[topic] = (data, received_ns)
        if self._writer is not None:
            self._counts[topic.name] = self._counts.get(topic.name, 0) + 1
            self._writer.write(topic.name, topic.type_name, data, received_ns, received_ns)

    def save(self, notes: Mapping[str, str]) -> Path:
        """Finish the running episode and return its folder; then one that it replaces is put aside.

        Raises:
            RecordingError: None is running, or the disk refused; then what reached the disk stays for a repair.
        """
        replaced = self._replaced
        self._last = path = self._finish({**notes, "outcome": "saved"})
        if replaced is not None and replaced.exists():
            discard(replaced)
        return path

    def purge(self) -> list[Path]:
        """Delete all but the newest discarded episodes; to be called once an episode is saved.

        Raises:
            RecordingError: The disk refused.
        """
        return purge(self._folder)

    def discard(self, notes: Mapping[str, str]) -> Path:
        """Finish the running episode, put it among the discarded ones and return its place.

        Raises:
            RecordingError: None is running, or the disk refused.
        """
        return discard(self._finish({**notes, "outcome": "discarded"}))

    def _finish(self, notes: Mapping[str, str]) -> Path:
        bag, writer = self._bag, self._writer
        if bag is None or writer is None:
            raise RecordingError("no episode is being recorded; start one first")
        self._bag = self._writer = self._replaced = None
        try:
            return writer.close(notes)
        except RecordingError as error:
            where = bag.unfinished_path
            raise RecordingError(
                f'{error}; what was written stays in {where}: "roboact bags repair {where}"'
            ) from error
