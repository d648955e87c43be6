"""A small policy server for tests, which speaks the protocol of the real ones on this machine."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

from roboact_ros.policies.clap.packing import pack, unpack

Answering = Callable[[dict[str, Any]], Any]
"""What to say to a request: an answer, text, bytes that go out as they are, or nothing at all (None)."""

METADATA: dict[str, Any] = {"env": "test", "action_chunk_size": 8, "available_unnorm_keys": ["ur5e", "franka"]}


def good(request: dict[str, Any], actions: Any) -> dict[str, Any]:
    """Return a good answer to ``request``."""
    about = {"status": "ok", "ok": True, "type": "inference_result", "request_id": request["request_id"]}
    return {**about, "data": {"actions": actions}}


class Served:
    """A server that runs.

    Attributes:
        answering: What it says to the next requests.
        requests: What it was asked.
        headers: ``Authorization`` of each connection.
        hang_up: Ends every connection.
    """

    def __init__(self, metadata: Any) -> None:
        self.answering: Answering = lambda request: None
        self.requests: list[dict[str, Any]] = []
        self.headers: list[str | None] = []
        self._open: list[ServerConnection] = []
        self._server = serve(lambda connection: self._serve(connection, metadata), "127.0.0.1", 0, max_size=None)
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    @property
    def address(self) -> str:
        return f"ws://127.0.0.1:{self._server.socket.getsockname()[1]}"

    def hang_up(self) -> None:
        for connection in self._open:
            connection.close()
        self._open.clear()

    def close(self) -> None:
        self._server.shutdown()
        self.hang_up()
        self._thread.join()

    def _serve(self, connection: ServerConnection, metadata: Any) -> None:
        assert connection.request is not None
        self._open.append(connection)
        self.headers.append(connection.request.headers.get("Authorization"))
        try:
            connection.send(metadata if isinstance(metadata, (str, bytes)) else pack(metadata))
            for message in connection:
                self.requests.append(unpack(message))
                answer = self.answering(self.requests[-1])
                if isinstance(answer, str):
                    connection.send(answer)
                    connection.close(1011, "server error")
                elif answer is not None:
                    connection.send(answer if isinstance(answer, bytes) else pack(answer))
        except ConnectionClosed:
            pass  # the client has gone


@contextmanager
def served(metadata: Any = METADATA) -> Iterator[Served]:
    server = Served(metadata)
    try:
        yield server
    finally:
        server.close()
