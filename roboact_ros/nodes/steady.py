"""Timers that go on when somebody sets the clock."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from rclpy.node import Node


def every(node: Node, seconds: float, callback: Callable[[], None]) -> None:
    """Call ``callback`` in the node's executor every ``seconds``, as long as the process lives.

    A node's own timers follow the wall clock, and so do the timed waits in the wheels of the middleware: set back by
    an hour, they stand still for an hour, and with them whatever watches over the arm. Python's sleep does not.
    """
    waiting = threading.Event()

    def call() -> None:
        waiting.clear()
        callback()

    def tick() -> None:
        due = time.monotonic()
        while True:
            due = max(due + seconds, time.monotonic())
            time.sleep(max(0.0, due - time.monotonic()))
            executor = node.executor
            if executor is not None and not waiting.is_set():
                waiting.set()
                executor.create_task(call)

    threading.Thread(target=tick, name=f"every {seconds:g} s", daemon=True).start()
