"""The servo process with the arm of a URDF, whose driver is somebody else: here, the test."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from seven_joints import HIGH, HOME, LOW, written_cell

from roboact_ros.cells.load import load_cell
from roboact_ros.execution.of_cell import kinematics_of
from roboact_ros.execution.servo_link import ServoLink
from roboact_ros.execution.status import PERSON
from roboact_ros.language.parse import parse

DEADLINE = 120.0


class Driver:
    """Follows the newest target, and tells its joints as often as it is asked."""

    def __init__(self, system: str) -> None:
        cell = load_cell(system, ["arm.rate_hz:=50", "safety.command_timeout:=20"])
        self.kinematics = kinematics_of(cell)
        self.link = ServoLink(cell)
        self.q, self.silent = np.array(HOME), False
        self.path: list[list[float]] = []
        self.status: dict[str, Any] = {}

    def turn(self) -> None:
        self.link.alive("")
        if not self.silent:
            self.link.joints("", self.q.tolist(), [0.0] * 7, time.monotonic_ns())
        for message in self.link.poll():
            if message["kind"] == "status":
                self.status = message
            elif message["kind"] == "state" and message["commands"]:
                self.path += [q for _, q in message["commands"]]
                self.q = np.array(self.path[-1])
        time.sleep(0.01)  # the pace of a driver

    def until(self, condition: Callable[[], bool]) -> None:
        end = time.monotonic() + DEADLINE
        while not condition():
            assert time.monotonic() < end, self.status
            self.turn()


@pytest.fixture
def driver(tmp_path: Path) -> Iterator[Driver]:
    driver = Driver(written_cell(tmp_path))
    yield driver
    driver.link.close()


def test_an_arm_is_waited_for_moved_and_read_again_after_silence(driver: Driver) -> None:
    driver.silent = True
    driver.until(lambda: "nothing is heard on /joint_states" in driver.status.get("reason", ""))
    driver.silent = False
    driver.until(lambda: driver.status.get("state") == "idle")
    before = driver.kinematics.forward(driver.q)
    assert driver.link.submit(parse("raise the arm up by five centimeters").motions, PERSON)["refused"] == ""
    driver.until(lambda: driver.status.get("finished") == 1)
    after = driver.kinematics.forward(driver.q)
    np.testing.assert_allclose(after[:3, 3] - before[:3, 3], [0.0, 0.0, 0.05], atol=1e-6)
    path = np.array(driver.path)
    assert (path >= LOW).all() and (path <= HIGH).all()
    driver.silent = True
    driver.until(lambda: "no joint states are heard" in driver.status.get("reason", ""))
    driver.silent = False
    driver.q = driver.q + 0.2  # somebody has moved it meanwhile
    driver.until(lambda: driver.status.get("state") == "idle")
    np.testing.assert_array_less(np.abs(driver.q - path[-1] - 0.2), 1e-6)
    assert driver.link.restarts == 0


def test_a_stop_that_finds_no_room_is_said_again_when_there_is(driver: Driver) -> None:
    driver.until(lambda: driver.status.get("state") == "idle")
    process = psutil.Process(driver.link.pid)
    process.suspend()
    for _ in range(5000):
        driver.link.alive("")
    assert driver.link.drops > 0
    assert driver.link.request("stop", source=PERSON)["refused"] == ""
    process.resume()
    driver.until(lambda: driver.status.get("state") == "stopped")


def test_a_link_whose_process_was_killed_can_be_closed(driver: Driver) -> None:
    process = psutil.Process(driver.link.pid)
    process.kill()
    process.wait(DEADLINE)
    driver.link.close()
    driver.link.poll()
    assert driver.link.restarts == 0  # closed is closed
