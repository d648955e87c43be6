import threading

import numpy as np
import pytest

from roboact_ros.policies.tool_memory import ToolMemory
from roboact_ros.types import FloatArray

MS = 1_000_000


def pose(x: float) -> FloatArray:
    found = np.eye(4)
    found[0, 3] = x
    return found


def test_the_state_is_that_of_the_moment_not_the_newest() -> None:
    memory = ToolMemory()
    assert memory.at(0) is None and memory.newest_ns is None
    for number in range(10):
        memory.moved(1000 * MS + 20 * number * MS, pose(0.01 * number))
    memory.gripped(1050 * MS, True, 0.9)
    memory.gripped(1100 * MS, False, 0.4)
    assert memory.newest_ns == 1180 * MS

    state = memory.at(1070 * MS)
    assert state is not None and (state.open, state.opening) == (True, 0.9)
    assert state.pose_tool_in_base[0, 3] == pytest.approx(0.035)
    later = memory.at(1110 * MS)
    assert later is not None and (later.open, later.opening) == (False, 0.4)


def test_a_moment_that_nobody_told_of_is_not_known() -> None:
    memory = ToolMemory()
    memory.moved(1000 * MS, pose(0.1))
    assert memory.at(930 * MS) is None and memory.at(1070 * MS) is None
    state = memory.at(1050 * MS)
    assert state is not None and state.pose_tool_in_base[0, 3] == 0.1
    assert (state.open, state.opening) == (True, 1.0), "a cell without a gripper has one that is open"


def test_one_thread_tells_while_another_asks() -> None:
    memory, over = ToolMemory(), threading.Event()

    def tell() -> None:
        number = 0
        while not over.is_set():
            number += 1
            memory.moved(number * MS, pose(0.0))
            memory.gripped(number * MS, True, 1.0)

    teller = threading.Thread(target=tell)
    teller.start()
    try:
        for number in range(3000):
            memory.at(number * MS)
    finally:
        over.set()
        teller.join()


def test_only_the_last_seconds_are_remembered() -> None:
    memory = ToolMemory()
    for number in range(1000):
        memory.moved(20 * number * MS, pose(0.0))
    assert memory.at(0) is None and memory.at(20 * 999 * MS) is not None
