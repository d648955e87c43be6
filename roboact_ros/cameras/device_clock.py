"""From the clock of a camera to the clock of this machine."""

from __future__ import annotations

import collections

_SECOND = 1_000_000_000
WINDOW_NS = 10 * _SECOND
"""The clock of a camera drifts by up to 50 ppm, half a millisecond in this time [ns]."""

RESTART_NS = _SECOND
"""Frames may overtake each other by less than this; a larger step back is a clock that was set anew [ns]."""


class DeviceClock:
    """Tells how long ago a frame was exposed, from its stamp by the clock of the device. Pure: times come from outside.

    A frame arrives at its exposure plus a delay that varies with the load of bus and machine but hardly with the clock.
    The smallest difference between arrival and device stamp in the last ``WINDOW_NS`` is therefore the offset of the
    device clock, plus the shortest possible delay. Arrivals are monotonic times, so that nobody who sets the clock of
    the machine disturbs it, and a device clock that wraps or starts again is noticed by its step back.
    """

    def __init__(self) -> None:
        # Offsets that are still the smallest since they arrived: (arrival, offset), both growing.
        self._offsets: collections.deque[tuple[int, int]] = collections.deque()
        self._device_ns = 0
        self._exposed_ns = 0

    def age(self, device_ns: int, arrival_ns: int) -> int:
        """Return the age of a frame at its arrival, beyond the shortest possible delay [ns].

        The moments of exposure that follow from it never go back.

        Args:
            device_ns: When the frame was exposed, by the clock of the device [ns].
            arrival_ns: When it arrived, ``time.monotonic_ns()`` [ns].
        """
        if device_ns < self._device_ns - RESTART_NS:
            self._offsets.clear()
        self._device_ns = device_ns
        offset = arrival_ns - device_ns
        while self._offsets and self._offsets[-1][1] >= offset:
            self._offsets.pop()
        self._offsets.append((arrival_ns, offset))
        while self._offsets[0][0] < arrival_ns - WINDOW_NS:
            self._offsets.popleft()
        exposed_ns = device_ns + self._offsets[0][1]
        self._exposed_ns = min(max(exposed_ns, self._exposed_ns + 1), arrival_ns)
        return arrival_ns - self._exposed_ns
