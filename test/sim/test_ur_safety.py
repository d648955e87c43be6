"""Stops, modes, watchdog and lost clients, as an executor meets them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from math import pi

import numpy as np
import pytest
from dashboard_client import DashboardClient
from rtde_control import RTDEControlInterface
from rtde_receive import RTDEReceiveInterface
from ur_process import controllers, eventually

from roboact_ros.errors import SimulationError
from roboact_ros.sim.pendant import Pendant

HOME = [pi, -pi / 2, pi / 2, -pi / 2, -pi / 2, -pi / 2]
PROTECTIVE, EMERGENCY = 1 << 2, 1 << 7


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with controllers("ur5e") as (where, _):
        yield where


@pytest.fixture(scope="module")
def receive(address: str) -> Iterator[RTDEReceiveInterface]:
    client = RTDEReceiveInterface(address)
    yield client
    client.disconnect()


@pytest.fixture(scope="module")
def dashboard(address: str) -> Iterator[DashboardClient]:
    client = DashboardClient(address)
    client.connect()
    yield client
    client.disconnect()


@pytest.fixture
def pendant(address: str) -> Iterator[Pendant]:
    with Pendant(address) as hand:
        yield hand


@pytest.fixture(scope="module")
def connected(address: str) -> Iterator[RTDEControlInterface]:
    client = RTDEControlInterface(address)
    yield client
    client.disconnect()


@pytest.fixture
def control(connected: RTDEControlInterface) -> RTDEControlInterface:
    if not connected.isProgramRunning():
        connected.kickWatchdog()  # clears the command register: a new program would go on with what it finds there
        assert connected.reuploadScript()
        assert eventually(connected.isProgramRunning)
    assert connected.moveJ(HOME, 3.0, 20.0)
    return connected


def resting(receive: RTDEReceiveInterface) -> bool:
    return bool(np.abs(receive.getActualQd()).max() < 1e-6)


def unlock(receive: RTDEReceiveInterface, pendant: Pendant) -> None:
    def released() -> bool:
        try:
            pendant.do("unlock")
        except SimulationError:
            return False
        return True

    assert eventually(released)
    assert eventually(lambda: receive.getSafetyMode() == 1)


def test_protective_stop_cycle(
    control: RTDEControlInterface, receive: RTDEReceiveInterface, dashboard: DashboardClient, pendant: Pendant
) -> None:
    assert control.servoJ([HOME[0] - 0.3, *HOME[1:]], 0.0, 0.0, 0.002, 0.1, 300)
    assert eventually(lambda: not resting(receive))
    pendant.protective_stop("test")
    assert eventually(lambda: bool(receive.getSafetyStatusBits() & PROTECTIVE))
    assert receive.isProtectiveStopped() and not receive.getSafetyStatusBits() & 1
    assert eventually(lambda: resting(receive))
    assert not control.isProgramRunning() and not control.moveJ(HOME)
    assert pendant.state()["reason"] == "test" and dashboard.safetystatus() == "Safetystatus: PROTECTIVE_STOP"
    stopped_at = receive.getActualQ()
    unlock(receive, pendant)
    assert np.allclose(receive.getActualQ(), stopped_at) and not control.isProgramRunning()
    assert control.reuploadScript() and eventually(control.isProgramRunning)
    assert control.moveJ(HOME, 2.0, 10.0)


def test_protective_stop_is_unlocked_through_the_dashboard_but_not_at_once(
    control: RTDEControlInterface, receive: RTDEReceiveInterface, dashboard: DashboardClient
) -> None:
    assert control.triggerProtectiveStop() in (True, False)
    assert eventually(lambda: receive.getSafetyMode() == 3)
    stopped = receive.getTimestamp()
    if receive.getTimestamp() < stopped + 0.1:
        with pytest.raises(RuntimeError, match="Cannot unlock"):
            dashboard.unlockProtectiveStop()
    assert eventually(lambda: receive.getTimestamp() > stopped + 0.5)
    dashboard.unlockProtectiveStop()
    assert eventually(lambda: receive.getSafetyMode() == 1)


@pytest.mark.parametrize("leap", [3.0, 5.0])
def test_a_leap_raises_a_protective_stop(
    control: RTDEControlInterface, receive: RTDEReceiveInterface, pendant: Pendant, leap: float
) -> None:
    assert control.servoJ([HOME[0] - leap, *HOME[1:]], 0.0, 0.0, 0.002, 0.03, 2000)
    assert eventually(lambda: receive.getSafetyMode() == 3)
    assert "joint 0" in pendant.state()["reason"]
    assert np.abs(receive.getActualQd()).max() < pi * 1.01
    unlock(receive, pendant)


def test_joint_limit_raises_a_protective_stop(
    control: RTDEControlInterface, receive: RTDEReceiveInterface, pendant: Pendant
) -> None:
    assert not control.moveJ([*HOME[:5], 6.5], 3.0, 20.0)
    assert eventually(lambda: receive.getSafetyMode() == 3)
    assert np.abs(receive.getActualQ()).max() <= 2 * pi
    unlock(receive, pendant)


def test_watchdog_stops_a_silent_client(control: RTDEControlInterface, receive: RTDEReceiveInterface) -> None:
    assert control.setWatchdog(10.0)
    start = receive.getTimestamp()
    while receive.getTimestamp() < start + 0.3:
        period = control.initPeriod()
        assert control.kickWatchdog()
        control.waitPeriod(period)
    assert control.speedL([0.0, 0.0, 0.05, 0.0, 0.0, 0.0], 1.0)
    assert eventually(lambda: not resting(receive))
    assert eventually(lambda: not control.isProgramRunning(), 2.0)
    assert eventually(lambda: resting(receive))
    control.kickWatchdog()
    assert control.reuploadScript() and eventually(control.isProgramRunning)
    assert control.moveJ(HOME, 2.0, 10.0)


def test_emergency_stop_takes_the_power(
    control: RTDEControlInterface, receive: RTDEReceiveInterface, dashboard: DashboardClient, pendant: Pendant
) -> None:
    pendant.emergency_stop()
    assert eventually(lambda: bool(receive.getSafetyStatusBits() & EMERGENCY))
    assert receive.isEmergencyStopped() and receive.getRobotMode() == 3
    assert dashboard.robotmode() == "Robotmode: POWER_OFF"
    dashboard.brakeRelease()
    pendant.do("release_emergency_stop")
    assert eventually(lambda: receive.getSafetyMode() == 1)
    assert receive.getRobotMode() == 3
    dashboard.powerOn()
    assert eventually(lambda: receive.getRobotMode() == 5)
    dashboard.brakeRelease()
    assert eventually(lambda: receive.getRobotMode() == 7)


def test_power_cycle_through_the_dashboard(receive: RTDEReceiveInterface, dashboard: DashboardClient) -> None:
    dashboard.powerOff()
    assert eventually(lambda: receive.getRobotMode() == 3 and not receive.getRobotStatus() & 1)
    dashboard.brakeRelease()
    assert eventually(lambda: receive.getRobotMode() == 7 and bool(receive.getRobotStatus() & 1))


def test_local_control_refuses_programs(
    control: RTDEControlInterface, dashboard: DashboardClient, pendant: Pendant
) -> None:
    pendant.remote(False)
    assert not dashboard.isInRemoteControl()
    assert eventually(lambda: not control.isProgramRunning())
    with pytest.raises(RuntimeError):
        dashboard.stop()
    pendant.remote(True)
    assert dashboard.isInRemoteControl()
    assert control.reuploadScript() and eventually(control.isProgramRunning)


def test_moved_by_hand(control: RTDEControlInterface, receive: RTDEReceiveInterface, pendant: Pendant) -> None:
    with pytest.raises(SimulationError, match="program runs"):
        pendant.move_joint(0, 0.1)
    pendant.freedrive(True)
    assert eventually(lambda: bool(receive.getRobotStatus() & 4) and not control.isProgramRunning())
    pendant.move_joint(0, -0.2)
    assert eventually(lambda: abs(receive.getActualQ()[0] - HOME[0] + 0.2) < 1e-6)
    pendant.freedrive(False)
    assert control.reuploadScript() and eventually(control.isProgramRunning)
    assert eventually(lambda: not receive.getRobotStatus() & 4)
    assert abs(receive.getActualQ()[0] - HOME[0] + 0.2) < 1e-6


def test_pendant_explains_what_it_cannot_do(pendant: Pendant) -> None:
    with pytest.raises(SimulationError, match="move_joint"):
        pendant.do("dance")
    with pytest.raises(SimulationError, match="joints 0"):
        pendant.move_joint(9, 0.1)


_CLIENT = """
import sys, time, rtde_control
control = rtde_control.RTDEControlInterface(sys.argv[1])
control.setWatchdog(5.0)
print("moving", flush=True)
while True:
    control.speedL([0.0, 0.0, 0.01, 0.0, 0.0, 0.0], 1.0)
    time.sleep(0.002)
"""


def test_killed_clients_leave_a_robot_that_the_next_one_can_use() -> None:
    with controllers("ur5e") as (address, _):
        receive = RTDEReceiveInterface(address)
        for _ in range(3):
            client = subprocess.Popen([sys.executable, "-c", _CLIENT, address], stdout=subprocess.PIPE, text=True)
            assert client.stdout is not None and client.stdout.readline() == "moving\n"
            assert eventually(lambda: not resting(receive))
            os.kill(client.pid, signal.SIGKILL)
            client.wait(timeout=5)
            assert eventually(lambda: resting(receive) and not receive.getRobotStatus() & 2)
        receive.disconnect()
