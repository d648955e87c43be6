"""Port 30004: the Real-Time Data Exchange."""

from __future__ import annotations

import selectors
import struct
from dataclasses import dataclass, field

from roboact_ros.sim.controller import Controller
from roboact_ros.sim.rtde_fields import ONLY_E_SERIES
from roboact_ros.sim.rtde_outputs import POSES, RtdeOutputs
from roboact_ros.sim.rtde_protocol import (
    InputRecipe,
    MessageType,
    OutputRecipe,
    ProtocolError,
    message,
    names_of,
    split_messages,
    types_of,
)
from roboact_ros.sim.sockets import Connection, Service

PORT = 30004
_TEXT_ERROR = 1


@dataclass(slots=True, eq=False)
class _Client:
    connection: Connection
    version: int = 1
    output: OutputRecipe | None = None
    every: int = 1
    inputs: dict[int, InputRecipe] = field(default_factory=dict)
    started: bool = False
    poses: bool = False


class RtdeServer:
    """Answers set-up requests, takes data packages and sends one to every started client.

    Args:
        selector: Of the cell's loop.
        address: Loopback address.
        controller: Whose registers are exchanged.
    """

    def __init__(self, selector: selectors.BaseSelector, address: str, controller: Controller) -> None:
        self._controller = controller
        self._outputs = RtdeOutputs(controller)
        self._clients: dict[Connection, _Client] = {}
        self._owner: dict[str, _Client] = {}
        self._answers = {
            MessageType.REQUEST_PROTOCOL_VERSION: self._negotiate,
            MessageType.GET_CONTROLLER_VERSION: self._version,
            MessageType.SETUP_OUTPUTS: self._setup_outputs,
            MessageType.SETUP_INPUTS: self._setup_inputs,
            MessageType.START: self._start,
            MessageType.PAUSE: self._pause,
        }
        self.service = Service(selector, address, PORT, self._received, self._opened, self._gone)

    @property
    def clients(self) -> int:
        """How many clients are connected."""
        return len(self._clients)

    def send(self, cycle: int) -> None:
        """Send the outputs of control cycle number ``cycle``; a client that does not read misses packages."""
        due = [client for client in self._clients.values() if client.started and cycle % client.every == 0]
        if not due:
            return
        self._outputs.write()
        if any(client.poses for client in due):
            self._outputs.write_poses()
        for client in due:
            if client.output is not None and not client.connection.congested:
                client.connection.send(client.output.pack(self._controller.outputs.values))

    def _opened(self, connection: Connection) -> None:
        self._clients[connection] = _Client(connection)

    def _gone(self, connection: Connection) -> None:
        client = self._clients.pop(connection)
        self._owner = {name: owner for name, owner in self._owner.items() if owner is not client}

    def _received(self, connection: Connection) -> None:
        client = self._clients[connection]
        try:
            for kind, body in split_messages(connection.inbox):
                if kind == MessageType.DATA_PACKAGE:
                    self._data(client, body)
                elif kind in self._answers:
                    answer = self._answers[MessageType(kind)](client, body)
                    connection.send(message(MessageType(kind), answer))
                elif kind != MessageType.TEXT_MESSAGE:
                    raise ProtocolError(f"message type {kind} is not known")
        except (ProtocolError, struct.error) as error:
            self._controller.log(f"RTDE client disconnected: {error}")
            connection.close()

    def _negotiate(self, client: _Client, body: bytes) -> bytes:
        (version,) = struct.unpack(">H", body)
        accepted = version in (1, 2)
        if accepted:
            client.version = version
        return bytes([accepted])

    def _version(self, client: _Client, body: bytes) -> bytes:
        return struct.pack(">4I", *self._controller.version)

    def _setup_outputs(self, client: _Client, body: bytes) -> bytes:
        rate = self._controller.model.rate_hz
        frequency = 125.0
        if client.version == 2:
            (frequency,) = struct.unpack_from(">d", body)
            body = body[8:]
        names = names_of(body)
        registers = self._controller.outputs
        types = types_of(names, registers, ONLY_E_SERIES if self._controller.model.generation == "cb3" else ())
        sensible = bool(names) and "NOT_FOUND" not in types and frequency >= 0.1
        recipe_id = None if client.version == 1 else int(sensible)
        client.output = OutputRecipe(names, registers, recipe_id) if sensible else None
        client.poses = not POSES.isdisjoint(names)
        client.every = max(1, round(rate / frequency)) if sensible else 1
        head = b"" if recipe_id is None else bytes([recipe_id])
        return head + ",".join(types).encode()

    def _setup_inputs(self, client: _Client, body: bytes) -> bytes:
        names = names_of(body)
        types = types_of(names, self._controller.inputs)
        taken = [self._owner.get(name, client) is not client for name in names]
        types = ["IN_USE" if used else kind for kind, used in zip(types, taken, strict=True)]
        if not names or "NOT_FOUND" in types or "IN_USE" in types or len(client.inputs) >= 255:
            return bytes([0]) + ",".join(types).encode()
        recipe_id = len(client.inputs) + 1
        client.inputs[recipe_id] = InputRecipe(names, self._controller.inputs)
        self._owner.update(dict.fromkeys(names, client))
        return bytes([recipe_id]) + ",".join(types).encode()

    def _start(self, client: _Client, body: bytes) -> bytes:
        client.started = client.output is not None
        return bytes([client.started])

    def _pause(self, client: _Client, body: bytes) -> bytes:
        client.started = False
        return bytes([1])

    def _data(self, client: _Client, body: bytes) -> None:
        recipe = client.inputs.get(body[0]) if body else None
        if recipe is None:
            raise ProtocolError(f"data package of unknown recipe {body[:1].hex() or '(empty)'}")
        recipe.unpack(body[1:], self._controller.inputs.values)
        self._controller.received(recipe)
