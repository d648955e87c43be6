"""What a camera really delivers: rate, losses, failures."""

from __future__ import annotations

import collections
import threading
from dataclasses import dataclass

_SECOND = 1_000_000_000


@dataclass(frozen=True, slots=True)
class CameraHealth:
    """Figures of one camera.

    Attributes:
        rate_hz: Images delivered per second, over the last seconds.
        age: Time since the newest image was delivered [s], infinite before the first one.
        delivered: Images delivered since the start.
        missed: Images that the camera should have given at its rate and did not.
        replaced: Images that were captured but gave way to a newer one before they were delivered.
        failures: Failed attempts to open or read.
        error: Why there are no images now; empty while there are.
        last_error: The last failure, also when it is over.
    """

    rate_hz: float
    age: float
    delivered: int
    missed: int
    replaced: int
    failures: int
    error: str
    last_error: str

    @property
    def drops(self) -> int:
        """Images that nobody got: missed and replaced."""
        return self.missed + self.replaced


class CameraStatistics:
    """Counts what happens to the images of one camera; every method may be called from any thread."""

    def __init__(self, fps: float) -> None:
        """Start counting a camera that promises ``fps`` images per second."""
        self._fps = fps
        self._window_ns = int(max(2.0, 5.0 / fps) * _SECOND)
        self._lock = threading.Lock()
        self._delivered_ns: collections.deque[int] = collections.deque()
        self._captured_ns: int | None = None
        self._newest_ns: int | None = None
        self._delivered = self._missed = self._replaced = self._failures = 0
        self._error = self._last_error = ""

    def captured(self, now_ns: int, replaced: bool) -> None:
        """Count an image of the camera.

        Args:
            now_ns: ``time.monotonic_ns()``.
            replaced: The image before it was not delivered and is lost.
        """
        with self._lock:
            if self._captured_ns is not None:
                periods = (now_ns - self._captured_ns) * self._fps / _SECOND
                # Half a period of jitter is no loss.
                self._missed += max(0, int(periods + 0.5) - 1)
            self._captured_ns = now_ns
            self._replaced += replaced
            self._error = ""

    def delivered(self, now_ns: int) -> None:
        """Count an image that went out at ``now_ns`` [ns, monotonic]."""
        with self._lock:
            self._delivered += 1
            self._newest_ns = now_ns
            self._delivered_ns.append(now_ns)

    def failed(self, error: str) -> None:
        """Count a failure; the gap until the next image is then an outage, not missed images."""
        with self._lock:
            self._failures += 1
            self._error = self._last_error = error
            self._captured_ns = None

    def health(self, now_ns: int) -> CameraHealth:
        """Return the figures at ``now_ns`` [ns, monotonic]."""
        with self._lock:
            times = self._delivered_ns
            while times and times[0] < now_ns - self._window_ns:
                times.popleft()
            rate = (len(times) - 1) * _SECOND / (times[-1] - times[0]) if len(times) > 1 else 0.0
            return CameraHealth(
                rate_hz=rate,
                age=float("inf") if self._newest_ns is None else (now_ns - self._newest_ns) / _SECOND,
                delivered=self._delivered,
                missed=self._missed,
                replaced=self._replaced,
                failures=self._failures,
                error=self._error,
                last_error=self._last_error,
            )
