"""Serves the page in a thread of its own, so that neither ROS nor a slow tablet makes anybody wait."""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
import threading
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from aiohttp import web

from roboact_ros.console.access import Access
from roboact_ros.errors import ConfigurationError

PAGE = Path(__file__).parent / "page"
LARGEST_BODY = 2 * 1024 * 1024
"""A minute of speech [bytes]."""
PORTS_TRIED = 20

_START_SECONDS = 20.0
_LEAVE_SECONDS = 2.0
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "microphone=(self), camera=(), geolocation=()",
    "Cache-Control": "no-store",
}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class ConsoleServer:
    """The page and what it asks for.

    Attributes:
        port: Where it listens.

    Args:
        access: Who may use it.
        routes: What it serves beside the page.
        attach: Called in the thread of the server before the first request.
        host: Name or address to listen at.
        port: Where to listen, or the next free port above.
        tls: Certificate, for browsers that only lend their microphone to encrypted pages.
    """

    def __init__(
        self,
        access: Access,
        routes: Sequence[web.RouteDef],
        attach: Callable[[web.Application], None],
        host: str,
        port: int,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._access, self._routes, self._attach, self._tls = access, routes, attach, tls
        self._socket = _listen(host, port)
        self.port = int(self._socket.getsockname()[1])
        self._loop = asyncio.new_event_loop()
        self._ending = asyncio.Event()
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self._serve(),), name="console")
        self._thread.daemon = True
        self._thread.start()
        if not self._started.wait(_START_SECONDS):
            raise ConfigurationError(f"the console did not start within {_START_SECONDS:.0f} s")

    def close(self) -> None:
        """Leave the pages alone, which then show that they are not connected."""
        self._loop.call_soon_threadsafe(self._ending.set)
        self._thread.join()
        self._loop.close()

    async def _serve(self) -> None:
        application = web.Application(middlewares=[self._guard], client_max_size=LARGEST_BODY)
        self._attach(application)
        application.add_routes([web.get("/", _page), web.static("/page", PAGE), *self._routes])
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=_LEAVE_SECONDS)
        await runner.setup()
        await web.SockSite(runner, self._socket, ssl_context=self._tls).start()
        self._started.set()
        await self._ending.wait()
        await runner.cleanup()

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        refusal = self._access.refusal(request.headers, request.path == "/" or request.path.startswith("/page/"))
        if refusal:
            status = 401 if refusal.startswith("wrong token") else 403
            return web.json_response({"error": refusal}, status=status, headers=_HEADERS)
        try:
            response = await handler(request)
        except web.HTTPException as error:
            error.headers.update(_HEADERS)
            raise
        if not response.prepared:
            response.headers.update(_HEADERS)
        return response


def secure(certificate: str, key: str) -> ssl.SSLContext | None:
    """Return what is needed for https, or None when no certificate is named.

    Raises:
        ConfigurationError: The files are no certificate and its key.
    """
    if not certificate:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(Path(certificate).expanduser(), Path(key).expanduser() if key else None)
    except OSError as error:
        raise ConfigurationError(f'console.certificate "{certificate}", console.key "{key}": {error}') from error
    return context


def _listen(host: str, port: int) -> socket.socket:
    """Return a socket at ``port`` or the next free one: cells beside each other have a console each."""
    last = min(port + PORTS_TRIED, 65535) if port else 0
    for candidate in range(port, last + 1):
        try:
            return socket.create_server((host, candidate), family=_family(host))
        except OSError as error:
            if candidate == last or error.errno != errno.EADDRINUSE:
                raise ConfigurationError(f"the console cannot listen at {host}:{candidate}: {error}") from error
    raise ConfigurationError(f"console.port = {port} is none; valid: 0 … 65535")


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


async def _page(request: web.Request) -> web.StreamResponse:
    return web.FileResponse(PAGE / "index.html")
