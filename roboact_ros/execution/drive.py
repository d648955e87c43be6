"""One arm with its gripper, as the control loop drives it."""

from __future__ import annotations

from collections.abc import Callable

from roboact_ros.arms.arm import Arm
from roboact_ros.arms.gripper_worker import GripperWorker
from roboact_ros.arms.streamed import StreamedArm
from roboact_ros.errors import ArmError
from roboact_ros.execution.channel import Message
from roboact_ros.execution.commanded import Command
from roboact_ros.types import ArmState, FloatArray, GripperState


class Drive:
    """Sends commands to the hardware and remembers what was sent.

    Args:
        arm: The arm.
        gripper: The gripper in its thread, or None.
        forward: Pose (4, 4) of the tool in the base at given joints, of the arm as it is commanded: a controller tells
            that of whatever tool it was told of last.
        report: Takes a line for the operator when the arm does not take a target.
        name: Name of the arm; a single one has none.
    """

    def __init__(
        self,
        arm: Arm,
        gripper: GripperWorker | None,
        forward: Callable[[FloatArray], FloatArray],
        report: Callable[[str], None],
        name: str = "",
    ) -> None:
        self._arm, self._gripper, self._forward, self._tell, self._name = arm, gripper, forward, report, name
        self._targets: list[tuple[int, list[float], str]] = []
        self._last: FloatArray | None = None

    @property
    def gripper(self) -> GripperState | None:
        """Newest state of the gripper; None without one, or while it cannot be reached."""
        return self._gripper.state if self._gripper is not None else None

    def read(self) -> ArmState:
        """Return the newest state of the arm."""
        return self._arm.read()

    def hear(self, message: Message) -> None:
        """Take what the node was told by the arm, if that is how the arm is reached."""
        if isinstance(self._arm, StreamedArm) and message["arm"] == self._name:
            self._arm.tell(message["q"], message["qd"], message["at"])

    def send(self, command: Command, source: str, now_ns: int) -> None:
        """Carry out ``command``, which ``source`` asked for, at a monotonic time [ns]."""
        if command.q is None:
            self._arm.halt()
        else:
            try:
                self._arm.servo(command.q)
            except ArmError as error:
                self._tell(str(error))
            if self._last is None or (command.q != self._last).any():
                self._targets.append((now_ns, command.q.tolist(), source))
        self._last = command.q
        if command.halt_gripper and self._gripper is not None:
            self._gripper.halt()
        if command.gripper is not None and self._gripper is not None:
            self._gripper.move(command.gripper)

    def report(self, state: ArmState) -> Message:
        """Return, for the channel, what was measured and what was sent since the last report."""
        gripper, targets = self.gripper, self._targets
        self._targets = []
        return {
            "kind": "state",
            "arm": self._name,
            "at": state.monotonic_ns,
            "q": state.q.tolist(),
            "qd": state.qd.tolist(),
            "pose": self._forward(state.q)[:3].ravel().tolist(),
            "gripper": None if gripper is None else [gripper.opening, gripper.moving, gripper.holding],
            "targets": targets,
            "commands": self._arm.take() if isinstance(self._arm, StreamedArm) else [],
        }
