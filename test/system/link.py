"""A network cable that tests can cut: relays every port of a UR controller from one loopback address to another."""

import selectors
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

UR_PORTS = (29999, 30001, 30002, 30003, 30004, 63352)


class Link:
    """Forwards bytes both ways until it is cut; while cut, nothing arrives and nothing is refused."""

    def __init__(self, near: str, far: str) -> None:
        self._far = far
        self._selector = selectors.DefaultSelector()
        self._peers: dict[socket.socket, socket.socket] = {}
        self._whole = threading.Event()
        self._whole.set()
        self._running = True
        for port in UR_PORTS:
            server = socket.create_server((near, port))
            self._selector.register(server, selectors.EVENT_READ, port)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def cut(self) -> None:
        self._whole.clear()

    def mend(self) -> None:
        self._whole.set()

    def close(self) -> None:
        self._running = False
        self._whole.set()
        self._thread.join(5.0)
        for key in list(self._selector.get_map().values()):
            key.fileobj.close()  # type: ignore[union-attr]

    def _run(self) -> None:
        while self._running:
            self._whole.wait()
            for key, _ in self._selector.select(0.05):
                if not self._whole.is_set():
                    break
                if key.data is None:
                    self._forward(key.fileobj)  # type: ignore[arg-type]
                else:
                    self._accept(key.fileobj, key.data)  # type: ignore[arg-type]

    def _accept(self, server: socket.socket, port: int) -> None:
        near, _ = server.accept()
        try:
            far = socket.create_connection((self._far, port), timeout=1.0)
        except OSError:
            near.close()
            return
        for one, other in ((near, far), (far, near)):
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._peers[one] = other
            self._selector.register(one, selectors.EVENT_READ)

    def _forward(self, source: socket.socket) -> None:
        if source not in self._peers:
            return
        try:
            data = source.recv(65536)
            if data:
                self._peers[source].sendall(data)
                return
        except OSError:
            pass  # either end is gone: take down both, below
        for end in (source, self._peers.pop(source)):
            self._peers.pop(end, None)
            if end in self._selector.get_map():
                self._selector.unregister(end)
            end.close()


@contextmanager
def link_to(near: str, far: str) -> Iterator[Link]:
    link = Link(near, far)
    try:
        yield link
    finally:
        link.close()
