"""What concerns both arms of a cell."""

from __future__ import annotations

import threading

import pytest

from roboact_ros.arms.dual import Arms


class _Closing:
    """An arm that can only be closed, and may fail at it."""

    def __init__(self, problem: str = "") -> None:
        self.problem, self.closed = problem, threading.Event()

    def close(self) -> None:
        if self.problem:
            raise RuntimeError(self.problem)
        self.closed.set()


def test_an_arm_that_cannot_be_closed_is_told_after_the_others_are() -> None:
    good = _Closing()
    with pytest.raises(RuntimeError, match="the robot is gone"):
        Arms({"left": _Closing("the robot is gone"), "right": good}).close()  # type: ignore[dict-item]
    assert good.closed.is_set()
    Arms({}).close()
