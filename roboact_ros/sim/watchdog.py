"""The watchdog that a program can put on one RTDE input."""

from __future__ import annotations

from collections.abc import Collection


class Watchdog:
    """Bites when its input is not written in time; off until :meth:`arm`."""

    def __init__(self) -> None:
        self.disarm()

    def arm(self, name: str, period: float, now: float) -> None:
        """Expect input ``name`` to be written at least every ``period`` [s]."""
        self._name, self._period, self._deadline = name, period, now + period

    def disarm(self) -> None:
        """Expect nothing."""
        self.arm("", 0.0, float("inf"))

    def written(self, names: Collection[str], now: float) -> None:
        """Take note of the inputs that a client wrote."""
        if self._name in names:
            self._deadline = now + self._period

    def bite(self, now: float) -> str:
        """Return why the program has to stop, empty while all is well."""
        return f"watchdog: {self._name} was not written for {self._period:.3f} s" if now > self._deadline else ""
