"""Keeps a source of images that is no real camera at its own rate."""

from __future__ import annotations

import time


class Pace:
    """Waits until the next image is due; a late caller is not paid back with a burst.

    Images are due at whole multiples of their period, so cameras of one rate see the same moment, in any process of a
    machine, as cameras do that are triggered together; policies that look through several need that.
    """

    def __init__(self, fps: float) -> None:
        self._period = 1.0 / fps
        self._last = int(time.monotonic() / self._period)

    def wait(self) -> None:
        """Block until the next image is due, or not at all when that has passed."""
        due, now = self._last + 1, time.monotonic() / self._period
        if now < due:
            time.sleep((due - now) * self._period)
        self._last = max(due, int(now))
