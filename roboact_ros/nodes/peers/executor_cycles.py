"""Runs the executor node, keeps its arm moving, and prints how punctual its control loop was."""

from __future__ import annotations

import os
import time

import rclpy
from rclpy.experimental import EventsExecutor

from roboact_ros.execution.status import PERSON
from roboact_ros.nodes.executor_node import ExecutorNode
from roboact_ros.nodes.peers.servo_side import Side, Stopwatch, motion, parse_side


class DrivenExecutorNode(ExecutorNode):
    """The executor node with a motion whenever it has none."""

    def __init__(self, side: Side) -> None:
        super().__init__(side.cell)
        self._side, self._motions, self._counted = side, 0, 0
        self._stopwatch: Stopwatch | None = None
        self._next = float("inf")
        self.finished = False
        self.create_timer(0.02, self._drive)

    def _drive(self) -> None:
        if self._told["state"] == "idle":
            if self._next == float("inf"):
                self._next = time.monotonic() + self._side.settle
            if self._servo.submit([motion(self._motions)], PERSON)["refused"]:
                self._servo.request("home", source=PERSON)  # a motion that was dropped left the arm too far to one side
            else:
                self._motions += 1
            self._told["state"] = "moving"
        if time.monotonic() < self._next or self.finished:
            return
        lateness = {k: v for k, v in self._servo.request("measure").items() if k not in ("kind", "id", "refused")}
        if self._stopwatch is None:
            self._stopwatch, self._counted = Stopwatch(os.getpid(), self._servo.pid or 0), self._motions
            self._next = time.monotonic() + self._side.seconds
        else:
            self._stopwatch.report(lateness, self._motions - self._counted, str(self._told.get("realtime", "")))
            self.finished = True


def main() -> None:
    """Run until the counts are printed."""
    side = parse_side()
    rclpy.init()
    node = DrivenExecutorNode(side)
    executor = EventsExecutor()
    executor.add_node(node)
    while not node.finished:
        executor.spin_once(timeout_sec=0.1)
    node.destroy_node()
    rclpy.shutdown()


if __name__ == "__main__":
    main()
