"""The newest frame wins, failures are retried, and an end is an end."""

from __future__ import annotations

import queue
import threading
import time

import numpy as np

from roboact_ros.cameras.camera import SourceEnded
from roboact_ros.cameras.capture import Capture
from roboact_ros.cameras.statistics import CameraHealth
from roboact_ros.errors import CameraError
from roboact_ros.types import Frame

DEADLINE = 10.0


class ScriptedCamera:
    """Gives what the test puts into its script: a stamp, or an error to raise."""

    def __init__(self) -> None:
        self.script: queue.Queue[int | CameraError] = queue.Queue()
        self.closed = threading.Event()

    def read(self) -> Frame:
        step = self.script.get(timeout=DEADLINE)
        if isinstance(step, CameraError):
            raise step
        return Frame("front", step, np.zeros((2, 2, 3), np.uint8))

    def close(self) -> None:
        self.closed.set()


def health(capture: Capture) -> CameraHealth:
    return capture.statistics.health(time.monotonic_ns())


def test_slow_receiver_gets_the_newest_frame() -> None:
    camera, entered, free = ScriptedCamera(), threading.Event(), threading.Event()
    stamps: queue.Queue[int] = queue.Queue()

    def receive(frame: Frame) -> None:
        entered.set()
        assert free.wait(DEADLINE)
        stamps.put(frame.stamp_ns)

    capture = Capture(lambda: camera, receive, fps=100.0)
    camera.script.put(1)
    assert entered.wait(DEADLINE)
    for stamp in (2, 3, 4):
        camera.script.put(stamp)
    # The reader asks for the error only after it handed over frame 4.
    camera.script.put(CameraError("over"))
    deadline = time.monotonic() + DEADLINE
    while not health(capture).failures:
        assert not free.wait(0.01) and time.monotonic() < deadline
    free.set()
    assert [stamps.get(timeout=DEADLINE) for _ in range(2)] == [1, 4]
    assert health(capture).replaced == 2
    camera.script.put(SourceEnded("end"))
    capture.stop()


def test_camera_that_is_not_there_yet_and_fails_later_recovers() -> None:
    camera, stamps = ScriptedCamera(), queue.Queue[int]()
    attempts = iter([True, True, False])

    def open_camera() -> ScriptedCamera:
        if next(attempts):
            raise CameraError("not up yet")
        return camera

    capture = Capture(open_camera, lambda frame: stamps.put(frame.stamp_ns), fps=100.0)
    camera.script.put(1)
    assert stamps.get(timeout=DEADLINE) == 1
    assert health(capture).failures == 2 and not health(capture).error
    camera.script.put(CameraError("unplugged"))
    camera.script.put(2)
    assert stamps.get(timeout=DEADLINE) == 2
    assert health(capture).last_error == "unplugged"
    camera.script.put(SourceEnded("end"))
    assert camera.closed.wait(DEADLINE)
    assert health(capture).error == "end"
    capture.stop()


def test_nothing_is_delivered_after_stop() -> None:
    camera, stamps = ScriptedCamera(), queue.Queue[int]()
    capture = Capture(lambda: camera, lambda frame: stamps.put(frame.stamp_ns), fps=100.0)
    camera.script.put(1)
    assert stamps.get(timeout=DEADLINE) == 1
    camera.script.put(2)
    camera.script.put(SourceEnded("end"))
    capture.stop()
    count = stamps.qsize()
    assert camera.closed.wait(DEADLINE)
    assert stamps.qsize() == count
