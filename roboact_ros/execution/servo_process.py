"""The servo process: one control loop, away from ROS, models, logging and the garbage collector.

Started by :mod:`roboact_ros.execution.servo_link` as ``python -m roboact_ros.execution.servo_process FD``; the first
message on the channel describes the cell.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from types import FrameType

from roboact_ros.arms.arm import Arm
from roboact_ros.arms.digital_output import DigitalOutputGripper
from roboact_ros.arms.dual import Arms
from roboact_ros.arms.gripper import Gripper
from roboact_ros.arms.gripper_worker import GripperWorker
from roboact_ros.arms.robotiq import RobotiqGripper
from roboact_ros.arms.streamed import HALT_DECELERATION as STREAMED_DECELERATION
from roboact_ros.arms.streamed import StreamedArm
from roboact_ros.arms.ur import HALT_DECELERATION, URArm
from roboact_ros.arms.ur_calibration import read_calibration
from roboact_ros.cells.description import Cell
from roboact_ros.cells.load import cell_from_mapping
from roboact_ros.errors import RoboactError
from roboact_ros.execution.channel import Channel, Message
from roboact_ros.execution.control import OneArm
from roboact_ros.execution.drive import Drive
from roboact_ros.execution.dual_executor import DualExecutor
from roboact_ros.execution.executor import Executor
from roboact_ros.execution.of_cell import executor_of, rate_of
from roboact_ros.execution.one_of_two import OneOfTwo
from roboact_ros.execution.realtime import prepare_process, silence_collector
from roboact_ros.execution.requests import Requests
from roboact_ros.execution.servo_loop import ServoLoop
from roboact_ros.robots import robot_model
from roboact_ros.types import FloatArray

_RETRY_PERIOD = 1.0
_TAKEN = ("stop", "pause", "resume", "done")
"""What may be said while there is no robot."""

_PRIORITY = 40
"""Above simulated controllers on the same machine, below the interrupt threads of the kernel (50)."""


def main(descriptor: int) -> int:
    """Serve one cell and return the exit status: 0 when asked to end, 1 when a robot was lost."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the node ends us in good order
    channel = Channel(socket.socket(fileno=descriptor))
    notices: deque[str] = deque(maxlen=1)
    try:
        first = channel.receive(timeout=10.0)
        if first is None:
            return 1
        cell = cell_from_mapping(first["cell"], "the executor node")
        realtime = prepare_process(_PRIORITY)
        found = _connect(cell, channel, first, notices)
    except EOFError:
        return 0
    except RoboactError as error:
        _say_lost(channel, str(error))
        return 1
    arms = Arms({name: arm for name, (arm, _) in found.items()})
    try:
        executors = {name: executor_of(cell.of_arm(name), table) for name, (_, table) in found.items()}
        loop = _loop(cell, arms, executors, channel, realtime, first, notices)
        signal.signal(signal.SIGTERM, lambda number, frame: _finish(loop, frame))
        silence_collector()
        loop.run()
    except RoboactError as error:
        _say_lost(channel, str(error))
        # The client library's threads would go on reconnecting and start programs on the robot: end without them.
        os._exit(1)
    arms.close()
    return 0


Connected = tuple[Arm, FloatArray | None]
"""An arm and the table of its calibration, None where the published one is used."""


def _connect(cell: Cell, channel: Channel, first: Message, notices: deque[str]) -> dict[str, Connected]:
    """Try until every robot is there, answering the node meanwhile; return them with their calibration.

    Raises:
        EOFError: The node is gone or wants this process to end.
    """
    cells = {name: cell.of_arm(name) for name in cell.arm_names}
    found: dict[str, Connected] = {}
    why = {name: f"connecting to {one.robot_address}" for name, one in cells.items()}
    why |= {
        name: f"nothing is heard on {one.arm.joint_states}" for name, one in cells.items() if one.arm.model == "urdf"
    }
    threads: dict[str, threading.Thread] = {}
    streamed = {name: _streamed(one) for name, one in cells.items() if one.arm.model == "urdf"}

    def attempt(name: str) -> None:
        try:
            found[name] = _connect_one(cells[name], _report(name, notices))
        except RoboactError as error:
            why[name] = str(error)
            time.sleep(_RETRY_PERIOD)

    while len(found) < len(cells):
        for name in cells.keys() - streamed.keys():
            if name not in found and (name not in threads or not threads[name].is_alive()):
                threads[name] = threading.Thread(target=attempt, args=(name,), daemon=True)
                threads[name].start()
        missing = [f"{name} arm: {why[name]}" if name else why[name] for name in cells if name not in found]
        _answer(channel, first, "; ".join(missing) or "starting", streamed)
        found.update({name: (arm, None) for name, arm in streamed.items() if arm.heard})
        for connected, _ in list(found.values()):
            connected.read()  # a sign of life for a robot that waits for the other
    return {name: found[name] for name in cells}


def _connect_one(cell: Cell, report: Callable[[str], None]) -> Connected:
    model = robot_model(cell.arm.model)
    deceleration = min(HALT_DECELERATION, cell.safety.joint_acceleration)
    arm = URArm(cell.robot_address, model, cell.arm.tcp, report, deceleration)
    return arm, read_calibration(cell.robot_address) if cell.arm.calibrated else None


def _streamed(cell: Cell) -> StreamedArm:
    """Return an arm that the node talks to."""
    deceleration = min(STREAMED_DECELERATION, cell.safety.joint_acceleration)
    return StreamedArm(1.0 / rate_of(cell), deceleration)


def _answer(channel: Channel, first: Message, reason: str, streamed: dict[str, StreamedArm]) -> None:
    """Answer the node for a tenth of a second while there is no robot; a stop or pause is kept in ``first``."""
    channel.send({"kind": "status", "state": "disconnected", "reason": reason})
    message = channel.receive(timeout=0.1)
    while message is not None:
        word = message["do"]
        if word == "finish":
            raise EOFError("asked to end")
        if word == "joints":
            streamed[message["arm"]].tell(message["q"], message["qd"], message["at"])
        first["stopped"] = (first["stopped"] or word == "stop") and word != "resume"
        first["paused"] = (first["paused"] or word == "pause") and word != "resume"
        if "id" in message:
            refused = "" if word in _TAKEN else f"not now: {reason}"
            channel.send({"kind": "reply", "id": message["id"], "refused": refused})
        message = channel.receive()


def _loop(
    cell: Cell,
    arms: Arms,
    executors: dict[str, Executor],
    channel: Channel,
    realtime: str,
    first: Message,
    notices: deque[str],
) -> ServoLoop:
    both = DualExecutor.from_cell(cell, executors) if cell.arms else None
    single = next(iter(executors.values()))
    executor: Executor | DualExecutor = single if both is None else both
    if first["stopped"]:
        executor.stop()
    if first["paused"]:
        executor.pause()
    drives = []
    for name, one in executors.items():
        report, forward = _report(name, notices), one.limits.kinematics.forward
        drives.append(Drive(arms[name], _gripper(cell.of_arm(name), report), forward, report, name))
    stale, seen_stale = (int(seconds * 1e9) for seconds in (cell.safety.command_timeout, cell.safety.camera_timeout))
    asked = {name: OneOfTwo(both, name) for name in both.names} if both is not None else {}
    requests = Requests(executor, arms.unlock, stale, seen_stale, asked)
    period_ns = round(1e9 / rate_of(cell.of_arm(cell.arm_names[0])))
    return ServoLoop(drives, both or OneArm(single), requests, channel, period_ns, realtime, notices)


def _report(arm: str, notices: deque[str]) -> Callable[[str], None]:
    """Return what takes a line for the operator from the drivers of an arm."""
    return (lambda line: notices.append(f"{arm} arm: {line}")) if arm else notices.append


def _gripper(cell: Cell, report: Callable[[str], None]) -> GripperWorker | None:
    makers: dict[str, Callable[[], Gripper]] = {
        "robotiq": partial(RobotiqGripper, cell.robot_address),
        "digital_output": partial(DigitalOutputGripper, cell.robot_address, cell.gripper.pin),
    }
    make = makers.get(cell.gripper.kind)
    return GripperWorker(make, report) if make is not None else None


def _finish(loop: ServoLoop, frame: FrameType | None) -> None:
    loop.finish()


def _say_lost(channel: Channel, reason: str) -> None:
    try:
        channel.send({"kind": "status", "state": "disconnected", "reason": reason})
    except EOFError:
        pass


if __name__ == "__main__":
    # Not sys.exit: threads of the client libraries may still be waiting for a robot that is gone.
    os._exit(main(int(sys.argv[1])))
