"""A console without a cell, and a browser, for the tests of the page."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from roboact_ros.console.access import Access
from roboact_ros.console.board import Board, CellView
from roboact_ros.console.browser import NoBrowserError, running_browser
from roboact_ros.console.commands import Commands
from roboact_ros.console.episodes import Episodes
from roboact_ros.console.fake import FakeRobot
from roboact_ros.console.images import ImageFeed
from roboact_ros.console.server import ConsoleServer
from roboact_ros.console.shelf import Shelf
from roboact_ros.console.streams import Streams

DEADLINE_MS = 20_000


class Console:
    """A served page with a robot that only writes down what it is asked."""

    def __init__(self, folder: Path, token: str = "", port: int = 0, robot: type[FakeRobot] = FakeRobot) -> None:
        self.board = Board()
        self.robot = robot(self.board)
        self.images = ImageFeed(("front",))
        self.board.put("cell", CellView("fake", "no robot", ("front",), ""))
        commands = Commands(self.robot, self.board)
        streams = Streams(self.board, self.images, commands.stop)
        routes = [*commands.routes(), *streams.routes(), *Episodes(Shelf(folder)).routes()]
        self.server = ConsoleServer(Access(token), routes, streams.attach, "127.0.0.1", port)
        self.url = f"http://127.0.0.1:{self.server.port}"


@contextmanager
def console(folder: Path, **options: object) -> Iterator[Console]:
    served = Console(folder, **options)
    try:
        yield served
    finally:
        served.server.close()


@contextmanager
def browser(*options: str) -> Iterator[Browser]:
    """Chromium, as scripts/setup installs it where it can."""
    with ExitStack() as stack:
        try:
            running = stack.enter_context(running_browser(options))
        except NoBrowserError as missing:
            pytest.skip(str(missing))
        expect.set_options(timeout=DEADLINE_MS)
        yield running
