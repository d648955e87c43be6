"""The servo process of a cell with two arms against two controllers, each a process at an address of its own."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest

sys.path.append(str(Path(__file__).parent.parent / "sim"))
from ur_process import controllers  # noqa: E402

from roboact_ros.cells.arm_description import ARMS  # noqa: E402
from roboact_ros.cells.load import load_cell  # noqa: E402
from roboact_ros.execution.channel import Message  # noqa: E402
from roboact_ros.execution.servo_link import ServoLink  # noqa: E402
from roboact_ros.language.vocabulary import PRIMITIVES  # noqa: E402
from roboact_ros.sim.pendant import Pendant  # noqa: E402
from roboact_ros.types import CHUNK_AXES, ActionChunk, FloatArray  # noqa: E402

DEADLINE = 60.0
DT = 0.002
PERIOD_NS = 100_000_000
LATENCY_NS = 100_000_000
UP = next(motion for motion in PRIMITIVES if motion.phrase == "raise the arm up by five centimeters")
AXES = tuple(f"{arm}/{axis}" for arm in ARMS for axis in CHUNK_AXES)


class Pair:
    """Two controllers, the servo process between them, and everything that it tells."""

    def __init__(self, addresses: list[str], processes: list[subprocess.Popen[str]]) -> None:
        self.addresses, self.processes = addresses, processes
        overrides = [f"{arm}_ip:={address}" for arm, address in zip(ARMS, addresses, strict=True)]
        self.cell = load_cell(
            "clap_dual_ur5", [*overrides, "gripper.kind:=none", "cameras:={}", "safety.camera_timeout:=5"]
        )
        self.link = ServoLink(self.cell)
        self.status: Message = {}
        self.q = {arm: np.full(6, np.nan) for arm in ARMS}
        self.qd = {arm: np.full(6, np.nan) for arm in ARMS}
        self.targets: dict[str, list[tuple[int, list[float]]]] = {arm: [] for arm in ARMS}

    def poll(self) -> None:
        self.link.alive("")
        for message in self.link.poll():
            if message["kind"] == "state":
                arm = message["arm"]
                self.q[arm], self.qd[arm] = np.array(message["q"]), np.array(message["qd"])
                self.targets[arm] += [(at, q) for at, q, _ in message["targets"]]
            elif message["kind"] == "status":
                self.status = message

    def until(self, condition: Callable[[], object], what: str) -> None:
        end = time.monotonic() + DEADLINE
        while not condition():
            assert time.monotonic() < end, f"no {what}: {self.status}"
            time.sleep(0.01)  # polls a condition with a deadline
            self.poll()

    def until_state(self, state: str) -> None:
        self.until(lambda: self.status.get("state") == state, state)

    def follow(self, left: FloatArray, right: FloatArray, latency_ns: int = 0) -> str:
        chunk = ActionChunk(AXES, np.hstack((left, right)), PERIOD_NS, 1)
        return str(self.link.follow(chunk, time.monotonic_ns() - latency_ns, "policy")["refused"])

    def standing(self) -> bool:
        return all(np.abs(qd).max() < 1e-3 for qd in self.qd.values())


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    with ExitStack() as stack:
        started = [stack.enter_context(controllers("ur5e")) for _ in ARMS]
        pair = Pair([address for address, _ in started], [process for _, process in started])
        stack.callback(pair.link.close)
        pair.until_state("idle")
        yield pair


def steps(count: int = 8, **axes: float) -> FloatArray:
    return np.tile([*(axes.get(axis, 0.0) for axis in CHUNK_AXES[:-1]), 1.0], (count, 1))


WAYS = ((0.008, 0.0), (0.0, 0.008), (-0.008, 0.004), (0.004, -0.008), (-0.004, -0.004), (0.0, 0.004))
"""Steps of one chunk after the other: back and up [m]."""


def drive(pair: Pair, count: int, waits: bool) -> dict[str, list[tuple[int, list[float]]]]:
    """Follow a chunk of ``count`` steps for each of the ways, either in place of the one before or after it.

    Returns:
        The targets of each arm; both have gone home since.
    """
    for targets in pair.targets.values():
        targets.clear()
    finished = pair.status["finished"]
    for number, (x, z) in enumerate(WAYS):
        if waits:
            pair.until_state("idle")
            thought = time.monotonic() + LATENCY_NS / 1e9
            pair.until(lambda end=thought: time.monotonic() >= end, "time")  # type: ignore[misc]
        elif number:
            pair.until(lambda: 0.25 <= pair.status["progress"] < 0.9, "a chunk that is well on its way")
        assert not pair.follow(steps(count, x=-x, z=z), steps(count, x=-0.5 * x, z=1.5 * z), number and LATENCY_NS)
        pair.until(lambda: pair.status["state"] == "moving" and pair.status["progress"] < 0.25, "motion")
    pair.until_state("idle")
    assert pair.status["finished"] == finished + 2 * (len(WAYS) if waits else 1) and not pair.status["refused"]
    driven = {arm: list(targets) for arm, targets in pair.targets.items()}
    pair.link.request("home", source="teleop")
    pair.until_state("moving")
    pair.until_state("idle")
    return driven


def starved(targets: list[tuple[int, list[float]]]) -> int:
    """Return in how many cycles an arm stood between its first motion and its last.

    A cycle that a busy machine left out does not count: after it the arm goes on where it was.
    """
    speed = np.abs(np.diff([q for _, q in targets], axis=0)).max(axis=1) / DT
    pause = np.round(np.diff([at for at, _ in targets]) / (DT * 1e9)).astype(int)
    moving = np.flatnonzero(speed > 0.02)
    between = slice(moving[0], moving[-1])
    return int(pause[between][speed[between] < 0.002].sum())


def test_chunks_of_a_policy_that_thinks_for_100_ms_arrive_in_step_and_without_a_seam(pair: Pair) -> None:
    left, right = drive(pair, 16, waits=False).values()
    assert len(left) > 500
    at = [np.array([moment for moment, _ in targets]) for targets in (left, right)]
    alone = np.setxor1d(*at)  # an arm that stands for a moment has no new target then
    assert all(np.abs(moments - moment).min() <= 2_000_000 for moments in at for moment in alone)
    limit = pair.cell.safety.joint_speed * 1.002
    acceleration = pair.cell.safety.joint_acceleration * 1.01
    for targets, moments in zip((left, right), at, strict=True):
        # Of what was sent, a reader on a busy machine may have missed some.
        cycles = np.maximum(np.round(np.diff(moments) / (DT * 1e9)), 1.0)
        qd = np.diff([joints for _, joints in targets], axis=0) / (DT * cycles[:, None])
        assert np.abs(qd).max() <= limit
        next_to_each_other = (cycles[1:] == 1.0) & (cycles[:-1] == 1.0)
        assert np.abs(np.diff(qd, axis=0)[next_to_each_other]).max() / DT <= acceleration
        assert starved(targets) == 0


def test_arms_that_wait_for_the_policy_stand_at_every_seam(pair: Pair) -> None:
    for targets in drive(pair, 4, waits=True).values():
        assert starved(targets) >= (len(WAYS) - 1) * LATENCY_NS / 1e9 / DT


@pytest.mark.parametrize("stopped", ARMS)
def test_a_protective_stop_of_one_arm_stops_the_other(pair: Pair, stopped: str) -> None:
    assert not pair.follow(steps(20, z=-0.004), steps(20, z=-0.004))
    pair.until(lambda: all(np.abs(qd).max() > 0.01 for qd in pair.qd.values()), "motion of both")
    with Pendant(pair.addresses[ARMS.index(stopped)]) as pendant:
        pendant.protective_stop("for the test")
    pair.until_state("holding")
    assert pair.status["reason"].startswith(f"{stopped} arm: protective stop")
    pair.until(pair.standing, "rest")
    held = dict(pair.q)
    assert "not now" in pair.follow(steps(z=0.004), steps(z=0.004))
    pair.until(lambda: not pair.link.request("resume")["refused"] and pair.status["state"] == "idle", "recovery")
    for arm in ARMS:
        assert np.abs(pair.q[arm] - held[arm]).max() < 0.01, "something that was interrupted went on"
    assert not pair.follow(steps(z=0.002), steps(z=0.002))
    pair.until_state("moving")
    pair.until_state("idle")


def test_a_stop_stops_both(pair: Pair) -> None:
    assert not pair.follow(steps(20, z=-0.004), steps(20, z=-0.004))
    pair.until(lambda: all(np.abs(qd).max() > 0.01 for qd in pair.qd.values()), "motion of both")
    pair.link.request("stop")
    pair.until(lambda: pair.status["state"] == "stopped" and pair.standing(), "stop of both")
    pair.link.request("resume")
    pair.until_state("idle")


def test_a_lost_controller_stops_the_other_arm(pair: Pair) -> None:
    assert not pair.follow(steps(20, z=0.004), steps(20, z=0.004))
    pair.until(lambda: all(np.abs(qd).max() > 0.01 for qd in pair.qd.values()), "motion of both")
    pair.processes[0].kill()
    pair.until(lambda: pair.status["state"] == "disconnected", "news of the loss")
    assert "left arm" in pair.status["reason"], pair.status
    with Pendant(pair.addresses[1]) as pendant:
        before = pendant.state()["q"]
        pair.until(lambda: pair.link.restarts > 0, "new servo process")
        assert np.abs(np.subtract(pendant.state()["q"], before)).max() < 1e-6


def test_nothing_is_accepted_while_the_robots_are_missing_and_nothing_too_long_at_all() -> None:
    nowhere = [f"{arm}_ip:=127.255.255.{number}" for number, arm in enumerate(ARMS, 1)]
    link = ServoLink(load_cell("clap_dual_ur5", [*nowhere, "gripper.kind:=none", "safety.command_timeout:=20"]))
    try:
        said: list[Message] = []
        end = time.monotonic() + DEADLINE
        while not said:
            assert time.monotonic() < end, "the servo process says nothing"
            time.sleep(0.02)  # polls a condition with a deadline
            said = link.poll()
        chunk = ActionChunk(AXES, np.hstack((steps(), steps())), PERIOD_NS, 1)
        refused = str(link.follow(chunk, time.monotonic_ns(), "policy")["refused"])
        assert refused.startswith("not now: left arm: ") and "right arm: " in refused
        wide = ActionChunk(tuple(map(str, range(64))), np.full((128, 64), 1 / 3), PERIOD_NS, 1)
        assert "bytes to tell the servo process" in link.follow(wide, time.monotonic_ns(), "policy")["refused"]
        assert "allowed 65536" in link.submit([UP] * 1000, "teleop")["refused"]
        assert not link.request("stop")["refused"]
    finally:
        link.close()
