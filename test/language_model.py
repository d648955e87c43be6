"""A language model's endpoint on this machine that answers what a test wants, well or badly."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Behaviour = Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    """One request; the behaviour of the endpoint does the rest.

    Attributes:
        asked: JSON of the request.
    """

    server: Endpoint
    asked: dict[str, Any]

    def do_POST(self) -> None:
        """Read the request, note it and behave."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.asked = json.loads(body)
        self.server.requests.append((self.path, dict(self.headers), self.asked))
        try:
            self.server.behave(self)
        except ConnectionError:
            self.server.hung_up.set()

    def send(self, body: bytes, status: int = 200, length: int | None = None, headers: Any = ()) -> None:
        """Answer."""
        self.send_response(status)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


class Endpoint(ThreadingHTTPServer):
    """Where ``url`` leads.

    Attributes:
        requests: Path, headers and JSON of what was asked.
        hung_up: Set when whoever asked went away during the answer.
        released: Ends every behaviour that waits.
    """

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.requests: list[tuple[str, dict[str, str], dict[str, Any]]] = []
        self.hung_up, self.released = threading.Event(), threading.Event()
        self.behave: Behaviour = silent

    @property
    def url(self) -> str:
        """The base address."""
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    def answer(self, content: Any) -> None:
        """Answer everything with ``content``, as JSON unless it is text."""
        self.behave = answers(content)


@contextmanager
def endpoint() -> Iterator[Endpoint]:
    """Serve until the end of the block."""
    server = Endpoint()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.released.set()
        server.shutdown()
        server.server_close()


def completion(content: Any) -> bytes:
    """Return the body of a good reply."""
    text = content if isinstance(content, str) else json.dumps(content)
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    return json.dumps({"id": "1", "object": "chat.completion", "choices": [choice], "usage": {}}).encode()


def answers(content: Any) -> Behaviour:
    """Answer well."""
    return lambda handler: handler.send(completion(content))


def sends(body: bytes, status: int = 200, length: int | None = None, headers: Any = ()) -> Behaviour:
    """Answer with any body."""
    return lambda handler: handler.send(body, status, length, headers)


def silent(handler: Handler) -> None:
    """Accept the request and never answer."""
    handler.server.released.wait()


def trickling(body: bytes, seconds: float = 0.1) -> Behaviour:
    """Send a good body byte by byte, never pausing long enough for a socket's own timeout."""

    def trickle(handler: Handler) -> None:
        handler.send(b"", length=len(body))
        for byte in body:
            if handler.server.released.wait(seconds):
                return
            handler.wfile.write(bytes([byte]))

    return trickle


def trickling_headers(handler: Handler) -> None:
    """Send headers for ever."""
    for byte in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"a" * 10_000:
        if handler.server.released.wait(0.05):
            return
        handler.wfile.write(bytes([byte]))


def endless(handler: Handler) -> None:
    """Send a body without end."""
    handler.send(b"", length=1 << 40)
    while not handler.server.released.is_set():
        handler.wfile.write(b" " * 65536)


def no_http(handler: Handler) -> None:
    """Speak something else."""
    handler.wfile.write(b"SSH-2.0-OpenSSH_9.2\r\n")
