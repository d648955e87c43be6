"""Two arms of one cell, for what concerns both: connecting, unlocking, letting go."""

from __future__ import annotations

import threading
from collections.abc import Mapping

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
        """Halt, disconnect and release all arms at the same time: none may wait without a sign of life."""
        threads = [threading.Thread(target=arm.close) for arm in self._arms.values()]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
