"""Writes a bag on a thread of its own, so that a slow disk never holds up whoever delivers the messages."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Mapping
from pathlib import Path

from roboact_ros.errors import RecordingError
from roboact_ros.recording.bag_writer import BagWriter

FLUSH_SECONDS = 0.4
"""A message waits at most this long before the operating system has it, whatever happens to this process then."""
QUEUE_BYTES = 256 * 1024 * 1024
"""Messages that may wait for the disk: three seconds of one raw 1280x720 camera at 30 Hz."""

_Message = tuple[str, str, bytes, int, int]


class BackgroundWriter:
    """A :class:`BagWriter` behind a bounded queue.

    Attributes:
        messages: Messages accepted.
        received_bytes: Their size.
        error: Why the disk refused, once it did; everything after that is dropped and counted.
    """

    def __init__(self, bag: BagWriter, queue_bytes: int = QUEUE_BYTES) -> None:
        """Start writing ``bag``; at most ``queue_bytes`` wait for the disk."""
        self.messages = 0
        self.received_bytes = 0
        self._refused = 0
        self.error: RecordingError | None = None
        self._bag = bag
        self._room = queue_bytes
        self._queue: deque[_Message] = deque()
        self._notes: dict[str, str] = {}
        self._changed = threading.Condition()
        self._ended = threading.Event()
        self._writer = threading.Thread(target=self._write_all, name="bag writer")
        self._syncer = threading.Thread(target=self._sync_regularly, name="bag sync")
        self._writer.start()
        self._syncer.start()

    @property
    def drops(self) -> int:
        """Messages lost because the disk was too slow or refused."""
        lost = 0 if self.error is None else self.messages - self._bag.messages
        return self._refused + lost

    def write(self, topic: str, type_name: str, data: bytes, log_time_ns: int, publish_time_ns: int) -> None:
        """Append one message without waiting; counts it in ``drops`` when it cannot be kept."""
        with self._changed:
            if self.error is not None or self._room < len(data) or self._ended.is_set():
                self._refused += 1
                return
            self._room -= len(data)
            self.messages += 1
            self.received_bytes += len(data)
            self._queue.append((topic, type_name, data, log_time_ns, publish_time_ns))
            self._changed.notify()

    def note(self, key: str, value: str) -> None:
        """Keep a note in the file from now on, without waiting; a repair after a crash finds it."""
        with self._changed:
            self._notes[key] = value
            self._changed.notify()

    def close(self, metadata: Mapping[str, str] | None = None) -> Path:
        """Write what waits, finish the bag and return its folder.

        Raises:
            RecordingError: The disk refused, now or before; the unfinished bag stays and can be repaired.
        """
        with self._changed:
            self._ended.set()
            self._changed.notify()
        self._writer.join()
        self._syncer.join()
        if self.error is not None:
            self._bag.abandon()
            raise self.error
        return self._bag.close({"drops": str(self.drops), **(metadata or {})})

    def _write_all(self) -> None:
        try:
            flushed = time.monotonic()
            while not (self._ended.is_set() and not self._queue and not self._notes):
                taken = self._take(flushed + FLUSH_SECONDS)
                for message in taken:
                    self._bag.write(*message)
                with self._changed:
                    self._room += sum(len(message[2]) for message in taken)
                    notes, self._notes = self._notes, {}
                if notes:
                    self._bag.note(notes)
                if time.monotonic() - flushed >= FLUSH_SECONDS:
                    self._bag.flush()
                    flushed = time.monotonic()
        except RecordingError as error:
            self.error = error

    def _take(self, until: float) -> list[_Message]:
        """Return the waiting messages; waits for one, but not longer than ``until`` (monotonic) [s]."""
        with self._changed:
            if not self._queue and not self._notes and not self._ended.is_set():
                self._changed.wait(max(0.0, until - time.monotonic()))
            taken = list(self._queue)
            self._queue.clear()
        return taken

    def _sync_regularly(self) -> None:
        try:
            while not self._ended.wait(FLUSH_SECONDS):
                self._bag.sync()
        except RecordingError as error:
            self.error = error
