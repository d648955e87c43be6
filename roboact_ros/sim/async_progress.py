"""The register in which the control script of ur_rtde reports asynchronous moves."""

from __future__ import annotations

_RUNNING = 1 << 15


class AsyncProgress:
    """Bits 24-30 number the operation, 16-22 count the writes, 15 says whether it runs, the rest is its progress.

    Args:
        values: Output registers.
        slot: Index of the register in ``values``.
    """

    def __init__(self, values: list[float], slot: int) -> None:
        self._values, self._slot = values, slot
        self._operation = self._writes = 0

    def reset(self) -> None:
        """Report that nothing runs."""
        self._write(0)

    def started(self) -> None:
        """Report a new operation."""
        self._operation = (self._operation + 1) % 128
        self._write(_RUNNING)

    def finished(self) -> None:
        """Report its end."""
        self._write(0)

    def _write(self, low: int) -> None:
        self._writes = (self._writes + 1) % 128
        self._values[self._slot] = self._operation << 24 | self._writes << 16 | low
