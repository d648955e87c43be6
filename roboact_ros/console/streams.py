"""The two WebSockets of a page: what the cell does (and the way back for "stop"), and what its cameras see."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import asdict, is_dataclass
from typing import Any

from aiohttp import WSMsgType, web

from roboact_ros.console.access import token_protocol
from roboact_ros.console.board import Board
from roboact_ros.console.images import ImageFeed

MOST_PAGES = 12
"""Pages that may be open at once."""
HEARTBEAT = 0.25
"""A page that hears nothing for several of these shows that it is not connected [s]."""

_SHORTEST = 0.04
"""Time between two messages to one page [s]."""
_LONGEST_MESSAGE = 4096
_DEAD_SECONDS = 5.0


class Streams:
    """Serves ``/ws/state`` and ``/ws/images``.

    Args:
        board: What the cell does.
        images: What its cameras see.
        stop: Stops the arm.
    """

    def __init__(self, board: Board, images: ImageFeed, stop: Callable[[str], None]) -> None:
        self._board, self._images, self._stop = board, images, stop
        self._changed: set[asyncio.Event] = set()
        self._pages: dict[str, set[web.WebSocketResponse]] = {"state": set(), "images": set()}

    def attach(self, application: web.Application) -> None:
        """Serve pages from the running event loop until ``application`` ends."""
        loop = asyncio.get_running_loop()
        self._images.attach(loop)
        application.on_shutdown.append(self._leave)

        def changed() -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(self._wake)

        self._board.listen(changed)

    def routes(self) -> list[web.RouteDef]:
        """Return what is served."""
        return [web.get("/ws/state", self._state), web.get("/ws/images", self._cameras)]

    async def _state(self, request: web.Request) -> web.WebSocketResponse:
        socket = await self._open(request, "state")
        changed = asyncio.Event()
        self._changed.add(changed)
        self._count()
        teller = asyncio.create_task(self._tell(socket, changed))
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT and message.data.startswith("stop "):
                    self._stop(message.data[5:])
        finally:
            teller.cancel()
            self._changed.discard(changed)
            self._pages["state"].discard(socket)
            self._count()
        return socket

    async def _tell(self, socket: web.WebSocketResponse, changed: asyncio.Event) -> None:
        """Send the sections that changed; what changes while a page is slow is sent once, as it is then."""
        told: dict[str, object] = {}
        while not socket.closed:
            changed.clear()
            sections = self._board.sections()
            news = {name: content for name, content in sections.items() if told.get(name) != content}
            told = sections
            ages = {name: round(age, 2) for name, age in self._board.ages().items()}
            try:
                await socket.send_str(json.dumps({"sections": news, "ages": ages}, default=_plain))
            except ConnectionError:
                return  # the page has gone; the loop that reads from it ends by itself
            await asyncio.sleep(_SHORTEST)
            try:
                await asyncio.wait_for(changed.wait(), HEARTBEAT)
            except asyncio.TimeoutError:
                continue

    async def _cameras(self, request: web.Request) -> web.WebSocketResponse:
        """Send images, each after the page has shown the one before, so that a slow page has one on its way at most."""
        socket = await self._open(request, "images")
        shown = [asyncio.Semaphore(1) for _ in self._images.cameras]
        tasks = [asyncio.create_task(self._send(socket, index, free)) for index, free in enumerate(shown)]
        try:
            async for message in socket:
                number = str(message.data) if message.type is WSMsgType.TEXT else ""
                if number.isascii() and number.isdigit() and int(number[:4]) < len(shown):
                    free = shown[int(number[:4])]
                    if free.locked():
                        free.release()
        finally:
            for task in tasks:
                task.cancel()
            self._pages["images"].discard(socket)
        return socket

    async def _send(self, socket: web.WebSocketResponse, index: int, free: asyncio.Semaphore) -> None:
        number = 0
        while not socket.closed:
            await free.acquire()
            picture = await self._images.after(self._images.cameras[index], number)
            number = picture.number
            try:
                await socket.send_bytes(bytes([index]) + picture.data)
            except ConnectionError:
                return  # as above

    async def _open(self, request: web.Request, kind: str) -> web.WebSocketResponse:
        if len(self._pages[kind]) >= MOST_PAGES:
            raise web.HTTPServiceUnavailable(text=f"{MOST_PAGES} consoles are open already")
        protocol = token_protocol(request.headers.get("Sec-WebSocket-Protocol", ""))
        # Images are compressed already, and compressing the rest costs more time than it saves.
        socket = web.WebSocketResponse(
            protocols=[protocol] if protocol else (),
            max_msg_size=_LONGEST_MESSAGE,
            heartbeat=_DEAD_SECONDS,
            compress=False,
        )
        self._pages[kind].add(socket)
        try:
            await socket.prepare(request)
        except BaseException:
            self._pages[kind].discard(socket)
            raise
        return socket

    async def _leave(self, application: web.Application) -> None:
        await asyncio.gather(*(page.close(code=1001) for pages in self._pages.values() for page in list(pages)))

    def _count(self) -> None:
        self._board.put("consoles", len(self._pages["state"]))

    def _wake(self) -> None:
        for changed in self._changed:
            changed.set()


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    raise TypeError(f"{type(value).__name__} cannot be shown")
