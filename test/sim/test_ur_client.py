"""The unmodified ur-rtde client against the simulated controller: every verb that the project relies on."""

from __future__ import annotations

import time
from collections.abc import Iterator
from math import pi

import numpy as np
import pytest
from dashboard_client import DashboardClient
from rtde_control import Path, PathEntry, RTDEControlInterface
from rtde_io import RTDEIOInterface
from rtde_receive import RTDEReceiveInterface
from ur_process import controllers, eventually

HOME = [pi, -pi / 2, pi / 2, -pi / 2, -pi / 2, -pi / 2]


@pytest.fixture(scope="module", params=["ur5e", "ur5"])
def address(request: pytest.FixtureRequest) -> Iterator[str]:
    with controllers(request.param) as (where, _):
        yield where


@pytest.fixture(scope="module")
def receive(address: str) -> Iterator[RTDEReceiveInterface]:
    client = RTDEReceiveInterface(address)
    yield client
    client.disconnect()


@pytest.fixture(scope="module")
def connected(address: str) -> Iterator[RTDEControlInterface]:
    client = RTDEControlInterface(address)
    yield client
    client.disconnect()


@pytest.fixture
def control(connected: RTDEControlInterface, receive: RTDEReceiveInterface) -> RTDEControlInterface:
    if not connected.isProgramRunning():
        connected.reuploadScript()
        assert eventually(connected.isProgramRunning)
    assert connected.setTcp([0.0] * 6)
    assert connected.moveJ(HOME, 3.0, 20.0)
    assert reaches(receive, HOME) and eventually(lambda: resting(receive))
    return connected


def resting(receive: RTDEReceiveInterface) -> bool:
    return bool(np.abs(receive.getActualQd()).max() < 1e-6)


def reaches(receive: RTDEReceiveInterface, goal: list[float], tolerance: float = 1e-6) -> bool:
    """Whether the joints are at ``goal``; the receiver may be one package behind the control client."""
    return eventually(lambda: np.allclose(receive.getActualQ(), goal, rtol=0.0, atol=tolerance))


def test_every_default_field_arrives(receive: RTDEReceiveInterface) -> None:
    assert np.isfinite(receive.getActualQ()).all() and len(receive.getActualTCPPose()) == 6
    assert receive.getRobotMode() == 7 and receive.getSafetyMode() == 1
    assert receive.getSafetyStatusBits() & 1 and receive.getRobotStatus() & 1
    assert receive.getJointMode() == [253] * 6
    assert receive.getSpeedScaling() == 1.0 and receive.getTargetSpeedFraction() == 1.0
    assert receive.getPayload() == 0.0 and len(receive.getPayloadCog()) == 3 and len(receive.getPayloadInertia()) == 6
    before = receive.getTimestamp()
    assert eventually(lambda: receive.getTimestamp() > before + 0.1)


def test_movej_ends_exactly_at_its_goal(control: RTDEControlInterface, receive: RTDEReceiveInterface) -> None:
    goal = [HOME[0] - 0.3, *HOME[1:]]
    assert control.moveJ(goal, 2.0, 10.0)
    assert reaches(receive, goal)
    assert eventually(lambda: resting(receive))


def test_asynchronous_movej_can_be_stopped(control: RTDEControlInterface, receive: RTDEReceiveInterface) -> None:
    goal = [HOME[0] - 1.5, *HOME[1:]]
    assert control.moveJ(goal, 1.0, 5.0, True)
    assert eventually(lambda: control.getAsyncOperationProgress() >= 0)
    assert eventually(lambda: receive.getActualQ()[0] < HOME[0] - 0.1)
    control.stopJ(10.0)
    assert eventually(lambda: control.getAsyncOperationProgress() < 0)
    assert eventually(lambda: resting(receive))
    assert goal[0] + 0.5 < receive.getActualQ()[0] < HOME[0] - 0.1


def test_movel_stays_on_its_line(control: RTDEControlInterface, receive: RTDEReceiveInterface) -> None:
    start = np.array(receive.getActualTCPPose())
    goal = start + [0.05, -0.1, 0.02, 0, 0, 0]
    assert control.moveL(list(goal), 0.3, 2.0, True)
    way = (goal - start)[:3] / np.linalg.norm((goal - start)[:3])
    largest = 0.0
    deadline = time.monotonic() + 5.0
    while control.getAsyncOperationProgress() >= 0 and time.monotonic() < deadline:
        moved = np.array(receive.getActualTCPPose())[:3] - start[:3]
        largest = max(largest, float(np.linalg.norm(moved - way * (moved @ way))))
    assert largest < 1e-4
    assert eventually(lambda: np.allclose(receive.getActualTCPPose(), goal, atol=1e-5))


def test_servoj_follows_and_holds_its_last_target(control: RTDEControlInterface, receive: RTDEReceiveInterface) -> None:
    q = np.array(HOME)
    for step in range(100):
        period = control.initPeriod()
        q[1] = HOME[1] - 0.001 * step
        assert control.servoJ(list(q), 0.0, 0.0, 0.002, 0.05, 500)
        control.waitPeriod(period)
    ended = receive.getTimestamp()
    assert eventually(lambda: receive.getTimestamp() > ended + 1.0)
    assert np.allclose(receive.getActualQ(), q, rtol=0.0, atol=1e-5)
    assert control.servoStop(10.0)
    assert eventually(lambda: resting(receive))


def test_speedl_moves_along_its_axis_until_speed_stop(
    control: RTDEControlInterface, receive: RTDEReceiveInterface
) -> None:
    start = np.array(receive.getActualTCPPose())
    assert control.speedL([0.0, 0.0, -0.1, 0.0, 0.0, 0.0], 2.0, 0.0)
    assert eventually(lambda: receive.getActualTCPPose()[2] < start[2] - 0.03)
    assert np.allclose(receive.getActualTCPSpeed()[:3], [0, 0, -0.1], atol=1e-3)
    assert control.speedStop(5.0)
    assert eventually(lambda: resting(receive))
    end = np.array(receive.getActualTCPPose())
    assert np.allclose(end[:2], start[:2], atol=1e-3) and start[2] - 0.3 < end[2] < start[2] - 0.03


def test_speedj_and_stopl(control: RTDEControlInterface, receive: RTDEReceiveInterface) -> None:
    assert control.speedJ([0.0, 0.0, 0.0, 0.0, 0.0, 0.5], 10.0)
    assert eventually(lambda: receive.getActualQ()[5] > HOME[5] + 0.05)
    assert control.speedStop()
    assert eventually(lambda: resting(receive))
    assert control.speedL([0.1, 0.0, 0.0, 0.0, 0.0, 0.0], 2.0)
    assert eventually(lambda: abs(receive.getActualTCPSpeed()[0] - 0.1) < 1e-3)
    control.stopL(5.0)
    assert eventually(lambda: resting(receive))


def test_inverse_kinematics_agrees_with_the_reported_pose(
    control: RTDEControlInterface, receive: RTDEReceiveInterface
) -> None:
    assert np.allclose(control.getInverseKinematics(receive.getActualTCPPose()), receive.getActualQ(), atol=1e-6)
    near = list(np.array(HOME) + 0.2)
    assert np.allclose(control.getInverseKinematics(receive.getActualTCPPose(), near), HOME, atol=1e-6)
    assert np.allclose(control.getForwardKinematics()[:3], receive.getActualTCPPose()[:3], atol=1e-6)


def test_unreachable_pose_ends_the_program(control: RTDEControlInterface, receive: RTDEReceiveInterface) -> None:
    assert not control.moveJ_IK([5.0, 0.0, 0.0, 0.0, 0.0, 0.0], 1.0, 1.0)
    assert not control.isProgramRunning()


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), 1e300])
def test_impossible_numbers_end_the_program_and_nothing_else(
    control: RTDEControlInterface, receive: RTDEReceiveInterface, bad: float
) -> None:
    assert not control.moveL([bad, 0.0, 0.3, 0.0, 0.0, 0.0], 3.0, 20.0)
    assert eventually(lambda: not control.isProgramRunning() and resting(receive))
    assert receive.getSafetyMode() == 1 and reaches(receive, HOME)


def test_tool_centre_point(control: RTDEControlInterface, receive: RTDEReceiveInterface) -> None:
    flange = np.array(receive.getActualTCPPose())
    offset = [0.0, 0.0, 0.15, 0.0, 0.0, 0.0]
    assert control.setTcp(offset)
    if receive.getPayloadInertia() is not None:
        assert np.allclose(control.getTCPOffset(), offset)
    assert eventually(lambda: abs(np.linalg.norm(np.array(receive.getActualTCPPose())[:3] - flange[:3]) - 0.15) < 1e-6)
    assert np.allclose(control.poseTrans(list(flange), offset), receive.getActualTCPPose(), atol=1e-6)


def test_questions_and_settings(control: RTDEControlInterface, receive: RTDEReceiveInterface) -> None:
    assert control.zeroFtSensor() and control.isSteady()
    assert control.setPayload(1.2, [0.0, 0.0, 0.1])
    assert eventually(lambda: receive.getPayload() == 1.2)
    assert control.isJointsWithinSafetyLimits(HOME)
    assert not control.isJointsWithinSafetyLimits([7.0, *HOME[1:]])
    assert control.isPoseWithinSafetyLimits(receive.getActualTCPPose())
    assert control.teachMode() and eventually(lambda: bool(receive.getRobotStatus() & 4))
    assert control.endTeachMode() and eventually(lambda: not receive.getRobotStatus() & 4)


def test_path_of_two_moves(control: RTDEControlInterface, receive: RTDEReceiveInterface) -> None:
    path = Path()
    for shift in (0.1, 0.2):
        goal = [HOME[0] + shift - 0.3, *HOME[1:], 2.0, 10.0, 0.0]
        path.addEntry(PathEntry(PathEntry.MoveJ, PathEntry.PositionJoints, goal))
    assert control.movePath(path, False)
    assert reaches(receive, [HOME[0] - 0.1, *HOME[1:]], 1e-5)


def test_force_mode_is_accepted_without_effect(control: RTDEControlInterface, receive: RTDEReceiveInterface) -> None:
    assert control.forceMode([0.0] * 6, [0, 0, 1, 0, 0, 0], [0.0, 0.0, -10.0, 0.0, 0.0, 0.0], 2, [0.1] * 6)
    assert control.forceModeStop()
    assert reaches(receive, HOME)


def test_upper_registers(receive: RTDEReceiveInterface, address: str, connected: RTDEControlInterface) -> None:
    connected.stopScript()
    flags = RTDEControlInterface.FLAG_UPLOAD_SCRIPT | RTDEControlInterface.FLAG_UPPER_RANGE_REGISTERS
    flags |= RTDEControlInterface.FLAG_NO_EXT_FT  # that input has no upper range: the first client holds it
    upper = RTDEControlInterface(address, -1.0, flags)
    goal = [HOME[0] - 0.1, *HOME[1:]]
    assert upper.moveJ(goal, 2.0, 10.0) and reaches(receive, goal)
    upper.stopScript()
    upper.disconnect()


def test_script_can_be_stopped_and_uploaded_again(control: RTDEControlInterface) -> None:
    for _ in range(3):
        control.stopScript()
        assert not control.isProgramRunning()
        assert not control.moveJ(HOME)
        assert control.reuploadScript()
        assert eventually(control.isProgramRunning)
        assert control.moveJ(HOME)


def test_reconnect_while_and_after_running(control: RTDEControlInterface) -> None:
    control.disconnect()
    assert control.reconnect() and control.isConnected()
    assert control.moveJ(HOME)


def test_second_control_client_is_told_that_the_registers_are_taken(
    control: RTDEControlInterface, address: str
) -> None:
    with pytest.raises(RuntimeError, match="already in use"):
        RTDEControlInterface(address)
    assert control.moveJ(HOME)


def test_custom_script(control: RTDEControlInterface, receive: RTDEReceiveInterface) -> None:
    goal = [HOME[0] - 0.1, *HOME[1:]]
    assert control.sendCustomScriptFunction("nudge", f"movej({goal}, a=10.0, v=2.0)")
    assert reaches(receive, goal)


def test_digital_outputs_and_speed_slider(
    control: RTDEControlInterface, receive: RTDEReceiveInterface, address: str
) -> None:
    pins = RTDEIOInterface(address)
    assert pins.setStandardDigitalOut(3, True)
    assert eventually(lambda: receive.getActualDigitalOutputBits() == 1 << 3)
    assert pins.setToolDigitalOut(0, True) and pins.setStandardDigitalOut(3, False)
    assert eventually(lambda: receive.getActualDigitalOutputBits() == 1 << 16)
    assert pins.setSpeedSlider(0.5)
    assert eventually(lambda: receive.getTargetSpeedFraction() == 0.5)
    started = receive.getTimestamp()
    assert control.moveJ([HOME[0] - 0.5, *HOME[1:]], 1.0, 10.0)
    assert receive.getTimestamp() - started > 1.0
    assert pins.setSpeedSlider(1.0) and pins.setToolDigitalOut(0, False)
    assert eventually(lambda: receive.getTargetSpeedFraction() == 1.0)
    pins.disconnect()


def test_dashboard_questions(address: str) -> None:
    dashboard = DashboardClient(address)
    dashboard.connect()
    version = dashboard.polyscopeVersion()
    assert version.startswith("5.11." if dashboard_is_e_series(version) else "3.15.")
    assert dashboard.robotmode() == "Robotmode: RUNNING"
    assert dashboard.safetymode() == "Safetymode: NORMAL" and dashboard.safetystatus() == "Safetystatus: NORMAL"
    assert dashboard.getRobotModel() == "UR5" and dashboard.programState().startswith(("STOPPED", "PLAYING"))
    if dashboard_is_e_series(version):
        assert dashboard.isInRemoteControl() and dashboard.getSerialNumber().isdecimal()
    dashboard.popup("hello")
    dashboard.closePopup()
    dashboard.closeSafetyPopup()
    with pytest.raises(RuntimeError):
        dashboard.play()
    with pytest.raises(RuntimeError, match="File not found"):
        dashboard.loadURP("nothing.urp")
    dashboard.quit()
    dashboard.disconnect()


def dashboard_is_e_series(version: str) -> bool:
    return version.startswith("5.")


def test_move_during_a_stream_is_a_program_error(control: RTDEControlInterface, receive: RTDEReceiveInterface) -> None:
    assert control.servoJ(HOME, 0.0, 0.0, 0.002, 0.1, 300)
    assert not control.moveJ([HOME[0] - 0.1, *HOME[1:]])
    assert not control.isProgramRunning()
