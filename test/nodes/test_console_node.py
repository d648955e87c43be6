"""The console node as its own process, beside another cell on the same network."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest
import rclpy
from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticArray
from rclpy.node import Node

from roboact_ros.nodes.messages.diagnostics import Level, Status, statuses_to_array

DEADLINE = 30.0


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """Address of the console of a cell in the namespace ``/one``."""
    command = [sys.executable, "-m", "roboact_ros.nodes.console_node", "teleop_ur5", "console.port:=0"]
    command += [f"bags:={tmp_path}", "--ros-args", "-r", "__ns:=/one"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"})
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(DEADLINE) == 0


def test_the_health_of_another_cell_is_not_shown(url: str) -> None:
    context = rclpy.Context()
    rclpy.init(context=context)
    node = Node("cells", context=context)
    publisher = node.create_publisher(DiagnosticArray, "/diagnostics", 10)

    async def health() -> dict[str, object]:
        shown: dict[str, object] = {}
        async with aiohttp.ClientSession(url) as session, session.ws_connect("/ws/state") as socket:
            while "health/last" not in shown:
                for space, part in (("/two", "executor"), ("/", "executor"), ("/one", "executor"), ("/one", "last")):
                    publisher.publish(statuses_to_array([Status(part, Level.OK, space)], Time(), space))
                sections = (await socket.receive_json())["sections"]
                shown |= {name: told["message"] for name, told in sections.items() if name.startswith("health/")}
        return shown

    try:
        shown = asyncio.run(asyncio.wait_for(health(), DEADLINE))
    finally:
        node.destroy_node()
        rclpy.shutdown(context=context)
    assert shown == {"health/executor": "/one", "health/last": "/one"}
