"""Gripper drivers against a simulated controller, and the thread that keeps them away from the control loop."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from roboact_ros.arms.digital_output import DigitalOutputGripper
from roboact_ros.arms.fake import IdealGripper
from roboact_ros.arms.gripper import Gripper
from roboact_ros.arms.gripper_worker import GripperWorker
from roboact_ros.arms.robotiq import RobotiqGripper
from roboact_ros.errors import ArmError

DEADLINE = 15.0


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
