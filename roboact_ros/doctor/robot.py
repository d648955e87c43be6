"""The robot: whether it can be reached, and what it would let us do."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from importlib.util import find_spec

from roboact_ros.cells.description import Cell
from roboact_ros.doctor.finding import Finding, fail, ok, warn
from roboact_ros.robots import ROBOTS

PORTS = {30004: "measurements (RTDE)", 30003: "programs", 29999: "dashboard"}
GRIPPER_PORT = 63352
SECONDS = 2.0
_GENERATIONS = {"3": "cb3", "5": "e-series"}


def check_robot(cell: Cell) -> Iterator[Finding]:
    """Knock at the controller's ports and ask its dashboard."""
    address = cell.robot_address
    if cell.arm.model == "urdf":
        yield from _check_urdf(cell)
        return
    if cell.simulated and not _open(address, 29999):
        yield ok("robot", f"a simulated {cell.arm.model}, started with the cell; robot_ip:=ADDRESS takes a real one")
        return
    closed = [f"{port} ({what})" for port, what in PORTS.items() if not _open(address, port)]
    if len(closed) == len(PORTS):
        advice = f"check power, cable and address (ping {address}); the network settings are on the teach pendant"
        yield fail("robot", f"nothing answers at {address}", advice)
        return
    if closed:
        advice = "enable them on the teach pendant: Settings > Security > Services; or a firewall is in between"
        yield fail("robot", f"{address} answers, but not at {', '.join(closed)}", advice)
    else:
        yield ok("robot", f"{address} can be reached")
    if _open(address, 29999):
        yield from _mode(address, cell)
    if cell.gripper.kind == "robotiq":
        if _open(address, GRIPPER_PORT):
            yield ok("gripper", f"its socket {address}:{GRIPPER_PORT} is open")
        else:
            advice = "install the Robotiq URCap on the controller, or set gripper.kind:=none"
            yield fail("gripper", f"nothing answers at {address}:{GRIPPER_PORT}", advice)


def _check_urdf(cell: Cell) -> Iterator[Finding]:
    if find_spec("pinocchio") is None:
        yield fail("robot", f"{cell.arm.urdf} cannot be used without Pinocchio", "pip install 'roboact_ros[urdf]'")
    else:
        topics = f"targets on {cell.arm.command}, joints on {cell.arm.joint_states}"
        yield ok("robot", f"the arm of {cell.arm.urdf}: {topics}; its driver is somebody else's")


def _mode(address: str, cell: Cell) -> Iterator[Finding]:
    questions = ("PolyscopeVersion", "robotmode", "safetystatus", "is in remote control")
    try:
        version, mode, safety, remote = _ask(address, questions)
    except OSError as error:
        yield fail("robot mode", f"the dashboard does not answer: {error}", "restart the controller")
        return
    number = next((word for word in version.split() if word[:1].isdigit()), "")
    generation = _GENERATIONS.get(number[:1], "unknown")
    if generation != ROBOTS[cell.arm.model].generation:
        fitting = ", ".join(name for name, model in ROBOTS.items() if model.generation == generation) or "none of ours"
        found = f"PolyScope {number} is of the generation {generation}, the cell says {cell.arm.model}"
        yield fail("robot model", found, f"robot_model:=NAME; for this controller: {fitting}")
    else:
        yield ok("robot model", f"PolyScope {number} fits {cell.arm.model}")
    state = mode.partition(":")[2].strip()
    if state == "RUNNING":
        yield ok("robot mode", "the arm is powered and its brakes are released")
    else:
        yield fail("robot mode", f"the arm is {state or mode}", "switch it on and release its brakes on the pendant")
    status = safety.partition(":")[2].strip()
    if status and status not in ("NORMAL", "REDUCED"):
        advice = "look why it stopped, then unlock it on the teach pendant"
        yield fail("robot safety", f"the safety system says {status}", advice)
    if remote.strip().lower() == "false":
        advice = "switch to remote control at the top right of the teach pendant"
        yield fail("robot control", "the arm listens to its teach pendant only", advice)
    elif remote.strip().lower() == "true":
        yield ok("robot control", "the arm takes commands from the network")
    else:
        yield warn("robot control", "this controller does not tell who controls it", "check that no program runs on it")


def _ask(address: str, questions: tuple[str, ...]) -> list[str]:
    with socket.create_connection((address, 29999), SECONDS) as connection, connection.makefile("rw") as lines:
        lines.readline()  # it greets
        answers = []
        for question in questions:
            lines.write(f"{question}\n")
            lines.flush()
            answers.append(lines.readline().strip())
        return answers


def _open(address: str, port: int) -> bool:
    try:
        socket.create_connection((address, port), SECONDS).close()
    except OSError:
        return False
    return True
