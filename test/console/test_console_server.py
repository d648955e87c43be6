"""Whom the console lets in, what it refuses to send on, and that nobody's slowness is anybody else's."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path

import aiohttp
import pytest
from pages import Console, console

from roboact_ros.console.access import read_token
from roboact_ros.console.commands import LONGEST_TEXT
from roboact_ros.console.fake import FakeRobot
from roboact_ros.console.streams import MOST_PAGES
from roboact_ros.errors import ConfigurationError

TOKEN = "correct-horse-battery-staple"
DEADLINE = 10.0

Talk = Callable[[aiohttp.ClientSession], Awaitable[None]]


def talk(console: Console, conversation: Talk) -> None:
    """Have a conversation with the console."""

    async def run() -> None:
        async with aiohttp.ClientSession(console.url) as session:
            await asyncio.wait_for(conversation(session), DEADLINE)

    asyncio.run(run())


async def status(session: aiohttp.ClientSession, path: str, body: object = None, **headers: str) -> tuple[int, str]:
    """Return status and text of one request."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    kind = {"Content-Type": "application/json", **headers}
    async with session.request("GET" if body is None else "POST", path, data=data, headers=kind) as response:
        return response.status, await response.text()


@pytest.mark.parametrize("headers", [{"Host": "robot.evil.example"}, {"Origin": "https://evil.example"}])
@pytest.mark.parametrize("path", ["/", "/api/episodes", "/api/stop"])
def test_pages_of_other_sites_are_turned_away(tmp_path: Path, path: str, headers: dict[str, str]) -> None:
    async def conversation(session: aiohttp.ClientSession) -> None:
        body = {"press": "1"} if path == "/api/stop" else None
        assert (await status(session, path, body, **headers))[0] == 403
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await session.ws_connect("/ws/state", headers=headers)

    with console(tmp_path) as served:
        talk(served, conversation)
        assert served.robot.asked == []


@pytest.mark.parametrize("shown", ["", "wrong", TOKEN[:-1], TOKEN + "x", "ünïcode"])
def test_a_wrong_token_opens_nothing_but_the_empty_page(tmp_path: Path, shown: str) -> None:
    async def conversation(session: aiohttp.ClientSession) -> None:
        authorization = {"Authorization": f"Bearer {shown}"} if shown else {}
        for path, body in (("/api/stop", {"press": "1"}), ("/api/say", {"text": "up"}), ("/api/episodes", None)):
            code, answer = await status(session, path, body, **authorization)
            assert code == 401 and TOKEN not in answer
        for path in ("/ws/state", "/ws/images"):
            with pytest.raises(aiohttp.WSServerHandshakeError):
                await session.ws_connect(path, protocols=[f"token.{shown}"] if shown.isascii() else [])
        assert (await status(session, "/"))[0] == 200

    with console(tmp_path, token=TOKEN) as served:
        talk(served, conversation)
        assert served.robot.asked == []


def test_the_token_opens_all_of_it(tmp_path: Path) -> None:
    async def conversation(session: aiohttp.ClientSession) -> None:
        code, _ = await status(session, "/api/say", {"text": "up"}, Authorization=f"Bearer {TOKEN}", Host="robot:1")
        assert code == 200
        async with session.ws_connect("/ws/state", protocols=[f"token.{TOKEN}"]) as socket:
            assert "arm" in (await socket.receive_json())["sections"]

    with console(tmp_path, token=TOKEN) as served:
        talk(served, conversation)
        assert served.robot.asked == [("say", "up")]


def test_a_token_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "state" / "token"
    token = read_token(path)
    assert read_token(path) == token and len(token) >= 24
    assert path.stat().st_mode & 0o777 == 0o600
    path.write_text("short")
    with pytest.raises(ConfigurationError, match="16"):
        read_token(path)


@pytest.mark.parametrize(
    "body",
    [
        {"text": "x" * (LONGEST_TEXT + 1)},
        {"text": 7},
        {"text": None},
        {},
        [],
        "text",
        {"text": "\ud800"},
        b"{",
        b"\xff",
        b"[" * 100_000,
    ],
)
@pytest.mark.parametrize("command", ["say", "instruct", "note", "understand"])
def test_what_is_no_good_text_is_refused(tmp_path: Path, command: str, body: object) -> None:
    async def conversation(session: aiohttp.ClientSession) -> None:
        code, answer = await status(session, f"/api/{command}", body)
        assert code == 400 and json.loads(answer)["error"]

    with console(tmp_path) as served:
        talk(served, conversation)
        assert served.robot.asked == []


def test_bodies_that_are_too_large_or_of_another_kind_are_refused(tmp_path: Path) -> None:
    async def conversation(session: aiohttp.ClientSession) -> None:
        assert (await status(session, "/api/say", b" " * 3_000_000))[0] == 413
        assert (await status(session, "/api/say", {"text": "up"}, **{"Content-Type": "text/plain"}))[0] == 415
        assert (await status(session, "/api/ask", {"word": "undo everything"}))[0] == 400
        assert (await status(session, "/api/record", {"action": "delete"}))[0] == 400
        for target in ("0", "-1", "1e3", "٣", "10000", "000000001000", ""):
            assert (await status(session, "/api/aim", {"target": target}))[0] == 400
        assert (await status(session, "/api/say", {"text": "up\n\0 left"}))[0] == 200

    with console(tmp_path) as served:
        talk(served, conversation)
        assert served.robot.asked == [("say", "up   left")]


def test_a_stop_arrives_once_while_everything_else_is_stuck(tmp_path: Path) -> None:
    stuck = threading.Event()

    class Stuck(FakeRobot):
        def record(self, action: str) -> str:
            stuck.wait(DEADLINE)
            return super().record(action)

        def hear(self, *args: object) -> None:  # type: ignore[override]
            stuck.wait(DEADLINE)

    async def conversation(session: aiohttp.ClientSession) -> None:
        waiting = [asyncio.create_task(status(session, "/api/record", {"action": "start"})) for _ in range(3)]
        waiting.append(asyncio.create_task(status(session, "/api/hear", b"RIFF")))
        async with session.ws_connect("/ws/state") as socket:
            await socket.send_str("stop 42")
            assert (await status(session, "/api/stop", {"press": "42"}))[0] == 200
            for press in ("43", "", "", "x" * 100, "x" * 100):
                assert (await status(session, "/api/stop", {"press": press}))[0] == 200
        stuck.set()
        await asyncio.gather(*waiting)

    with console(tmp_path, robot=Stuck) as served:
        talk(served, conversation)
        # Who does not number the presses is stopped for every time.
        assert served.robot.asked.count(("stop", "")) == 5


def test_a_page_that_does_not_look_gets_one_image_and_then_the_newest(tmp_path: Path) -> None:
    async def conversation(session: aiohttp.ClientSession) -> None:
        async with session.ws_connect("/ws/images") as slow, session.ws_connect("/ws/images") as quick:
            number = 0
            while number < 50:
                served.images.put("front", b"%d" % number)
                await quick.receive_bytes()
                await quick.send_str("0")
                number += 1
            first = await slow.receive_bytes()
            await slow.send_str("0")
            second = await slow.receive_bytes()
            assert first[:1] == b"\0" and second == b"\x0049"
            assert int(first[1:]) < 49
            for nonsense in ("1", "-1", "9" * 1000, "stop", "²"):
                await quick.send_str(nonsense)
            for image in (b"50", b"51"):
                served.images.put("front", image)
                assert await quick.receive_bytes() == b"\0" + image
                await quick.send_str("0")

    with console(tmp_path) as served:
        talk(served, conversation)


def test_two_consoles_see_each_other_and_the_same(tmp_path: Path) -> None:
    async def until(socket: aiohttp.ClientWebSocketResponse, section: str, wanted: object) -> None:
        while (await socket.receive_json())["sections"].get(section) != wanted:
            pass

    async def conversation(session: aiohttp.ClientSession) -> None:
        async with session.ws_connect("/ws/state") as one:
            await until(one, "consoles", 1)
            async with session.ws_connect("/ws/state") as two:
                await until(one, "consoles", 2)
                await status(session, "/api/instruct", {"text": "stack the cups"})
                await until(one, "instruction", "stack the cups")
                await until(two, "instruction", "stack the cups")
            await until(one, "consoles", 1)
            codes = [(await status(session, "/api/record", {"action": "start"}))[0] for _ in range(2)]
            assert codes == [200, 400]

    with console(tmp_path) as served:
        talk(served, conversation)


def test_only_so_many_pages_are_served(tmp_path: Path) -> None:
    async def conversation(session: aiohttp.ClientSession) -> None:
        open_pages = [await session.ws_connect("/ws/state") for _ in range(MOST_PAGES)]
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await session.ws_connect("/ws/state")
        assert (await status(session, "/api/stop", {"press": "1"}))[0] == 200
        for page in open_pages:
            await page.close()

    with console(tmp_path) as served:
        talk(served, conversation)


def test_the_next_free_port_is_taken(tmp_path: Path) -> None:
    with console(tmp_path) as one, console(tmp_path, port=one.server.port) as two:
        assert one.server.port < two.server.port
