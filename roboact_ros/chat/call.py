"""One request under way, bounded in time and size whatever the other side does."""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import threading
import time

from roboact_ros.chat.endpoint import Endpoint
from roboact_ros.errors import ChatError, EndpointDown, EndpointRefused

LARGEST_REPLY = 256 * 1024
"""Longest reply that is read [bytes]."""
_LATER = (http.client.REQUEST_TIMEOUT, http.client.TOO_EARLY, http.client.TOO_MANY_REQUESTS)


class Call:
    """Sends a request in a thread of its own.

    A socket's own timeout starts anew with every byte, so the time limit is kept from outside: whoever waits gives up
    in time and hangs up, which also ends the thread.

    Args:
        endpoint: Whom to ask.
        body: The JSON request.
        timeout: Time from now to the end of the reply [s].
    """

    def __init__(self, endpoint: Endpoint, body: bytes, timeout: float) -> None:
        self._endpoint, self._body, self._timeout = endpoint, body, timeout
        self._due = time.monotonic() + timeout
        self._lock = threading.Lock()  # guards what follows against the thread
        self._over = threading.Event()
        self._result: bytes | ChatError = b""
        self._socket: socket.socket | None = None
        threading.Thread(target=self._run, name="chat", daemon=True).start()

    def wait(self) -> bytes:
        """Return the body of the reply.

        Raises:
            EndpointDown: There is none in time, or none now.
            EndpointRefused: The question is not taken.
            ChatError: The reply is too long, or the call was cancelled.
        """
        self._over.wait(max(0.0, self._due - time.monotonic()))
        self._end(EndpointDown(f"{self._endpoint} did not answer within {self._timeout:g} s"))
        if isinstance(self._result, ChatError):
            raise self._result
        return self._result

    def cancel(self) -> None:
        """Hang up; who waits is told at once. Nothing happens when the reply is there."""
        self._end(ChatError("the question was withdrawn"))

    def _end(self, result: bytes | ChatError) -> None:
        with self._lock:
            if self._over.is_set():
                return
            self._result = result
            self._over.set()
            if self._socket is not None:
                with contextlib.suppress(OSError):  # closed already
                    # The method of the plain socket, as that of TLS would meddle with what the thread is reading.
                    socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    def _run(self) -> None:
        result: bytes | ChatError
        try:
            result = self._exchange()
        except ChatError as error:
            result = error
        except http.client.HTTPException as error:
            result = EndpointDown(f"{self._endpoint} does not speak HTTP properly ({type(error).__name__})")
        except OSError as error:
            result = EndpointDown(f"{self._endpoint} cannot be reached: {error.strerror or type(error).__name__}")
        self._end(result)

    def _exchange(self) -> bytes:
        endpoint = self._endpoint
        headers = {"Content-Type": "application/json", "Accept": "application/json", "Connection": "close"}
        if endpoint.api_key:
            headers["Authorization"] = f"Bearer {endpoint.api_key}"
        connection = http.client.HTTPConnection(endpoint.host, endpoint.port)
        try:
            connection.sock = self._connect()
            connection.request("POST", endpoint.path, self._body, headers)
            response = connection.getresponse()
            # Of a refusal only the number is shown: its text may repeat the key. A redirection is one, too.
            if response.status != http.client.OK:
                reason = http.client.responses.get(response.status, "")
                later = response.status in _LATER or response.status >= http.client.INTERNAL_SERVER_ERROR
                kind = EndpointDown if later else EndpointRefused
                raise kind(f"{endpoint} answered HTTP {response.status} {reason}".rstrip())
            body = response.read(LARGEST_REPLY + 1)
        finally:
            connection.close()
        if len(body) > LARGEST_REPLY:
            raise ChatError(f"{endpoint} sent more than {LARGEST_REPLY // 1024} KiB")
        return body

    def _connect(self) -> socket.socket:
        endpoint = self._endpoint
        plain = self._held(socket.create_connection((endpoint.host, endpoint.port), self._timeout))
        if not endpoint.secure:
            return plain
        context = ssl.create_default_context()
        secure = context.wrap_socket(plain, server_hostname=endpoint.host, do_handshake_on_connect=False)
        self._held(secure)
        secure.do_handshake()
        return secure

    def _held(self, opened: socket.socket) -> socket.socket:
        """Remember the socket to hang up; one that was opened too late is closed."""
        with self._lock:
            if not self._over.is_set():
                self._socket = opened
                return opened
        opened.close()
        raise ChatError("the question was withdrawn")
