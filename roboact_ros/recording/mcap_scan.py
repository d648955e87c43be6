"""Reads an MCAP file from its beginning, with or without an index, up to the first byte that is not whole."""

from __future__ import annotations

import mmap
import struct
from collections.abc import Collection, Iterator
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

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
    Fields,
    Op,
    Schema,
    message_index,
)


class Message(NamedTuple):
    """One message: its channel, times [ns], and its payload, a view into the file that ends with the scan."""

    channel: int
    log_time_ns: int
    publish_time_ns: int
    data: memoryview


class McapScan:
    """One MCAP file, mapped into memory; use it in a ``with`` block.

    Attributes:
        index: Schemas, channels, counts and chunks that are whole in the file.
        end: Position behind the last whole chunk.
        complete: Whether the file was closed properly.
        notes: Content of the metadata records by their name.
        indexes: Message index records of the last whole chunk, which a crash may have kept from being written.
    """

    def __init__(self, path: Path) -> None:
        """Open and scan; reads only the prefixes of the records, not the payloads.

        Raises:
            RecordingError: No MCAP file, or compressed chunks (which roboact does not write).
        """
        self.index = McapIndex()
        self.complete = False
        self.notes: dict[str, dict[str, str]] = {}
        self.indexes = b""
        self._path = path
        self._chunks: list[tuple[int, int]] = []
        try:
            with path.open("rb") as file:
                self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except OSError as error:
            raise recording_error(path, error) from error
        except ValueError:
            raise RecordingError(f"{path} is empty") from None
        self._view = memoryview(self._map)
        if self._view[: len(MAGIC)] != MAGIC:
            raise RecordingError(f"{path} is no MCAP file")
        self.end = len(MAGIC)
        self._scan()

    def messages(self, channels: Collection[int] | None = None) -> Iterator[Message]:
        """Return the messages of some channels (default: all) in the order in which they were received."""
        for start, stop in self._chunks:
            for op, position, content in _records(self._view, start, stop):
                if op == Op.MESSAGE:
                    _, _, channel, _, logged, published = MESSAGE_PREFIX.unpack_from(self._view, position)
                    if channels is None or channel in channels:
                        yield Message(channel, logged, published, content[MESSAGE_FIELDS:])

    def close(self) -> None:
        """Let go of the file; payloads that are still referenced keep it mapped until they are gone."""
        self._view.release()

    def __enter__(self) -> McapScan:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let go of the file."""
        self.close()

    def _scan(self) -> None:
        for op, position, content in _records(self._view, self.end, len(self._view)):
            stop = position + RECORD_PREFIX.size + len(content)
            try:
                if op == Op.CHUNK:
                    self._read_chunk(position, content)
                elif op == Op.METADATA:
                    fields = Fields(content)
                    name = fields.string()
                    self.notes[name] = fields.mapping()
                    self.index.metadata.append((name, position, stop - position))
                elif op == Op.DATA_END:
                    self.complete = self._view[-len(MAGIC) :] == MAGIC
                    return
                elif op not in (Op.HEADER, Op.MESSAGE_INDEX):
                    return
            except (struct.error, UnicodeDecodeError):
                return
            if op != Op.MESSAGE_INDEX:
                self.end = stop

    def _read_chunk(self, position: int, content: memoryview) -> None:
        _, _, size, _, name_length, stored = CHUNK_FIELDS.unpack_from(content)
        if name_length:
            raise RecordingError(f"{self._path} holds compressed chunks; read it with rosbags or ros2 bag instead")
        start = position + RECORD_PREFIX.size + CHUNK_FIELDS.size
        stop = position + RECORD_PREFIX.size + len(content)
        if size != stored or start + size != stop:
            raise struct.error("chunk sizes disagree")
        entries: dict[int, list[int]] = {}
        found: list[Schema | Channel] = []
        behind = start
        for op, place, inner in _records(self._view, start, stop):
            behind = place + RECORD_PREFIX.size + len(inner)
            if op == Op.SCHEMA:
                found.append(Schema.decode(inner))
            elif op == Op.CHANNEL:
                found.append(Channel.decode(inner))
            elif op == Op.MESSAGE:
                _, _, channel, _, logged, _ = MESSAGE_PREFIX.unpack_from(self._view, place)
                entries.setdefault(channel, []).extend((logged, place - start))
        if behind != stop or not entries:
            raise struct.error("a record of the chunk is torn")
        for item in found:
            if isinstance(item, Schema):
                self.index.schemas[item.id] = item
            else:
                self.index.channels[item.id] = item
                self.index.counts.setdefault(item.id, 0)
        self._chunks.append((start, stop))
        self._add_to_index(position, stop, entries)

    def _add_to_index(self, position: int, stop: int, entries: dict[int, list[int]]) -> None:
        places: dict[int, int] = {}
        self.indexes = b""
        for channel, times_and_offsets in entries.items():
            places[channel] = stop + len(self.indexes)
            self.indexes += message_index(channel, times_and_offsets)
        times = [time for values in entries.values() for time in values[::2]]
        size = stop - position - RECORD_PREFIX.size - CHUNK_FIELDS.size
        entry = ChunkEntry(min(times), max(times), position, stop - position, places, len(self.indexes), size)
        self.index.add_chunk(entry, {channel: len(values) // 2 for channel, values in entries.items()})


def _records(view: memoryview, start: int, stop: int) -> Iterator[tuple[int, int, memoryview]]:
    """Yield opcode, position and content of the whole records between two positions."""
    while start + RECORD_PREFIX.size <= stop:
        op, length = RECORD_PREFIX.unpack_from(view, start)
        end = start + RECORD_PREFIX.size + length
        if end > stop or (op == Op.MESSAGE and length < MESSAGE_FIELDS):
            return
        yield op, start, view[start + RECORD_PREFIX.size : end]
        start = end
