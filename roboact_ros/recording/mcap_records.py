"""The records of an MCAP file as bytes, after its published specification (mcap.dev/spec); integers little-endian."""

from __future__ import annotations

import enum
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

MAGIC = b"\x89MCAP0\r\n"
RECORD_PREFIX = struct.Struct("<BQ")
"""Opcode and length of the content of every record."""
MESSAGE_PREFIX = struct.Struct("<BQHIQQ")
"""Record prefix of a message, then channel, sequence, log time and publish time [ns]; the payload follows."""
MESSAGE_FIELDS = 22
"""Bytes of a message's content before its payload."""
CHUNK_FIELDS = struct.Struct("<QQQIIQ")
"""First and last log time [ns], uncompressed size, CRC (0: none), length of the compression's name (0), size."""


class Op(enum.IntEnum):
    """Opcodes of the records that are written or read here."""

    HEADER = 0x01
    FOOTER = 0x02
    SCHEMA = 0x03
    CHANNEL = 0x04
    MESSAGE = 0x05
    CHUNK = 0x06
    MESSAGE_INDEX = 0x07
    CHUNK_INDEX = 0x08
    STATISTICS = 0x0B
    METADATA = 0x0C
    METADATA_INDEX = 0x0D
    SUMMARY_OFFSET = 0x0E
    DATA_END = 0x0F


@dataclass(frozen=True, slots=True)
class Schema:
    """Definition of one message type, as text in the format ``encoding``."""

    id: int
    name: str
    encoding: str
    text: str

    def encode(self) -> bytes:
        """Return the record."""
        content = struct.pack("<H", self.id) + string(self.name) + string(self.encoding) + string(self.text)
        return record(Op.SCHEMA, content)

    @classmethod
    def decode(cls, content: memoryview) -> Schema:
        """Inverse of :meth:`encode` for the content of the record."""
        reader = Fields(content)
        return cls(reader.number("<H"), reader.string(), reader.string(), reader.string())


@dataclass(frozen=True, slots=True)
class Channel:
    """One topic: its schema, name, message encoding and free metadata."""

    id: int
    schema_id: int
    topic: str
    encoding: str = "cdr"
    metadata: Mapping[str, str] = field(default_factory=dict, hash=False)

    def encode(self) -> bytes:
        """Return the record."""
        content = struct.pack("<HH", self.id, self.schema_id) + string(self.topic) + string(self.encoding)
        return record(Op.CHANNEL, content + mapping(self.metadata))

    @classmethod
    def decode(cls, content: memoryview) -> Channel:
        """Inverse of :meth:`encode` for the content of the record."""
        reader = Fields(content)
        numbers = reader.number("<H"), reader.number("<H")
        return cls(*numbers, reader.string(), reader.string(), reader.mapping())


class Fields:
    """Reads the fields of a record's content one after the other."""

    def __init__(self, content: memoryview) -> None:
        self._content = content
        self._position = 0

    def number(self, form: str) -> int:
        """Return the next integer, in the notation of :mod:`struct`."""
        (value,) = struct.unpack_from(form, self._content, self._position)
        self._position += struct.calcsize(form)
        return int(value)

    def string(self) -> str:
        """Return the next string."""
        return str(self._take(self.number("<I")), "utf-8")

    def mapping(self) -> dict[str, str]:
        """Return the next map of strings."""
        inner = Fields(self._take(self.number("<I")))
        return dict(inner._pairs())

    def _pairs(self) -> Iterator[tuple[str, str]]:
        while self._position < len(self._content):
            yield self.string(), self.string()

    def _take(self, size: int) -> memoryview:
        part = self._content[self._position : self._position + size]
        if len(part) != size:
            raise struct.error(f"{size} bytes expected, {len(part)} left")
        self._position += size
        return part


def record(op: Op, content: bytes) -> bytes:
    """Return one whole record."""
    return RECORD_PREFIX.pack(op, len(content)) + content


def string(text: str) -> bytes:
    """Return a string field."""
    data = text.encode()
    return struct.pack("<I", len(data)) + data


def mapping(values: Mapping[str, str]) -> bytes:
    """Return a map field."""
    data = b"".join(string(key) + string(value) for key, value in values.items())
    return struct.pack("<I", len(data)) + data


def metadata(name: str, values: Mapping[str, str]) -> bytes:
    """Return a metadata record."""
    return record(Op.METADATA, string(name) + mapping(values))


def message_index(channel: int, entries: list[int]) -> bytes:
    """Return the record that locates one channel's messages in a chunk; ``entries``: log time, offset, log time, …."""
    count = len(entries)
    return struct.pack(f"<BQHI{count}Q", Op.MESSAGE_INDEX, 6 + 8 * count, channel, 8 * count, *entries)
