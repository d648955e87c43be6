"""Lists and plays episodes on the page."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from typing import TypeVar

from aiohttp import web

from roboact_ros.console.shelf import Shelf
from roboact_ros.errors import RecordingError

Result = TypeVar("Result")


class Episodes:
    """Serves ``GET /api/episodes…``.

    Args:
        shelf: The episodes.
    """

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._thread = ThreadPoolExecutor(1, "episodes")

    def routes(self) -> list[web.RouteDef]:
        """Return what is served."""
        return [
            web.get("/api/episodes", self._list),
            web.get("/api/episodes/{name}", self._show),
            web.get(r"/api/episodes/{name}/{camera}/{index:\d{1,9}}", self._image),
        ]

    async def _list(self, request: web.Request) -> web.Response:
        return web.json_response([asdict(bag) for bag in await self._wait(self._shelf.listed)])

    async def _show(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        return web.json_response(asdict(await self._wait(lambda: self._shelf.open(name).content)))

    async def _image(self, request: web.Request) -> web.Response:
        name, camera, index = (request.match_info[key] for key in ("name", "camera", "index"))
        kind, data = await self._wait(lambda: self._shelf.open(name).image(camera, int(index)))
        return web.Response(body=data, content_type=kind)

    async def _wait(self, call: Callable[[], Result]) -> Result:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, call)
        except RecordingError as error:
            raise web.HTTPNotFound(text=str(error)) from error
