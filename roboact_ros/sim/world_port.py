"""Shows a world to other processes and takes their wishes; polled by the loop that steps the world, it never blocks."""

from __future__ import annotations

import json
import selectors
import socket
import time
from typing import Any

from pydantic import TypeAdapter, ValidationError

from roboact_ros.errors import SimulationError, did_you_mean
from roboact_ros.sim.world import World
from roboact_ros.sim.world_protocol import LONGEST, PORT, answer_frame, parse_line, state_frame

_PERIOD_NS = 1_000_000_000 // 60
_COMMANDS = ("reset", "objects", "place")


class _Watcher:
    """One connection: bytes received and bytes that still have to go out."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.incoming = b""
        self.outgoing = b""


class WorldPort:
    """A server on one loopback address; each watcher gets states at 60 Hz, fewer if it reads slowly."""

    def __init__(self, world: World, address: str, port: int = PORT) -> None:
        """Start to listen.

        Raises:
            SimulationError: The port is taken.
        """
        self._world = world
        self._watchers: dict[socket.socket, _Watcher] = {}
        self._next_ns = 0
        self._hello = json.dumps({"scene": world.describe()}).encode() + b"\n"
        self._selector = selectors.DefaultSelector()
        try:
            self._server = socket.create_server((address, port))
        except OSError as error:
            self._selector.close()
            raise SimulationError(f"cannot show the simulated world at {address}:{port}: {error}") from error
        self._server.setblocking(False)
        self._selector.register(self._server, selectors.EVENT_READ)

    def poll(self) -> None:
        """Serve everybody who wants something now and return at once."""
        for key, _ in self._selector.select(0):
            if key.fileobj is self._server:
                self._accept()
            else:
                self._receive(key.data)
        now = time.monotonic_ns()
        if self._watchers and now >= self._next_ns:
            self._next_ns = now + _PERIOD_NS
            frame = state_frame(self._world.time, self._world.qpos())
            for watcher in list(self._watchers.values()):
                # A watcher that has not read the last state yet gets the next one instead of a queue of old ones.
                self._send(watcher, b"" if watcher.outgoing else frame)

    def close(self) -> None:
        """Disconnect everybody and stop listening; may be called twice."""
        for watcher in list(self._watchers.values()):
            self._drop(watcher)
        self._server.close()
        self._selector.close()

    def _accept(self) -> None:
        try:
            connection, _ = self._server.accept()
        except (BlockingIOError, ConnectionError):
            return  # gone again before we looked
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        watcher = self._watchers[connection] = _Watcher(connection)
        self._selector.register(connection, selectors.EVENT_READ, watcher)
        self._send(watcher, self._hello)

    def _receive(self, watcher: _Watcher) -> None:
        try:
            received = watcher.connection.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            received = b""
        watcher.incoming += received
        if not received or len(watcher.incoming) > LONGEST:
            self._drop(watcher)
            return
        *lines, watcher.incoming = watcher.incoming.split(b"\n")
        for line in lines:
            if watcher.connection not in self._watchers:
                return
            try:
                answer = self._obey(parse_line(line))
            except SimulationError as error:
                answer = {"error": str(error)}
            self._send(watcher, answer_frame(answer))

    def _obey(self, command: dict[str, Any]) -> dict[str, Any]:
        """Do what ``command`` says and return the answer: in every case where the objects are now."""
        do = command.get("do")
        if do == "reset":
            self._world.reset(_argument(command, "seed", int))
        elif do == "place":
            position = _argument(command, "position", list[float])
            self._world.place(
                _argument(command, "name", str), position, _argument({"yaw": 0.0, **command}, "yaw", float)
            )
        elif do != "objects":
            raise SimulationError(f'cannot do "{do}": {did_you_mean(str(do), _COMMANDS)}')
        return {"objects": self._world.report()}

    def _send(self, watcher: _Watcher, message: bytes) -> None:
        watcher.outgoing += message
        try:
            sent = watcher.connection.send(watcher.outgoing)
        except BlockingIOError:
            return
        except OSError:
            self._drop(watcher)
            return
        watcher.outgoing = watcher.outgoing[sent:]
        if len(watcher.outgoing) > LONGEST:
            self._drop(watcher)

    def _drop(self, watcher: _Watcher) -> None:
        if self._watchers.pop(watcher.connection, None) is not None:
            self._selector.unregister(watcher.connection)
            watcher.connection.close()


def _argument(command: dict[str, Any], name: str, kind: Any) -> Any:
    if name not in command:
        raise SimulationError(f'"{command["do"]}" needs "{name}"')
    try:
        return TypeAdapter(kind).validate_python(command[name], strict=kind is int)
    except ValidationError as error:
        raise SimulationError(f'"{name}" = {command[name]!r}: {error.errors()[0]["msg"]}') from None
