"""A policy server, reached over a WebSocket: one question at a time, and an answer in time or the reason why not."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from roboact_ros.chat.endpoint import is_this_machine
from roboact_ros.errors import PolicyError
from roboact_ros.policies.clap.packing import pack, unpack

if TYPE_CHECKING:
    from websockets.sync.client import ClientConnection

LARGEST = 16 * 1024 * 1024
"""Longest message that is read [bytes]."""
_SHOWN = 300
_CLOSING = 1.0


class PolicyServer:
    """Connects when it is first asked, and again when the connection is lost.

    Args:
        address: ``wss://host:port`` anywhere, ``ws://`` on this machine only, as images would travel readable.
        timeout: Time for a whole answer, connecting included [s].
        check: Called with what a server says of itself whenever it is connected; raises a PolicyError to refuse it.
        api_key_env: Name of the environment variable with the key; empty sends none.

    Raises:
        PolicyError: The address cannot be used, there is no such key, or the packages are not installed.
    """

    def __init__(
        self, address: str, timeout: float, check: Callable[[dict[str, Any]], None], api_key_env: str = ""
    ) -> None:
        try:
            import msgpack  # noqa: F401
            import websockets.sync.client  # noqa: F401
        except ImportError as error:
            raise PolicyError(f"{error.name} is not installed: pip install 'roboact_ros[clap]'") from error
        check_address(address)
        self.address, self._timeout, self._check = address, timeout, check
        self._headers = _authorization(api_key_env)
        self._connection: ClientConnection | None = None
        self._open = contextlib.ExitStack()
        self._asked = 0

    def ask(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Return the ``data`` of the server's answer to ``payload``.

        A connection that the server has closed meanwhile is made again.

        Raises:
            PolicyError: There is no answer in time, or none that can be used; says why.
        """
        try:
            return self._exchange(payload, time.monotonic() + self._timeout)
        except PolicyError:
            self.close()
            raise

    def close(self) -> None:
        """End the connection."""
        if self._connection is not None:
            with _cut_off(self._connection.socket, time.monotonic() + _CLOSING):
                self._open.close()
            self._connection = None

    def _exchange(self, payload: Mapping[str, Any], due: float) -> dict[str, Any]:
        from websockets.exceptions import ConnectionClosed

        while True:
            kept, connection = self._connection is not None, self._connection or self._connect(due)
            self._asked += 1
            request = {"type": "infer", "request_id": str(self._asked), "payload": payload}
            try:
                with _cut_off(connection.socket, due):
                    connection.send(pack(request))
                    return self._data(_read(connection))
            except ConnectionClosed as error:
                self.close()
                if time.monotonic() >= due:
                    raise PolicyError(f"{self.address} did not answer within {self._timeout:g} s") from None
                if not kept:
                    raise PolicyError(f"{self.address} closed the connection: {error}") from error
            except PolicyError as error:
                raise PolicyError(f"{self.address}: {error}") from error

    def _connect(self, due: float) -> ClientConnection:
        from websockets.exceptions import WebSocketException
        from websockets.sync.client import connect

        parts = urlsplit(self.address)
        host, port = str(parts.hostname), parts.port or (443 if parts.scheme == "wss" else 80)
        try:
            # With a socket of ours no redirection is followed: it might lead images off this machine.
            sock = socket.create_connection((host, port), timeout=self._left(due))
            connection = self._open.enter_context(
                connect(
                    self.address,
                    sock=sock,
                    additional_headers=self._headers,
                    open_timeout=self._left(due),
                    close_timeout=_CLOSING,
                    max_size=LARGEST,
                    compression=None,
                    proxy=None,
                    ping_interval=None,  # a server that is busy with its model need not answer pings
                )
            )
        except (OSError, WebSocketException, ValueError) as error:
            raise PolicyError(f"{self.address} cannot be reached: {error}") from error
        self._connection = connection
        try:
            with _cut_off(connection.socket, due):
                metadata = _read(connection)
        except (WebSocketException, PolicyError) as error:
            told = str(error) if time.monotonic() < due else f"it said nothing within {self._timeout:g} s"
            raise PolicyError(f"{self.address} is no policy server: {told}") from error
        if not isinstance(metadata, dict):
            raise PolicyError(f"{self.address} is no policy server: it began with {_short(metadata)}")
        self._check(metadata)
        return connection

    @staticmethod
    def _left(due: float) -> float:
        """Return the time until ``due`` [s], a little where there is none."""
        return max(0.001, due - time.monotonic())

    def _data(self, answer: Any) -> dict[str, Any]:
        if not isinstance(answer, dict) or answer.get("request_id") != str(self._asked):
            raise PolicyError("the answer belongs to no question")
        if answer.get("ok") is not True:
            told = answer.get("error")
            raise PolicyError(_short(told.get("message") if isinstance(told, dict) else told))
        data = answer.get("data")
        if not isinstance(data, dict):
            raise PolicyError("the answer has no data")
        return data


def check_address(address: str) -> None:
    """Raise a PolicyError unless a policy server may be asked at ``address``."""
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
        host.encode("idna")
    except ValueError:  # also what cannot be encoded
        host, port = "", None
    if not host or port == 0 or parts.scheme not in ("ws", "wss") or parts.username is not None:
        raise PolicyError(f'"{address}" is no address of a policy server; valid: ws://127.0.0.1:10093')
    if parts.scheme == "ws" and not is_this_machine(host):
        raise PolicyError(f'"{address}" would send images and words readable over the network; use wss, or a tunnel')


def _authorization(api_key_env: str) -> dict[str, str]:
    if not api_key_env:
        return {}
    key = os.environ.get(api_key_env, "").strip()
    if not key.isprintable() or not key.isascii() or not key:
        raise PolicyError("the environment variable that api_key_env names is not set, or is no key")
    return {"Authorization": f"Api-Key {key}"}


def _read(connection: ClientConnection) -> Any:
    """Return the next message; text is what a server says before it gives up."""
    message = connection.recv()
    if isinstance(message, str):
        lines = [line.strip() for line in message.splitlines() if line.strip()]
        raise PolicyError(f"it failed: {_short(lines[-1] if lines else '')}")
    return unpack(message)


def _short(told: Any) -> str:
    """Return the words of a stranger for the eyes of an operator."""
    return "".join(c for c in str(told or "") if c.isprintable())[:_SHOWN] or "it gave no reason"


@contextlib.contextmanager
def _cut_off(connection: socket.socket, due: float) -> Iterator[None]:
    """Break a connection at a time [monotonic, s], even while it sends."""

    def cut() -> None:
        with contextlib.suppress(OSError):  # it is closed already
            connection.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(max(0.0, due - time.monotonic()), cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
