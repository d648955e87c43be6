"""What an MCAP file says about itself at its end: schemas, channels, where the chunks lie, and counts."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from roboact_ros.recording.mcap_records import MAGIC, RECORD_PREFIX, Channel, Op, Schema, record, string


@dataclass(frozen=True, slots=True)
class ChunkEntry:
    """Where one chunk lies.

    Attributes:
        start_ns: Smallest log time in it [ns].
        end_ns: Largest log time in it [ns].
        offset: Position of its record in the file.
        length: Length of its record.
        indexes: Position of the message index record of every channel in it.
        indexes_length: Length of these records together.
        size: Length of the records inside the chunk.
    """

    start_ns: int
    end_ns: int
    offset: int
    length: int
    indexes: Mapping[int, int] = field(hash=False)
    indexes_length: int
    size: int

    def encode(self) -> bytes:
        """Return the chunk index record."""
        places = b"".join(struct.pack("<HQ", channel, offset) for channel, offset in self.indexes.items())
        content = struct.pack("<QQQQI", self.start_ns, self.end_ns, self.offset, self.length, len(places)) + places
        content += struct.pack("<QIQQ", self.indexes_length, 0, self.size, self.size)
        return record(Op.CHUNK_INDEX, content)


@dataclass(slots=True)
class McapIndex:
    """The summary of a file, collected while it is written or scanned.

    Attributes:
        schemas: Message types by id.
        channels: Topics by id.
        counts: Number of messages by channel.
        chunks: Chunks in the order of the file.
        metadata: Name, position and length of every metadata record.
        start_ns: Smallest log time [ns]; 0 without messages.
        end_ns: Largest log time [ns].
    """

    schemas: dict[int, Schema] = field(default_factory=dict)
    channels: dict[int, Channel] = field(default_factory=dict)
    counts: dict[int, int] = field(default_factory=dict)
    chunks: list[ChunkEntry] = field(default_factory=list)
    metadata: list[tuple[str, int, int]] = field(default_factory=list)
    start_ns: int = 0
    end_ns: int = 0

    @property
    def message_count(self) -> int:
        """Number of messages."""
        return sum(self.counts.values())

    def add_chunk(self, entry: ChunkEntry, counts: Mapping[int, int]) -> None:
        """Take one more chunk with the number of its messages by channel."""
        self.start_ns = min(self.start_ns, entry.start_ns) if self.chunks else entry.start_ns
        self.end_ns = max(self.end_ns, entry.end_ns)
        self.chunks.append(entry)
        for channel, count in counts.items():
            self.counts[channel] = self.counts.get(channel, 0) + count

    def encode_end(self, offset: int) -> bytes:
        """Return everything from the end of the data to the end of the file.

        Args:
            offset: Position in the file where these bytes will lie.
        """
        data_end = record(Op.DATA_END, struct.pack("<I", 0))
        groups = {
            Op.SCHEMA: [schema.encode() for schema in self.schemas.values()],
            Op.CHANNEL: [channel.encode() for channel in self.channels.values()],
            Op.STATISTICS: [self._statistics()],
            Op.CHUNK_INDEX: [chunk.encode() for chunk in self.chunks],
            Op.METADATA_INDEX: [
                record(Op.METADATA_INDEX, struct.pack("<QQ", *place) + string(name)) for name, *place in self.metadata
            ],
        }
        start = position = offset + len(data_end)
        summary, offsets = b"", b""
        for op, records in groups.items():
            group = b"".join(records)
            if group:
                offsets += record(Op.SUMMARY_OFFSET, struct.pack("<BQQ", op, position, len(group)))
                summary += group
                position += len(group)
        footer = RECORD_PREFIX.pack(Op.FOOTER, 20) + struct.pack("<QQ", start, position)
        checked = summary + offsets + footer
        return data_end + checked + struct.pack("<I", zlib.crc32(checked)) + MAGIC

    def _statistics(self) -> bytes:
        counts = b"".join(struct.pack("<HQ", channel, count) for channel, count in self.counts.items())
        numbers = (self.message_count, len(self.schemas), len(self.channels), 0, len(self.metadata), len(self.chunks))
        content = struct.pack("<QHIIII", *numbers) + struct.pack("<QQI", self.start_ns, self.end_ns, len(counts))
        return record(Op.STATISTICS, content + counts)
