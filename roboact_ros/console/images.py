"""The newest image of every camera, for pages that each take them as fast as they can."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """One compressed image as the camera node made it, and its running number."""

    number: int
    data: bytes


class ImageFeed:
    """Keeps one image per camera: a page that is slow misses images, and nothing waits for it.

    Args:
        cameras: Their names.
    """

    def __init__(self, cameras: tuple[str, ...]) -> None:
        self.cameras = cameras
        self._newest = {name: Picture(0, b"") for name in cameras}
        self._waiting: set[asyncio.Future[None]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        """Serve pages from ``loop`` from now on."""
        self._loop = loop

    def put(self, camera: str, data: bytes) -> None:
        """Take a new image; may be called from any thread."""
        self._newest[camera] = Picture(self._newest[camera].number + 1, data)
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake)

    async def after(self, camera: str, number: int) -> Picture:
        """Return the newest image of ``camera`` as soon as there is one after ``number``."""
        while self._newest[camera].number <= number:
            future = asyncio.get_running_loop().create_future()
            self._waiting.add(future)
            try:
                await future
            finally:
                self._waiting.discard(future)
        return self._newest[camera]

    def _wake(self) -> None:
        for future in self._waiting:
            if not future.done():
                future.set_result(None)
