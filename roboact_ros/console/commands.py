"""What the buttons and the text fields of the page do."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from aiohttp import web

from roboact_ros.console.board import Board
from roboact_ros.console.robot import RECORDER_ACTIONS, WORDS, Robot
from roboact_ros.errors import RoboactError, did_you_mean

LONGEST_TEXT = 4000
"""Longer texts are turned away; the cell itself says what is too long a sentence."""

MOST_EPISODES = 9999

Result = TypeVar("Result")


class Commands:
    """Serves ``POST /api/…``.

    Args:
        robot: The cell.
        board: Shows what was asked.
    """

    def __init__(self, robot: Robot, board: Board) -> None:
        self._robot, self._board = robot, board
        self._pressed: deque[str] = deque(maxlen=32)
        # One thread each: who waits for the disk or a speech model keeps nobody else waiting.
        self._threads = {name: ThreadPoolExecutor(1, name) for name in ("recorder", "speech", "language")}

    def routes(self) -> list[web.RouteDef]:
        """Return what is served."""
        handlers = {
            "stop": self._stop,
            "ask": self._ask,
            "say": self._say,
            "instruct": self._instruct,
            "understand": self._understand,
            "record": self._record,
            "aim": self._aim,
            "note": self._note,
            "hear": self._hear,
        }
        posts = [web.post(f"/api/{name}", handler) for name, handler in handlers.items()]
        return [web.get("/api/hello", self._hello), *posts]

    def stop(self, press: str) -> None:
        """Stop the arm, once for each time the button is pressed: a page sends it on every way it has."""
        press = press[:64]
        if press and press in self._pressed:
            return
        self._robot.stop()
        self._pressed.append(press)
        self._board.say("console", "stop", "warn")

    async def _hello(self, request: web.Request) -> web.Response:
        """Tell a page that lost its sockets whether it would be let in."""
        return _done()

    async def _stop(self, request: web.Request) -> web.Response:
        self.stop(await _text(request, "press"))
        return _done()

    async def _ask(self, request: web.Request) -> web.Response:
        word = await _text(request, "word")
        if word not in WORDS:
            raise _refused(f'"{word}": {did_you_mean(word, WORDS)}')
        self._robot.ask(word)
        self._board.say("console", word)
        return _done()

    async def _say(self, request: web.Request) -> web.Response:
        self._robot.say(await _text(request, "text"))
        return _done()

    async def _instruct(self, request: web.Request) -> web.Response:
        self._robot.instruct(await _text(request, "text"))
        return _done()

    async def _understand(self, request: web.Request) -> web.Response:
        text = await _text(request, "text")
        meaning = await self._wait("language", lambda: self._robot.understand(text))
        return _done(sentence=meaning.sentence, refused=meaning.refused)

    async def _record(self, request: web.Request) -> web.Response:
        action = await _text(request, "action")
        if action not in RECORDER_ACTIONS:
            raise _refused(f'"{action}": {did_you_mean(action, RECORDER_ACTIONS)}')
        message = await self._wait("recorder", lambda: self._robot.record(action))
        self._board.say("console", message)
        return _done(message=message)

    async def _aim(self, request: web.Request) -> web.Response:
        text = await _text(request, "target")
        if not (text.isascii() and text.isdigit() and len(text) < 9 and 0 < int(text) <= MOST_EPISODES):
            raise _refused(f'"{text[:20]}" episodes; needed is a number, 1 … {MOST_EPISODES}')
        self._robot.aim(int(text))
        return _done()

    async def _note(self, request: web.Request) -> web.Response:
        self._robot.note(await _text(request, "text"))
        return _done()

    async def _hear(self, request: web.Request) -> web.Response:
        wav = await request.read()
        heard = await self._wait("speech", lambda: self._robot.hear(wav))
        return _done(text=heard.text, question=heard.question)

    async def _wait(self, thread: str, call: Callable[[], Result]) -> Result:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads[thread], call)
        except RoboactError as error:
            raise _refused(str(error)) from error


async def _text(request: web.Request, field: str) -> str:
    """Return the one text of a request.

    Control characters become spaces, because a text must arrive in ROS as it was checked here.

    Raises:
        HTTPException: There is none, or not one that may be sent on.
    """
    # Only a page of this console can send JSON: other sites would have to ask first, and are refused.
    if request.content_type != "application/json":
        raise _refused(f"application/json is needed, not {request.content_type}", web.HTTPUnsupportedMediaType)
    try:
        content = json.loads(await request.read())
    except (ValueError, RecursionError):
        raise _refused("that is no JSON") from None
    text = content.get(field) if isinstance(content, dict) else None
    if not isinstance(text, str):
        raise _refused(f'a text called "{field}" is needed')
    if len(text) > LONGEST_TEXT:
        raise _refused(f"{len(text)} characters are too many; at most {LONGEST_TEXT} can be sent")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise _refused("the text holds half a character") from None
    return "".join(char if char.isprintable() else " " for char in text).strip()


def _done(**content: object) -> web.Response:
    return web.json_response(content)


def _refused(message: str, kind: type[web.HTTPError] = web.HTTPBadRequest) -> web.HTTPError:
    return kind(text=json.dumps({"error": message}), content_type="application/json")
