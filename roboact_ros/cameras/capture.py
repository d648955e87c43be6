"""Reads a camera in threads of its own, delivers the newest frame, and keeps trying when the camera is gone."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from roboact_ros.cameras.camera import Camera, SourceEnded
from roboact_ros.cameras.open import Opener
from roboact_ros.cameras.statistics import CameraStatistics
from roboact_ros.errors import CameraError
from roboact_ros.types import Frame

_FIRST_RETRY = 0.1
_SLOWEST_RETRY = 2.0


class Capture:
    """One thread reads the camera, a second one delivers, so that a slow receiver costs frames but never adds age.

    A frame that was not delivered before the next one arrived gives way to it. A failure is counted and retried with
    growing pauses; nothing is delivered meanwhile. Only a source that has ended stops for good.
    """

    def __init__(self, open_camera: Opener, deliver: Callable[[Frame], None], fps: float) -> None:
        """Start reading.

        Args:
            open_camera: Opens the camera.
            deliver: Called with every delivered frame, in a thread of its own.
            fps: Images per second that the camera should give.
        """
        self.statistics = CameraStatistics(fps)
        self._open_camera = open_camera
        self._deliver = deliver
        self._stopping = threading.Event()
        self._waiting: Frame | None = None
        self._arrived = threading.Condition()
        self._threads = [
            threading.Thread(target=target, name=target.__name__, daemon=True)
            for target in (self._read_frames, self._deliver_frames)
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Stop; nothing is delivered afterwards. A read that hangs in its driver is left behind."""
        self._stopping.set()
        with self._arrived:
            self._arrived.notify_all()
        reader, deliverer = self._threads
        deliverer.join()
        reader.join(timeout=1.0)

    def _read_frames(self) -> None:
        camera: Camera | None = None
        pause = _FIRST_RETRY
        while not self._stopping.is_set():
            try:
                camera = camera or self._open_camera()
                frame = camera.read()
            except SourceEnded as end:
                self.statistics.failed(str(end))
                break
            except CameraError as error:
                self.statistics.failed(str(error))
                self._stopping.wait(pause)
                pause = min(2 * pause, _SLOWEST_RETRY)
                continue
            pause = _FIRST_RETRY
            with self._arrived:
                self.statistics.captured(time.monotonic_ns(), replaced=self._waiting is not None)
                self._waiting = frame
                self._arrived.notify()
        if camera is not None:
            camera.close()

    def _deliver_frames(self) -> None:
        while True:
            with self._arrived:
                self._arrived.wait_for(lambda: self._waiting is not None or self._stopping.is_set())
                frame, self._waiting = self._waiting, None
            if frame is None or self._stopping.is_set():
                return
            self._deliver(frame)
            self.statistics.delivered(time.monotonic_ns())
