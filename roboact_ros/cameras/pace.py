"""Keeps a source of recorded images at its own rate."""

from __future__ import annotations

import time


class Pace:
    """Waits until the next image is due; a late caller is not paid back with a burst."""

    def __init__(self, fps: float) -> None:
        self._period = 1.0 / fps
        self._due = time.monotonic()

    def wait(self) -> None:
        """Block until one period after the last image was due, or not at all when that has passed."""
        now = time.monotonic()
        if now < self._due:
            time.sleep(self._due - now)
        self._due = max(self._due, now) + self._period
