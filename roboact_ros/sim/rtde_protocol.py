"""Messages of the Real-Time Data Exchange: framing and compiled recipes.

Source: the RTDE guide of Universal Robots. Every message is its length (uint16, big-endian, with this header), its type
(uint8) and a body.
"""

from __future__ import annotations

import enum
import struct
from collections.abc import Collection, Iterator, Sequence
from operator import itemgetter

from roboact_ros.sim.rtde_fields import COMMANDS, FORMATS, Registers

HEADER = struct.Struct(">HB")


class MessageType(enum.IntEnum):
    """First letter of the message."""

    REQUEST_PROTOCOL_VERSION = ord("V")
    GET_CONTROLLER_VERSION = ord("v")
    TEXT_MESSAGE = ord("M")
    DATA_PACKAGE = ord("U")
    SETUP_OUTPUTS = ord("O")
    SETUP_INPUTS = ord("I")
    START = ord("S")
    PAUSE = ord("P")


class ProtocolError(Exception):
    """Bytes that are no RTDE message; the connection is closed."""


def message(kind: MessageType, body: bytes) -> bytes:
    """Return one framed message."""
    return HEADER.pack(HEADER.size + len(body), kind) + body


def split_messages(inbox: bytearray) -> Iterator[tuple[int, bytes]]:
    """Take the complete messages out of ``inbox`` and yield their types and bodies.

    Raises:
        ProtocolError: The stream cannot be a sequence of messages.
    """
    while len(inbox) >= HEADER.size:
        length, kind = HEADER.unpack_from(inbox)
        if length < HEADER.size:
            raise ProtocolError(f"message length {length}; the header alone has {HEADER.size}")
        if len(inbox) < length:
            return
        body = bytes(inbox[HEADER.size : length])
        del inbox[:length]
        yield kind, body


def names_of(text: bytes) -> list[str]:
    """Return the field names of a set-up request."""
    return [name.strip() for name in text.decode("ascii", "replace").split(",") if name.strip()]


class OutputRecipe:
    """What one client wants to receive.

    Args:
        names: Fields, all known.
        registers: Where their values are.
        recipe_id: First byte of the body, or None in protocol version 1.

    Attributes:
        names: The fields.
    """

    def __init__(self, names: Sequence[str], registers: Registers, recipe_id: int | None) -> None:
        self.names = frozenset(names)
        body = "".join(FORMATS[registers.types[name]] for name in names)
        self._struct = struct.Struct(">HB" + ("B" if recipe_id is not None else "") + body)
        self._head = (self._struct.size, int(MessageType.DATA_PACKAGE), *(() if recipe_id is None else (recipe_id,)))
        slots = registers.slots(names)
        self._pick = itemgetter(*slots, slots[0])  # the repeated slot keeps the result a tuple for a single number

    def pack(self, values: list[float]) -> bytes:
        """Return one data package."""
        return self._struct.pack(*self._head, *self._pick(values)[:-1])


class InputRecipe:
    """What one kind of data package of a client writes.

    Args:
        names: Fields, all known.
        registers: Where their values go.

    Attributes:
        names: The fields.
        commands: Whether any of them is an output pin, the speed slider and the like rather than a register.
    """

    def __init__(self, names: Sequence[str], registers: Registers) -> None:
        self.names = frozenset(names)
        self.commands = not self.names.isdisjoint(COMMANDS)
        self._struct = struct.Struct(">" + "".join(FORMATS[registers.types[name]] for name in names))
        self._slots = registers.slots(names)

    def unpack(self, body: bytes, values: list[float]) -> None:
        """Write the numbers of a data package (after the recipe id) into ``values``.

        Bytes beyond the recipe are ignored: ur_rtde sends some with ``getForwardKinematics``.

        Raises:
            ProtocolError: The package is shorter than the recipe.
        """
        if len(body) < self._struct.size:
            raise ProtocolError(f"data package of {len(body)} bytes, its recipe needs {self._struct.size}")
        for slot, value in zip(self._slots, self._struct.unpack_from(body), strict=True):
            values[slot] = value


def types_of(names: Sequence[str], registers: Registers, missing: Collection[str] = ()) -> list[str]:
    """Return the type of every field, ``NOT_FOUND`` for unknown ones and those in ``missing``."""
    return ["NOT_FOUND" if name in missing else registers.types.get(name, "NOT_FOUND") for name in names]
