"""Several controllers, ports and the process around them."""

from __future__ import annotations

import signal
import socket
import subprocess
from math import pi

import numpy as np
import pytest
from rtde_control import RTDEControlInterface
from rtde_receive import RTDEReceiveInterface
from ur_process import command, controllers, eventually, free_address

from roboact_ros.cli import main
from roboact_ros.errors import SimulationError
from roboact_ros.robots import UR5, UR5E
from roboact_ros.sim.body import IdealBody
from roboact_ros.sim.cell import IdealWorld, SimulatedCell

HOME = np.array([pi, -pi / 2, pi / 2, -pi / 2, -pi / 2, -pi / 2])


def ideal(*addresses: str) -> SimulatedCell:
    models = [UR5E, UR5][: len(addresses)]
    return SimulatedCell(models, addresses, IdealWorld([IdealBody(HOME) for _ in models]), log=lambda text: None)


def test_two_controllers_move_independently() -> None:
    with controllers("ur5e", "ur5") as (first, _):
        head, last = first.rsplit(".", 1)
        second = f"{head}.{int(last) + 1}"
        arms = [(RTDEReceiveInterface(address), RTDEControlInterface(address)) for address in (first, second)]
        start = [receive.getActualQ() for receive, _ in arms]
        (receive_a, control_a), (receive_b, control_b) = arms
        assert control_a.moveJ([start[0][0] - 0.2, *start[0][1:]], 2.0, 10.0)
        assert control_b.moveJ([start[1][0], start[1][1] - 0.1, *start[1][2:]], 2.0, 10.0)
        assert eventually(lambda: abs(receive_a.getActualQ()[0] - start[0][0] + 0.2) < 1e-6)
        assert eventually(lambda: abs(receive_b.getActualQ()[1] - start[1][1] + 0.1) < 1e-6)
        assert receive_a.getActualQ()[1:] == start[0][1:] and receive_b.getActualQ()[0] == start[1][0]
        for receive, control in arms:
            control.disconnect()
            receive.disconnect()


def test_port_in_use_names_the_place_and_frees_everything_else() -> None:
    address = free_address()
    with socket.create_server((address, 30004)), pytest.raises(SimulationError, match=f"30004 at {address}.*127.0.0.2"):
        ideal(address)
    ideal(address).close()
    with ideal(address), pytest.raises(SimulationError, match="already in use"):
        ideal(address)


@pytest.mark.parametrize("address", ["0.0.0.0", "192.168.0.1", "localhost", "::1", "8.8.8.8"])
def test_only_loopback_addresses_are_served(address: str) -> None:
    with pytest.raises(SimulationError, match=r"127\.0\.0\.0/8"):
        ideal(address)
    assert main(["sim", "ur5e", "--ideal", "--address", address]) == 2


def test_addresses_must_differ() -> None:
    address = free_address()
    with pytest.raises(SimulationError, match="address of its own"):
        ideal(address, address)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_leaves_at_once(number: signal.Signals) -> None:
    address = free_address()
    process = subprocess.Popen(command(address, "ur5e"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None and process.stdout.readline().startswith("ready")
    client = socket.create_connection((address, 30004), timeout=5.0)
    process.send_signal(number)
    _, errors = process.communicate(timeout=10)
    assert process.returncode == 0 and "Traceback" not in errors
    client.close()
    ideal(address).close()


def test_loop_counts_ticks_and_ends_on_request() -> None:
    cell = ideal(free_address())
    cell.run(lambda: cell.statistics.ticks >= 50)
    cell.close()
    assert cell.statistics.ticks == 50 and abs(cell.controllers[0].time - 0.1) < 1e-9


def test_a_failing_world_is_reported() -> None:
    class Broken(IdealWorld):
        def step(self, seconds: float) -> None:
            raise ValueError("broken")

    cell = SimulatedCell([UR5E], [free_address()], Broken([IdealBody(HOME)]), log=lambda text: None)
    cell.start()
    with pytest.raises(SimulationError, match="broken"):
        cell.stop()
