"""Pulled cables: whatever fails while the arm moves, it is held, says why, and never leaps afterwards."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from cell import MOTION_SECONDS, RunningCell, running_cell, simulated_robot
from link import link_to
from rtde_receive import RTDEReceiveInterface

from roboact_ros.nodes.operator import OperatorError
from roboact_ros.sim.pendant import Pendant

pytestmark = pytest.mark.timeout(400)  # recovery from a lost robot takes its time on a busy machine

MILLIMETRE = 0.001
LEAP = 0.02
"""No joint target may be farther than this from the one a control period before [rad]; 2 rad/s would be 0.004."""
RECOVERY_SECONDS = 40.0


class Observer:
    """Watches the commanded joints at the controller itself, with a client of its own, for a leap."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._running = True
        self._ended = threading.Event()
        self.largest = 0.0
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        while self._running:
            try:
                receive = RTDEReceiveInterface(self._address)
            except RuntimeError:
                self._ended.wait(0.2)  # the controller is down: that is what some of these tests are about
                continue
            last, at = None, 0.0
            while self._running and receive.isConnected():
                q, now = np.array(receive.getActualQ()), receive.getTimestamp()
                if last is not None and 0.0 < now - at < 0.1:
                    self.largest = max(self.largest, float(np.abs(q - last).max()) / max(1.0, (now - at) / 0.002))
                last, at = q, now
                time.sleep(0.001)
            receive.disconnect()

    def close(self) -> float:
        self._running = False
        self._ended.set()
        self._thread.join(10.0)
        return self.largest


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
    watching = Observer(address)
    yield watching
    assert watching.close() < LEAP


@pytest.fixture(autouse=True)
def at_home(cell: RunningCell) -> Iterator[None]:
    recover(cell)
    cell.talk.do("go home", MOTION_SECONDS)
    yield


def recover(cell: RunningCell) -> None:
    """Wait until the arm takes motions again, asking it to resume where a person would."""

    def idle() -> bool:
        if cell.talk.state in ("stopped", "holding"):
            cell.talk.send("resume")
        return cell.talk.state == "idle"

    cell.talk.wait(idle, RECOVERY_SECONDS, "the cell did not recover")


def told(cell: RunningCell) -> str:
    return cell.talk.arm.message if cell.talk.arm is not None else ""


def start_moving(cell: RunningCell) -> None:
    cell.talk.say("move left a lot", MOTION_SECONDS)
    cell.talk.wait_until_moved(0.02, MOTION_SECONDS)


def goes_on(cell: RunningCell) -> None:
    """After recovery the arm rests where it was held, and does the next thing it is told exactly.

    A link may break once more while it comes back; the arm is then held again, and the person repeats herself.
    """
    until = time.monotonic() + 3 * RECOVERY_SECONDS
    while True:
        try:
            recover(cell)
            cell.talk.rest(RECOVERY_SECONDS)
            start = cell.talk.position
            cell.talk.do("move right by 3 cm", MOTION_SECONDS)
            break
        except OperatorError:
            if time.monotonic() > until:
                raise
    assert np.abs(cell.talk.position - start - (0, -0.03, 0)).max() < MILLIMETRE


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


def test_link_cut_for_two_seconds(tmp_path: Path) -> None:
    number = os.getpid() % 250 + 1
    near, far = f"127.24.{number}.7", f"127.25.{number}.7"
    with simulated_robot(far), link_to(near, far) as link:
        with running_cell("teleop_ur5", [f"robot_ip:={near}", "cameras:={}", f"bags:={tmp_path}"], tmp_path) as cell:
            observer = Observer(far)
            start_moving(cell)
            link.cut()
            cut_at = time.monotonic()
            cell.talk.wait(lambda: cell.talk.state not in ("moving", "idle"), MOTION_SECONDS, "the cut was not noticed")
            cell.talk.wait(lambda: time.monotonic() - cut_at > 2.0, MOTION_SECONDS, "two seconds did not pass")
            link.mend()
            assert observer.close() < LEAP
