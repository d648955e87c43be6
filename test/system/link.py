"""A network cable that tests can cut: relays every port of a UR controller from one loopback address to another."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

UR_PORTS = (29999, 30001, 30002, 30003, 30004, 63352)


class Link:
    """Forwards bytes both ways until it is cut; while cut, nothing arrives and nothing is refused."""

    def __init__(self, near: str, far: str) -> None:
        self._far = far
        self._whole = threading.Event()
        self._whole.set()
        self._servers = [socket.create_server((near, port)) for port in UR_PORTS]
        for server, port in zip(self._servers, UR_PORTS, strict=True):
            threading.Thread(target=self._accept, args=(server, port), daemon=True).start()

    def cut(self) -> None:
        self._whole.clear()

    def mend(self) -> None:
        self._whole.set()

    def close(self) -> None:
        self._whole.set()
        for server in self._servers:
            server.close()

    def _accept(self, server: socket.socket, port: int) -> None:
        while True:
            try:
                near, _ = server.accept()
            except OSError:
                return  # closed: the test is over
            threading.Thread(target=self._connect, args=(near, port), daemon=True).start()

    def _connect(self, near: socket.socket, port: int) -> None:
        self._whole.wait()
        try:
            far = socket.create_connection((self._far, port), timeout=5.0)
        except OSError:
            near.close()
            return
        far.settimeout(None)
        for one in (near, far):
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=self._forward, args=(near, far), daemon=True).start()
        threading.Thread(target=self._forward, args=(far, near), daemon=True).start()

    def _forward(self, source: socket.socket, sink: socket.socket) -> None:
        """Carry bytes one way; when either end is gone, both go."""
        try:
            while data := source.recv(65536):
                self._whole.wait()
                sink.sendall(data)
        except OSError:
            pass
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # it is gone already
            end.close()


@contextmanager
def link_to(near: str, far: str) -> Iterator[Link]:
    link = Link(near, far)
    try:
        yield link
    finally:
        link.close()
