"""The control loop: reads the arm, steps the executor and streams targets at the controller's own rate."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import asdict

from roboact_ros.arms.arm import Arm
from roboact_ros.arms.gripper_worker import GripperWorker
from roboact_ros.errors import ArmError
from roboact_ros.execution.channel import Channel, Message
from roboact_ros.execution.executor import Executor
from roboact_ros.execution.realtime import Lateness, Ticker
from roboact_ros.execution.requests import Requests
from roboact_ros.execution.status import ExecutorStatus
from roboact_ros.types import ArmMode, ArmState, FloatArray

REPORT_NS = 20_000_000
STATUS_NS = 500_000_000
SILENCE_NS = 1_000_000_000
"""Without a sign of life from the node for this long, the arm is held."""

_FINISH_NS = 1_000_000_000


class ServoLoop:
    """Owns the arm and the gripper while it runs.

    Args:
        arm: The arm.
        gripper: The gripper in its thread, or None.
        executor: Decides on every target.
        requests: Carries out what the node asks.
        channel: To the node.
        period_ns: Control period [ns].
        realtime: What :func:`~roboact_ros.execution.realtime.prepare_process` said.
        notices: Where the drivers put lines for the operator; the newest is told.
    """

    def __init__(
        self,
        arm: Arm,
        gripper: GripperWorker | None,
        executor: Executor,
        requests: Requests,
        channel: Channel,
        period_ns: int,
        realtime: str,
        notices: deque[str],
    ) -> None:
        self._arm, self._gripper, self._executor = arm, gripper, executor
        self._requests, self._channel, self._realtime, self._notices = requests, channel, realtime, notices
        self._ticker = Ticker(period_ns)
        self._heard_ns = self._reported_ns = self._told_ns = 0  # held until the node says that the cameras are alive
        self._told: tuple[ExecutorStatus, str] | None = None
        self._targets: list[tuple[int, list[float], str]] = []
        self._last: FloatArray | None = None
        self._finishing_ns = 0
        self._began_ns, self._began_cycles = time.monotonic_ns(), 0

    def run(self) -> None:
        """Control the arm until the node is gone or asks to finish.

        Raises:
            ArmError: The robot was lost.
        """
        while True:
            self._ticker.wait()
            now = time.monotonic_ns()
            self._listen(now)
            state = self._arm.read()
            self._drive(state, now)
            if now - self._reported_ns >= REPORT_NS:
                self._reported_ns = now
                self._report(state, now)
            if state.mode is ArmMode.DISCONNECTED:
                raise ArmError(self._notice or "the robot was lost")
            if self._finishing_ns and (not self._executor.driven or now - self._finishing_ns > _FINISH_NS):
                return

    def finish(self) -> None:
        """Let the arm come to rest and the loop return."""
        if not self._finishing_ns:
            self._finishing_ns = time.monotonic_ns()
            self._executor.hold("finish", "the executor ends")

    def _drive(self, state: ArmState, now: int) -> None:
        """Run one control period."""
        gripper = self._gripper
        command = self._executor.step(state, gripper.state if gripper is not None else None, now)
        if command.q is None:
            self._arm.halt()
        else:
            try:
                self._arm.servo(command.q)
            except ArmError as error:
                self._notices.append(str(error))
            if self._last is None or (command.q != self._last).any():
                self._targets.append((now, command.q.tolist(), self._executor.source))
        self._last = command.q
        if command.gripper is not None and gripper is not None:
            gripper.move(command.gripper)

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
        elif message["do"] == "measure":
            counted = vars(self._ticker.lateness)
            self._channel.send({"kind": "reply", "id": message["id"], "refused": "", **counted})
            self._ticker.lateness, self._began_cycles = Lateness(), 0
        else:
            refused = self._requests.carry_out(message, now)
            self._channel.send({"kind": "reply", "id": message["id"], "refused": refused})

    def _report(self, state: ArmState, now: int) -> None:
        """Tell the node what was measured and commanded since the last report."""
        gripper = self._gripper.state if self._gripper is not None else None
        status = self._executor.status
        try:
            self._channel.send(
                {
                    "kind": "state",
                    "at": state.monotonic_ns,
                    "q": state.q.tolist(),
                    "qd": state.qd.tolist(),
                    "pose": state.pose_tool_in_base[:3].ravel().tolist(),
                    "gripper": None if gripper is None else [gripper.opening, gripper.moving, gripper.holding],
                    "targets": self._targets,
                }
            )
            self._targets = []
            told = (status, self._notice)
            if told != self._told or now - self._told_ns >= STATUS_NS:
                self._told, self._told_ns = told, now
                words = {**asdict(status), "state": status.state.value, "notice": self._notice}
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
