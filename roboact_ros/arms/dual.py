"""Two arms of one cell, for what concerns both: connecting, unlocking, letting go."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from roboact_ros.arms.arm import Arm


class Arms:
    """The arms of a cell by name; a single one has none.

    Args:
        arms: The connected arms, in the order of the cell.
    """

    def __init__(self, arms: Mapping[str, Arm]) -> None:
        self._arms = dict(arms)

    def __getitem__(self, name: str) -> Arm:
        return self._arms[name]

    def unlock(self) -> None:
        """Ask every robot to release a protective stop; see :class:`~roboact_ros.arms.arm.Arm`."""
        for arm in self._arms.values():
            arm.unlock()

    def close(self) -> None:
        """Halt, disconnect and release all arms at the same time: none may wait without a sign of life.

        Raises:
            Exception: What an arm raised, after the others are closed.
        """
        with ThreadPoolExecutor(max(1, len(self._arms))) as threads:
            closing = [threads.submit(arm.close) for arm in self._arms.values()]
        for closed in closing:
            closed.result()
