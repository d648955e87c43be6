"""Writes MCAP files without copying the messages.

A chunk is a list of references to the payloads and the few bytes between them; ``writev`` hands that list to the
kernel in one go. There is no compression and no chunk checksum (both optional in the format), so the processor touches
each payload once, in the kernel's copy to the page cache.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Mapping
from pathlib import Path

from roboact_ros.errors import RecordingError
from roboact_ros.recording.failures import recording_error
from roboact_ros.recording.mcap_index import ChunkEntry, McapIndex
from roboact_ros.recording.mcap_records import (
    CHUNK_FIELDS,
    MAGIC,
    MESSAGE_FIELDS,
    MESSAGE_PREFIX,
    RECORD_PREFIX,
    Channel,
    Op,
    Schema,
    message_index,
    metadata,
    record,
    string,
)
from roboact_ros.recording.reserve import RESERVE_BYTES, reserve

CHUNK_BYTES = 4 * 1024 * 1024
"""Size at which a chunk is written; readers hold one chunk in memory."""
LIBRARY = "roboact_ros"
_PARTS_AT_ONCE = 1024  # IOV_MAX of Linux


class McapWriter:
    """One MCAP file, open for writing and locked against a second writer and a repair.

    Attributes:
        index: What has reached the file so far.
        bytes: Length of the file so far.
    """

    def __init__(self, path: Path) -> None:
        """Create the file.

        Args:
            path: File to create.

        Raises:
            RecordingError: It exists or cannot be created.
        """
        self.index = McapIndex()
        self.bytes = 0
        self._path = path
        self._reserved = 0
        self._sequence: dict[int, int] = {}
        self._begin_chunk()
        try:
            self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise recording_error(path, error) from error
        self._put([MAGIC, record(Op.HEADER, string("ros2") + string(LIBRARY))])

    def add_schema(self, name: str, encoding: str, text: str) -> int:
        """Declare a message type and return its id."""
        schema = Schema(len(self.index.schemas) + 1, name, encoding, text)
        self.index.schemas[schema.id] = schema
        self._append(schema.encode())
        return schema.id

    def add_channel(self, schema_id: int, topic: str, metadata: Mapping[str, str]) -> int:
        """Declare a topic of CDR messages and return its id."""
        channel = Channel(len(self.index.channels) + 1, schema_id, topic, metadata=metadata)
        self.index.channels[channel.id] = channel
        self.index.counts[channel.id] = 0
        self._sequence[channel.id] = 0
        self._append(channel.encode())
        return channel.id

    def write(self, channel: int, data: bytes, log_time_ns: int, publish_time_ns: int) -> None:
        """Append one message; ``data`` is kept by reference until the chunk is written.

        Raises:
            RecordingError: The disk refused; everything up to the last whole chunk is in the file.
        """
        sequence = self._sequence[channel]
        self._sequence[channel] = sequence + 1
        size = MESSAGE_FIELDS + len(data)
        entries = self._entries.get(channel)
        if entries is None:
            entries = self._entries[channel] = []
        entries += (log_time_ns, self._size)
        prefix = MESSAGE_PREFIX.pack(Op.MESSAGE, size, channel, sequence, log_time_ns, publish_time_ns)
        self._parts += (prefix, data)
        self._size += RECORD_PREFIX.size + size
        if self._size >= CHUNK_BYTES:
            self.flush()

    def write_metadata(self, name: str, values: Mapping[str, str]) -> None:
        """Append a metadata record."""
        self.flush()
        content = metadata(name, values)
        offset = self.bytes
        self._put([content])
        self.index.metadata.append((name, offset, len(content)))

    def flush(self) -> None:
        """Hand the messages of the current chunk to the operating system; they survive the end of this process.

        Raises:
            RecordingError: The disk refused.
        """
        if not self._entries:
            return
        times = [time for entries in self._entries.values() for time in entries[::2]]
        start_ns, end_ns = min(times), max(times)
        fields = CHUNK_FIELDS.pack(start_ns, end_ns, self._size, 0, 0, self._size)
        length = RECORD_PREFIX.size + len(fields) + self._size
        self._parts[0] = RECORD_PREFIX.pack(Op.CHUNK, length - RECORD_PREFIX.size) + fields
        places: dict[int, int] = {}
        position = indexes_start = self.bytes + length
        for channel, entries in self._entries.items():
            places[channel] = position
            self._parts.append(message_index(channel, entries))
            position += len(self._parts[-1])
        entry = ChunkEntry(start_ns, end_ns, self.bytes, length, places, position - indexes_start, self._size)
        self._put(self._parts)
        self.index.add_chunk(entry, {channel: len(entries) // 2 for channel, entries in self._entries.items()})
        self._begin_chunk()

    def sync(self) -> None:
        """Wait until everything flushed so far is on the disk and survives a power failure.

        Raises:
            RecordingError: The disk refused.
        """
        try:
            os.fdatasync(self._file)
        except OSError as error:
            raise recording_error(self._path, error) from error

    def write_end(self) -> None:
        """Write the index; nothing may follow.

        Raises:
            RecordingError: The disk refused.
        """
        self.flush()
        self._put([self.index.encode_end(self.bytes)])

    def close(self) -> None:
        """Close the file as it is, and give back the blocks that were reserved for more."""
        try:
            os.ftruncate(self._file, self.bytes)
        finally:
            os.close(self._file)

    def _begin_chunk(self) -> None:
        self._parts: list[bytes] = [b""]  # the first part becomes the chunk's prefix
        self._entries: dict[int, list[int]] = {}
        self._size = 0

    def _append(self, content: bytes) -> None:
        self._parts.append(content)
        self._size += len(content)

    def _put(self, parts: list[bytes]) -> None:
        """Write all of ``parts`` or, when the disk refuses, nothing."""
        size = sum(map(len, parts))
        if self.bytes + size > self._reserved:
            reserve(self._file, self.bytes, size + RESERVE_BYTES)
            self._reserved = self.bytes + size + RESERVE_BYTES
        try:
            for first in range(0, len(parts), _PARTS_AT_ONCE):
                self._write_fully(parts[first : first + _PARTS_AT_ONCE])
        except OSError as error:
            os.ftruncate(self._file, self.bytes)
            raise recording_error(self._path, error) from error
        self.bytes += size

    def _write_fully(self, parts: list[bytes]) -> None:
        missing = sum(map(len, parts)) - os.writev(self._file, parts)
        if missing:  # a signal, the 2 GiB limit of one call, or a disk that is about to refuse
            rest = memoryview(b"".join(parts))[-missing:]
            while rest:
                rest = rest[os.write(self._file, rest) :]


def open_locked(path: Path) -> int:
    """Open an existing file for changing it, refusing while a recorder still writes it.

    Returns:
        The file descriptor; the caller closes it.

    Raises:
        RecordingError: It cannot be opened, or is being written.
    """
    try:
        file = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError as error:
        raise recording_error(path, error) from error
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(file)
        raise RecordingError(f"{path} is being recorded right now; save or discard the episode first") from None
    return file


def is_being_written(path: Path) -> bool:
    """Return whether a recorder holds ``path`` open right now.

    Raises:
        RecordingError: The file cannot be read.
    """
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError as error:
        raise recording_error(path, error) from error
    return False
