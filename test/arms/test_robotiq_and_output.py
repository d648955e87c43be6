"""Gripper drivers against a simulated controller, and the thread that keeps them away from the control loop."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from roboact_ros.arms.digital_output import DigitalOutputGripper
from roboact_ros.arms.fake import IdealGripper
from roboact_ros.arms.gripper import Gripper
from roboact_ros.arms.gripper_worker import GripperWorker
from roboact_ros.arms.robotiq import RobotiqGripper
from roboact_ros.errors import ArmError
from roboact_ros.types import GripperState

DEADLINE = 15.0


class SlowGripper(IdealGripper):
    """Its first answer takes until ``answer`` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.answer = threading.Event()
        self.reads = self.halts = 0

    def halt(self) -> None:
        self.halts += 1

    def read(self) -> GripperState:
        self.reads += 1
        self.answer.wait(DEADLINE)
        return super().read()


def until(condition: Callable[[], object], what: str) -> None:
    end = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < end, f"no {what}"
        time.sleep(0.01)


def check_opens_and_closes(gripper: Gripper) -> None:
    for opening in (0.0, 1.0, 0.0):
        gripper.move(opening)
        until(lambda: not gripper.read().moving, "end of the motion")
        assert gripper.read().opening == pytest.approx(opening, abs=0.02)


def test_robotiq_opens_and_closes(simulator, robot_address: str) -> None:  # type: ignore[no-untyped-def]
    gripper = RobotiqGripper(robot_address)
    check_opens_and_closes(gripper)
    gripper.move(0.5)
    until(lambda: not gripper.read().moving, "end of the motion")
    assert gripper.read().opening == pytest.approx(0.5, abs=0.02)
    gripper.close()
    gripper.close()


@pytest.fixture
def fingers_that_take_time(robot_address: str) -> Iterator[str]:
    command = [sys.executable, "-m", "roboact_ros.cli", "sim", "ur5e", "--address", robot_address]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stdout.readline().startswith("ready")
        yield robot_address
        process.kill()


def test_robotiq_stops_on_its_way(fingers_that_take_time: str) -> None:
    robot_address = fingers_that_take_time
    worker = GripperWorker(lambda: RobotiqGripper(robot_address, speed=0.0), print)
    until(lambda: worker.state is not None, "gripper")
    worker.move(0.0)
    until(lambda: worker.state is not None and worker.state.opening < 0.9, "motion")
    worker.halt()
    until(lambda: worker.state is not None and not worker.state.moving, "end of the motion")
    time.sleep(0.3)
    halted = worker.state
    time.sleep(0.5)
    assert halted is not None and halted == worker.state and halted.opening > 0.5
    worker.move(0.0)
    until(lambda: worker.state is not None and worker.state.opening < 0.02, "the next motion")
    worker.close()


def test_a_command_that_is_not_under_way_is_dropped_by_a_halt() -> None:
    slow = SlowGripper()
    worker = GripperWorker(lambda: slow, print)
    until(lambda: slow.reads == 1, "reading")
    worker.move(0.0)
    worker.halt()
    slow.answer.set()
    until(lambda: slow.halts == 1 and worker.state is not None and not worker.state.moving, "halt")
    assert slow.opening == 1.0
    worker.close()


def test_a_digital_output_opens_and_closes(simulator, robot_address: str) -> None:  # type: ignore[no-untyped-def]
    gripper = DigitalOutputGripper(robot_address, pin=3, duration=0.1)
    check_opens_and_closes(gripper)
    gripper.close()


@pytest.mark.parametrize("make", [RobotiqGripper, lambda address: DigitalOutputGripper(address, 0)])
def test_no_gripper_at_the_address(robot_address: str, make: Callable[[str], Gripper]) -> None:
    with pytest.raises(ArmError, match=robot_address):
        make(robot_address)


def test_a_lost_gripper_is_reported_and_found_again(simulator, robot_address: str) -> None:  # type: ignore[no-untyped-def]
    reports: list[str] = []
    worker = GripperWorker(lambda: RobotiqGripper(robot_address), reports.append)
    until(lambda: worker.state is not None, "gripper")
    simulator.kill()
    until(lambda: worker.state is None and reports, "report of the loss")
    simulator.start()
    until(lambda: worker.state is not None, "gripper again")
    worker.move(0.0)
    assert worker.state is not None and worker.state.moving
    until(lambda: worker.state is not None and not worker.state.moving, "end of the motion")
    assert worker.state.opening == pytest.approx(0.0, abs=0.02)
    worker.close()
    worker.close()


def test_the_last_of_several_commands_wins() -> None:
    gripper = IdealGripper(reads=3)
    worker = GripperWorker(lambda: gripper, print)
    for opening in (0.0, 0.4, 1.0, 0.2):
        worker.move(opening)
    until(lambda: worker.state is not None and not worker.state.moving, "end of the motion")
    assert gripper.opening == 0.2
    worker.close()
