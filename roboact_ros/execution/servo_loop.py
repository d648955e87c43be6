"""The control loop: reads the arms, steps the executor and streams targets at the controller's own rate."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from dataclasses import asdict

import numpy as np

from roboact_ros.errors import ArmError
from roboact_ros.execution.channel import Channel, Message
from roboact_ros.execution.commanded import STANDING
from roboact_ros.execution.control import Control
from roboact_ros.execution.drive import Drive
from roboact_ros.execution.realtime import Lateness, Ticker
from roboact_ros.execution.requests import Requests
from roboact_ros.execution.status import ExecutorStatus
from roboact_ros.types import ArmMode, ArmState

REPORT_NS = 20_000_000
STATUS_NS = 500_000_000
SILENCE_NS = 1_000_000_000
"""Without a sign of life from the node for this long, the arm is held."""

_FINISH_NS = 1_000_000_000


class ServoLoop:
    """Owns the arms and the grippers while it runs.

    Args:
        drives: Every arm with its gripper.
        executor: Decides on every target.
        requests: Carries out what the node asks.
        channel: To the node.
        period_ns: Control period [ns].
        realtime: What :func:`~roboact_ros.execution.realtime.prepare_process` said.
        notices: Where the drivers put lines for the operator; the newest is told.
    """

    def __init__(
        self,
        drives: Sequence[Drive],
        executor: Control,
        requests: Requests,
        channel: Channel,
        period_ns: int,
        realtime: str,
        notices: deque[str],
    ) -> None:
        self._drives, self._executor = tuple(drives), executor
        self._requests, self._channel, self._realtime, self._notices = requests, channel, realtime, notices
        self._ticker = Ticker(period_ns)
        self._heard_ns = self._reported_ns = self._told_ns = 0  # held until the node says that the cameras are alive
        self._told: tuple[object, ...] | None = None
        self._finishing_ns = self._lost_ns = 0
        self._began_ns, self._began_cycles = time.monotonic_ns(), 0

    def run(self) -> None:
        """Control the arms until the node is gone or asks to finish.

        Raises:
            ArmError: A robot was lost; the others have come to rest.
        """
        while True:
            self._ticker.wait()
            now = time.monotonic_ns()
            self._listen(now)
            states = [drive.read() for drive in self._drives]
            self._drive(states, now)
            if now - self._reported_ns >= REPORT_NS:
                self._reported_ns = now
                self._report(states, now)
            self._check_robots(states, now)
            if self._finishing_ns and (not self._executor.driven or now - self._finishing_ns > _FINISH_NS):
                return

    def finish(self) -> None:
        """Let the arm come to rest and the loop return."""
        if not self._finishing_ns:
            self._finishing_ns = time.monotonic_ns()
            self._executor.hold("finish", "the executor ends")

    def _drive(self, states: Sequence[ArmState], now: int) -> None:
        """Run one control period."""
        commands = self._executor.step(states, [drive.gripper for drive in self._drives], now)
        for drive, command, source in zip(self._drives, commands, self._executor.sources, strict=True):
            drive.send(command, source, now)

    def _check_robots(self, states: Sequence[ArmState], now: int) -> None:
        """Give up once a robot was lost and the others stand, or had time enough to come to rest."""
        lost = [name for name, state in zip(self._executor.names, states, strict=True) if _lost(state)]
        if not lost:
            return
        self._lost_ns = self._lost_ns or now
        if all(_lost(state) or _stands(state) for state in states) or now - self._lost_ns > _FINISH_NS:
            which = f"{lost[0]} arm: " if lost[0] else ""
            told = self._notice if self._notice.startswith(which) else ""
            raise ArmError(told or f"{which}the robot was lost")

    def _listen(self, now: int) -> None:
        """Carry out what the node asks."""
        try:
            while (message := self._channel.receive()) is not None:
                self._heard_ns = now
                self._obey(message, now)
        except EOFError:
            self.finish()
        if now - self._heard_ns > SILENCE_NS:
            self._executor.hold("node", f"the executor node has been silent for more than {SILENCE_NS / 1e9:g} s")
        else:
            self._executor.release("node")

    def _obey(self, message: Message, now: int) -> None:
        if message["do"] == "finish":
            self.finish()
        elif message["do"] == "alive":
            if message["hold"]:
                self._executor.hold("camera", message["hold"])
            else:
                self._executor.release("camera")
        elif message["do"] == "joints":
            for drive in self._drives:
                drive.hear(message)
        elif message["do"] == "measure":
            counted = vars(self._ticker.lateness)
            self._channel.send({"kind": "reply", "id": message["id"], "refused": "", **counted})
            self._ticker.lateness, self._began_cycles = Lateness(), 0
        else:
            refused = self._requests.carry_out(message, now)
            self._channel.send({"kind": "reply", "id": message["id"], "refused": refused})

    def _report(self, states: Sequence[ArmState], now: int) -> None:
        """Tell the node what was measured and commanded since the last report."""
        try:
            for drive, state in zip(self._drives, states, strict=True):
                self._channel.send(drive.report(state))
            status, statuses = self._executor.status, self._executor.statuses
            told = (status, self._notice, *statuses.values())
            if told != self._told or now - self._told_ns >= STATUS_NS:
                self._told, self._told_ns = told, now
                arms = {name: _words(status) for name, status in statuses.items()}
                words = {**_words(status), "arms": arms, "notice": self._notice}
                self._channel.send({"kind": "status", **words, **self._counters(now)})
        except EOFError:
            self.finish()

    @property
    def _notice(self) -> str:
        return self._notices[-1] if self._notices else ""

    def _counters(self, now: int) -> Message:
        lateness = self._ticker.lateness
        cycles, elapsed = lateness.cycles - self._began_cycles, now - self._began_ns
        self._began_cycles, self._began_ns = lateness.cycles, now
        return {
            "rate_hz": cycles * 1e9 / max(elapsed, 1),
            "late_cycles": lateness.late,
            "missed_cycles": lateness.missed,
            "drops": self._channel.drops,
            "realtime": self._realtime,
        }


def _words(status: ExecutorStatus) -> Message:
    return {**asdict(status), "state": status.state.value}


def _lost(state: ArmState) -> bool:
    return state.mode is ArmMode.DISCONNECTED


def _stands(state: ArmState) -> bool:
    return float(np.abs(state.qd).max()) < STANDING
