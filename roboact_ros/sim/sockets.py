"""Non-blocking TCP servers on loopback that the cell's loop polls."""

from __future__ import annotations

import errno
import ipaddress
import selectors
import socket
from collections.abc import Callable

from roboact_ros.errors import SimulationError

_BACKLOG = 16
_LARGEST_OUTBOX = 1 << 20
_LARGEST_INBOX = 1 << 22


def loopback_address(address: str) -> str:
    """Return ``address`` if it is an IPv4 loopback address.

    Raises:
        SimulationError: It is not.
    """
    try:
        parsed = ipaddress.IPv4Address(address)
    except ValueError:
        raise SimulationError(f'"{address}" is not an IPv4 address; use one in 127.0.0.0/8 such as 127.0.0.1') from None
    if not parsed.is_loopback:
        raise SimulationError(f"a simulated controller serves loopback only, not {address}; use one in 127.0.0.0/8")
    return str(parsed)


class Connection:
    """One client.

    Attributes:
        inbox: Bytes received and not yet taken.
        closed: Whether it is gone.
        congested: Whether bytes wait because the client does not read.
    """

    def __init__(self, sock: socket.socket, service: Service) -> None:
        self._socket = sock
        self._service = service
        self._outbox = bytearray()
        self.inbox = bytearray()
        self.closed = False

    @property
    def congested(self) -> bool:
        """Whether bytes still wait after another attempt to send them."""
        if self._outbox:
            data = bytes(self._outbox)
            self._outbox.clear()
            self.send(data)
        return bool(self._outbox)

    def send(self, data: bytes) -> None:
        """Send without waiting; a client that reads nothing for too long is disconnected."""
        if self.closed:
            return
        if self._outbox:
            self._outbox += data
        else:
            try:
                sent = self._socket.send(data)
            except BlockingIOError:
                sent = 0
            except OSError:
                self.close()
                return
            self._outbox += data[sent:]
        if len(self._outbox) > _LARGEST_OUTBOX:
            self.close()

    def receive(self) -> None:
        """Take what has arrived into ``inbox``; the service calls it."""
        try:
            data = self._socket.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        self.inbox += data
        if not data or len(self.inbox) > _LARGEST_INBOX:
            self.close()

    def close(self) -> None:
        """Disconnect; may be called twice."""
        if not self.closed:
            self.closed = True
            self._service.forget(self, self._socket)


class Service:
    """One listening port.

    Args:
        selector: Of the loop that polls it; :func:`poll` dispatches.
        address: Loopback address.
        port: TCP port.
        received: Called with a connection whose ``inbox`` grew.
        opened: Called with every new connection.
        gone: Called with every connection that ended.

    Raises:
        SimulationError: The address is not loopback or the port is taken.
    """

    def __init__(
        self,
        selector: selectors.BaseSelector,
        address: str,
        port: int,
        received: Callable[[Connection], None],
        opened: Callable[[Connection], None] = lambda connection: None,
        gone: Callable[[Connection], None] = lambda connection: None,
    ) -> None:
        self._selector = selector
        self._received, self._opened, self._gone = received, opened, gone
        self.connections: list[Connection] = []
        self._listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self._listener.bind((loopback_address(address), port))
            self._listener.listen(_BACKLOG)
        except OSError as error:
            self._listener.close()
            reason = "already in use" if error.errno == errno.EADDRINUSE else (error.strerror or str(error))
            raise SimulationError(
                f"port {port} at {address} is {reason}: stop the other controller there, or give this one another "
                "loopback address such as 127.0.0.2"
            ) from error
        self._listener.setblocking(False)
        selector.register(self._listener, selectors.EVENT_READ, self._accept)

    def _accept(self) -> None:
        try:
            sock, _ = self._listener.accept()
        except OSError:  # the client was gone again before it was accepted
            return
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection = Connection(sock, self)

        def read() -> None:
            connection.receive()
            if connection.inbox and not connection.closed:
                self._received(connection)

        self._selector.register(sock, selectors.EVENT_READ, read)
        self.connections.append(connection)
        self._opened(connection)

    def forget(self, connection: Connection, sock: socket.socket) -> None:
        """Drop a closed connection; the connection calls it."""
        self._selector.unregister(sock)
        sock.close()
        self.connections.remove(connection)
        self._gone(connection)

    def close(self) -> None:
        """Disconnect everybody and free the port."""
        for connection in list(self.connections):
            connection.close()
        self._selector.unregister(self._listener)
        self._listener.close()


def poll(selector: selectors.BaseSelector) -> None:
    """Serve everything that has arrived, without waiting."""
    for key, _ in selector.select(0):
        if key.fileobj.fileno() >= 0:  # type: ignore[union-attr]
            key.data()


def take_lines(connection: Connection) -> list[str]:
    """Take the complete lines out of a connection's inbox."""
    *lines, rest = connection.inbox.split(b"\n")
    connection.inbox[:] = rest
    return [line.decode("utf-8", "replace").strip("\r") for line in lines]
