"""Pulled cables: whatever fails while the arm moves, it is held, says why, and never leaps afterwards."""

import os
import signal
from collections.abc import Iterator

import numpy as np
import pytest
from cell import MOTION_SECONDS, RunningCell, running_cell
from recovery import MILLIMETRE, Observer, goes_on, recover, start_moving

from roboact_ros.nodes.operator import OperatorError
from roboact_ros.sim.pendant import Pendant

pytestmark = pytest.mark.timeout(400)  # recovery from a lost robot takes its time on a busy machine


@pytest.fixture(scope="module")
def address() -> str:
    return f"127.22.{os.getpid() % 250 + 1}.7"


@pytest.fixture(scope="module")
def cell(tmp_path_factory: pytest.TempPathFactory, address: str) -> Iterator[RunningCell]:
    folder = tmp_path_factory.mktemp("cell")
    with running_cell("teleop_ur5", [f"sim.address:={address}", f"bags:={folder / 'bags'}"], folder) as running:
        yield running


@pytest.fixture
def observer(address: str, cell: RunningCell) -> Iterator[Observer]:
    with Observer(address) as watching:
        yield watching


@pytest.fixture(autouse=True)
def at_home(cell: RunningCell) -> Iterator[None]:
    recover(cell)
    cell.talk.do("go home", MOTION_SECONDS)
    yield


def told(cell: RunningCell) -> str:
    return cell.talk.arm.message if cell.talk.arm is not None else ""


def test_controller_killed_and_restarted(cell: RunningCell, observer: Observer) -> None:
    start_moving(cell)
    cell.kill("sim_node")
    cell.talk.wait(lambda: cell.talk.state == "disconnected", MOTION_SECONDS, "the loss was not noticed")
    assert cell.talk.arm is not None and cell.talk.arm.message
    with pytest.raises(OperatorError, match="refused"):
        cell.talk.do("move up", MOTION_SECONDS)
    goes_on(cell)


def test_controller_frozen_for_two_seconds(cell: RunningCell, observer: Observer) -> None:
    start_moving(cell)
    sim = cell.pid("sim_node")
    os.kill(sim, signal.SIGSTOP)
    try:
        cell.talk.wait(lambda: cell.talk.state not in ("moving", "idle"), MOTION_SECONDS, "the loss was not noticed")
    finally:
        os.kill(sim, signal.SIGCONT)
    goes_on(cell)


@pytest.mark.parametrize("part", ["executor_node", "servo_process"])
def test_executor_killed(cell: RunningCell, observer: Observer, part: str) -> None:
    start_moving(cell)
    cell.kill(part)
    cell.talk.rest(MOTION_SECONDS)
    held = cell.talk.position
    goes_on(cell)
    assert np.abs(cell.talk.position - held)[1] < 0.06


def test_camera_gone(cell: RunningCell, observer: Observer) -> None:
    camera = cell.pid("camera_node")
    start_moving(cell)
    os.kill(camera, signal.SIGSTOP)
    try:
        cell.talk.wait(lambda: cell.talk.state == "holding", MOTION_SECONDS, "the arm was not held")
        assert cell.talk.arm is not None and "front" in cell.talk.arm.message
        with pytest.raises(OperatorError, match="camera"):
            cell.talk.do("move up", MOTION_SECONDS)
    finally:
        os.kill(camera, signal.SIGCONT)
    goes_on(cell)


def test_protective_stop_raised_and_cleared(cell: RunningCell, observer: Observer, address: str) -> None:
    start_moving(cell)
    Pendant(address).protective_stop("a hand in the way")
    cell.talk.wait(lambda: cell.talk.state == "holding", MOTION_SECONDS, "the stop was not noticed")
    assert cell.talk.arm is not None and "protective stop" in cell.talk.arm.message
    cell.talk.rest(MOTION_SECONDS)
    with pytest.raises(OperatorError, match="protective stop"):
        cell.talk.do("move up", MOTION_SECONDS)
    goes_on(cell)


def test_moved_by_hand_while_paused(cell: RunningCell, observer: Observer, address: str) -> None:
    cell.talk.say("pause", MOTION_SECONDS)
    cell.talk.wait(lambda: cell.talk.state == "holding", MOTION_SECONDS, "it did not pause")
    pendant = Pendant(address)
    pendant.freedrive(True)
    start = cell.talk.position
    pendant.move_joint(0, 0.1)
    cell.talk.wait(lambda: float(np.linalg.norm(cell.talk.position - start)) > 0.03, MOTION_SECONDS, "nobody pushed")
    pendant.freedrive(False)
    cell.talk.rest(MOTION_SECONDS)
    pushed = cell.talk.position
    recover(cell)
    cell.talk.rest(MOTION_SECONDS)
    assert np.abs(cell.talk.position - pushed).max() < MILLIMETRE, "it went back to where it was before"
    goes_on(cell)


def test_local_mode(cell: RunningCell, address: str) -> None:
    pendant = Pendant(address)
    pendant.remote(False)
    try:
        cell.talk.wait(lambda: "local" in told(cell), MOTION_SECONDS, "local mode was not noticed")
        with pytest.raises(OperatorError, match="local"):
            cell.talk.do("move up", MOTION_SECONDS)
    finally:
        pendant.remote(True)
    goes_on(cell)
