"""The driver of UR arms against a simulated controller, through the real client library."""

from __future__ import annotations

import signal
import socket
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from rtde_receive import RTDEReceiveInterface

from roboact_ros.arms.ur import HALT_DECELERATION, URArm
from roboact_ros.arms.ur_calibration import read_calibration
from roboact_ros.errors import ArmError
from roboact_ros.execution.calibrated import CalibratedKinematics, Calibration
from roboact_ros.execution.kinematics import Kinematics
from roboact_ros.execution.poses import pose_from_vector
from roboact_ros.robots import UR5, UR5E, RobotModel
from roboact_ros.sim.pendant import Pendant
from roboact_ros.types import ArmMode, ArmState, FloatArray

TCP = (0.01, -0.02, 0.15, 0.1, 0.2, 0.3)
DEADLINE = 15.0


class Operated:
    """An arm that this test reads as a control loop would."""

    def __init__(self, address: str, model: RobotModel = UR5E) -> None:
        self.reports: list[str] = []
        self.arm = URArm(address, model, TCP, self.reports.append)

    def until(self, condition: Callable[[ArmState], object], what: str) -> ArmState:
        end = time.monotonic() + DEADLINE
        while not condition(state := self.arm.read()):
            assert time.monotonic() < end, f"no {what}: {state.mode}, {self.reports}"
            time.sleep(0.004)
        return state

    def until_mode(self, mode: ArmMode) -> ArmState:
        return self.until(lambda state: state.mode is mode, mode.value)

    def stream(self, offset: float, joint: int = 5, seconds: float = 0.3) -> None:
        """Ramp one joint by ``offset`` [rad] over ``seconds`` and hold it for as long again."""
        start = self.arm.read().q
        count = int(seconds * 500)
        for k in range(2 * count):
            q = start.copy()
            q[joint] += offset * min(1.0, (k + 1) / count)
            self.arm.read()
            self.arm.servo(q)
            time.sleep(0.002)  # the control period


@pytest.fixture
def operate(robot_address: str) -> Iterator[Callable[..., Operated]]:
    arms: list[Operated] = []

    def start(model: RobotModel = UR5E) -> Operated:
        arms.append(Operated(robot_address, model))
        return arms[-1]

    yield start
    for operated in arms:
        operated.arm.close()


@pytest.fixture
def pendant(simulator, robot_address: str) -> Iterator[Pendant]:  # type: ignore[no-untyped-def]
    with Pendant(robot_address) as pendant:
        yield pendant


def told_by_robot(address: str) -> tuple[FloatArray, FloatArray]:
    """Return joints (6,), and the pose (4, 4) of the tool that the robot was told of, as it computes that itself."""
    receive = RTDEReceiveInterface(address)
    while max(map(abs, receive.getActualQd())) > 1e-6:
        time.sleep(0.01)
    q, pose = np.array(receive.getActualQ()), pose_from_vector(*receive.getActualTCPPose())
    receive.disconnect()
    return q, pose


def test_targets_are_followed_and_the_robot_is_told_of_the_tool(simulator, operate, robot_address: str) -> None:  # type: ignore[no-untyped-def]
    operated = operate()
    before = operated.until_mode(ArmMode.RUNNING).q
    operated.stream(0.2)
    after = operated.until(lambda state: abs(state.q[5] - before[5] - 0.2) < 1e-3, "arrival")
    q, told = told_by_robot(robot_address)
    np.testing.assert_allclose(told, Kinematics(UR5E, pose_from_vector(*TCP)).forward(q), atol=1e-5)
    np.testing.assert_allclose(after.q[:5], before[:5], atol=1e-4)


def test_a_cb3_arm_works_too(start_simulator, operate) -> None:  # type: ignore[no-untyped-def]
    start_simulator("ur5")
    operated = operate(UR5)
    before = operated.until_mode(ArmMode.RUNNING).q
    operated.stream(0.1)
    operated.until(lambda state: abs(state.q[5] - before[5] - 0.1) < 1e-3, "arrival")


@pytest.mark.parametrize("joint", [0, 5])
def test_a_halt_in_mid_motion_brakes_evenly_without_swinging_back(simulator, operate, robot_address, joint) -> None:  # type: ignore[no-untyped-def]
    operated = operate()
    operated.until_mode(ArmMode.RUNNING)
    watch = RTDEReceiveInterface(robot_address, 500.0, ["timestamp", "target_qd", "target_qdd"])
    start = operated.arm.read().q
    for k in range(400):
        operated.arm.read()
        operated.arm.servo(start + np.eye(6)[joint] * 1e-3 * max(k - 50, k * k / 200 if k < 100 else 0))
        time.sleep(0.002)  # the control period
    fast = watch.getTargetQd()[joint]
    assert fast > 0.3
    operated.arm.halt()
    seen = []

    def stands(state: ArmState) -> bool:
        qd, qdd = np.array(watch.getTargetQd()), np.array(watch.getTargetQdd())
        seen.append((qd[joint], np.abs(qdd).max()))
        return not qd.any() and not state.qd.any()

    found = operated.until(stands, "standstill").q
    assert min(speed for speed, _ in seen) >= 0.0
    assert max(brakes for _, brakes in seen) <= 1.05 * HALT_DECELERATION
    assert any(brakes > 0.8 * HALT_DECELERATION for _, brakes in seen)
    for _ in range(50):
        operated.arm.servo(found)
        np.testing.assert_allclose(operated.arm.read().q, found, atol=1e-6)
        time.sleep(0.002)  # the control period
    watch.disconnect()


def test_without_signs_of_life_the_robot_stops_its_program(pendant, operate) -> None:  # type: ignore[no-untyped-def]
    operated = operate()
    operated.until_mode(ArmMode.RUNNING)
    operated.stream(0.05)
    # Nobody reads, so nobody feeds the watchdog.
    end = time.monotonic() + DEADLINE
    while pendant.state()["program"]:
        assert time.monotonic() < end, "the watchdog did not stop the program"
        time.sleep(0.01)
    operated.until_mode(ArmMode.RUNNING)


def test_reading_alone_keeps_the_watchdog_fed(pendant, operate) -> None:  # type: ignore[no-untyped-def]
    operated = operate()
    operated.until_mode(ArmMode.RUNNING)
    operated.stream(0.05)
    operated.arm.halt()
    end = time.monotonic() + 1.5
    operated.until(lambda state: time.monotonic() > end, "time")
    assert sum("control program started" in line for line in operated.reports) == 1


@pytest.mark.parametrize("fault", ["protective_stop", "local", "freedrive"])
def test_after_a_fault_the_arm_stays_where_it_is(pendant, operate, fault: str) -> None:  # type: ignore[no-untyped-def]
    operated = operate()
    operated.until_mode(ArmMode.RUNNING)
    operated.stream(0.3)
    mode = {"protective_stop": ArmMode.PROTECTIVE_STOP, "local": ArmMode.LOCAL, "freedrive": ArmMode.FREEDRIVE}[fault]
    pendant.do(fault, **({"on": True} if fault == "freedrive" else {}))
    operated.until_mode(mode)
    with pytest.raises(ArmError):
        operated.arm.servo(operated.arm.read().q)
    if fault == "protective_stop":
        end = time.monotonic() + 0.3
        operated.until(lambda state: time.monotonic() > end, "time")
        operated.arm.unlock()
    elif fault == "local":
        pendant.remote(True)
    else:
        pendant.move_joint(5, -0.2)
        goal = operated.arm.read().q[5] - 0.2
        operated.until(lambda state: abs(state.q[5] - goal) < 1e-3, "the hand that moves it")
        pendant.freedrive(False)
    found = operated.until_mode(ArmMode.RUNNING).q
    end = time.monotonic() + 0.5
    moved = operated.until(lambda state: time.monotonic() > end, "time").q
    np.testing.assert_allclose(moved, found, atol=1e-6)
    operated.stream(0.1)


def test_an_emergency_stop_is_reported(pendant, operate) -> None:  # type: ignore[no-untyped-def]
    operated = operate()
    operated.until_mode(ArmMode.RUNNING)
    pendant.emergency_stop()
    operated.until_mode(ArmMode.EMERGENCY_STOP)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
def test_a_lost_controller_is_a_state_not_an_exception(simulator, operate, number: int) -> None:  # type: ignore[no-untyped-def]
    operated = operate()
    operated.until_mode(ArmMode.RUNNING)
    operated.stream(0.05)
    simulator.signal(number)
    operated.until_mode(ArmMode.DISCONNECTED)
    assert any(operated.arm._address in line for line in operated.reports)


def test_no_robot_at_the_address(robot_address: str) -> None:
    with pytest.raises(ArmError, match=rf"{robot_address}:30004.*switched on"):
        URArm(robot_address, UR5E, TCP)


def test_another_generation_than_described(simulator, robot_address: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ArmError, match="e-series.*arm.model is ur5 .*models for it: ur5e"):
        URArm(robot_address, UR5, TCP)


def test_a_calibrated_robot_offers_its_own_kinematics(start_simulator, operate, robot_address: str) -> None:  # type: ignore[no-untyped-def]
    start_simulator("ur5e", "--calibration-seed", "3")
    table = read_calibration(robot_address)
    assert table is not None
    theta, a, d, alpha = table
    tool = pose_from_vector(*TCP)
    own = CalibratedKinematics(UR5E, tool, Calibration.from_table(UR5E, theta, d, a, alpha))
    operated = operate()
    operated.until_mode(ArmMode.RUNNING)
    operated.stream(0.2)
    q, told = told_by_robot(robot_address)
    np.testing.assert_allclose(own.forward(q), told, atol=1e-5)
    assert np.abs(Kinematics(UR5E, tool).forward(q) - told).max() > 1e-4


def test_a_port_that_offers_no_kinematics(robot_address: str) -> None:
    assert read_calibration(robot_address, timeout=0.3) is None
    with socket.create_server((robot_address, 30001)):
        assert read_calibration(robot_address, timeout=0.3) is None
