"""What the control loop needs of an executor, whether it is for one arm or for two."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from roboact_ros.execution.commanded import Command
from roboact_ros.execution.executor import Executor
from roboact_ros.execution.status import ExecutorStatus
from roboact_ros.types import ArmState, GripperState


class Control(Protocol):
    """Decides on the targets of every arm."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the arms; a single one has none."""
        ...

    @property
    def sources(self) -> tuple[str, ...]:
        """Who asked for the targets that each arm is sent now."""
        ...

    @property
    def driven(self) -> bool:
        """Whether an arm is being sent targets."""
        ...

    @property
    def status(self) -> ExecutorStatus:
        """What the operator is told of all."""
        ...

    @property
    def statuses(self) -> Mapping[str, ExecutorStatus]:
        """What the operator is told of each arm of several."""
        ...

    def hold(self, key: str, reason: str) -> None:
        """Bring everything to rest and accept no motion as long as the hold ``key`` is there."""
        ...

    def release(self, key: str) -> None:
        """Take the hold ``key`` away."""
        ...

    def step(
        self, measured: Sequence[ArmState], grippers: Sequence[GripperState | None], now_ns: int
    ) -> Sequence[Command]:
        """Advance every arm by one period."""
        ...


class OneArm:
    """The control of a single arm; see :class:`Control`.

    Args:
        executor: Its executor.
    """

    names = ("",)

    def __init__(self, executor: Executor) -> None:
        self._executor = executor
        self.statuses: Mapping[str, ExecutorStatus] = {}
        self.hold, self.release = executor.hold, executor.release

    @property
    def sources(self) -> tuple[str, ...]:
        """See :class:`Control`."""
        return (self._executor.source,)

    @property
    def driven(self) -> bool:
        """See :class:`Control`."""
        return self._executor.driven

    @property
    def status(self) -> ExecutorStatus:
        """See :class:`Control`."""
        return self._executor.status

    def step(
        self, measured: Sequence[ArmState], grippers: Sequence[GripperState | None], now_ns: int
    ) -> Sequence[Command]:
        """See :class:`Control`."""
        return (self._executor.step(measured[0], grippers[0], now_ns),)
