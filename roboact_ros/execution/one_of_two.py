"""One arm of two, asked for motions of its own."""

from __future__ import annotations

from collections.abc import Sequence

from roboact_ros.errors import MotionRefused
from roboact_ros.execution.dual_executor import DualExecutor
from roboact_ros.execution.status import PERSON
from roboact_ros.execution.steps import Home
from roboact_ros.types import ActionChunk, Motion


class OneOfTwo:
    """Takes the words of :class:`~roboact_ros.execution.executor.Executor` for one arm.

    Args:
        both: The executor of both.
        name: Name of the arm.
    """

    def __init__(self, both: DualExecutor, name: str) -> None:
        self._both, self._number = both, both.names.index(name)
        self._arm = both.arm(self._number)

    def submit(self, plan: Sequence[Motion], source: str) -> None:
        """See :meth:`~roboact_ros.execution.executor.Executor.submit`."""
        try:
            self._arm.give_way(source)
            self._both.begin_one(self._number, self._both.prepare_one(self._number, list(plan)), source)
        except MotionRefused as error:
            raise self._both.refuse(str(error)) from None

    def home(self, source: str = PERSON) -> None:
        """See :meth:`~roboact_ros.execution.executor.Executor.home`."""
        try:
            self._both.begin_one(self._number, self._both.prepare_one(self._number, [Home()]), source)
        except MotionRefused as error:
            raise self._both.refuse(str(error)) from None

    def undo(self, source: str = PERSON) -> None:
        """See :meth:`~roboact_ros.execution.executor.Executor.undo`; the other arm comes to rest."""
        try:
            self._both.begin_one(self._number, self._both.prepare_one_undo(self._number), source)
        except MotionRefused as error:
            raise self._both.refuse(str(error)) from None

    def follow(self, chunk: ActionChunk, source: str) -> None:
        """Follow a chunk with both arms."""
        self._both.follow(chunk, source)
