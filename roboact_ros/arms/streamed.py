"""An arm behind somebody else's driver: targets go out as they are taken, and its joints come in as they are told."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np

from roboact_ros.types import ArmMode, ArmState, FloatArray

STALE_NS = 400_000_000
"""An arm that has told nothing for this long is not driven until it does."""

HALT_DECELERATION = 5.0
"""How hard the fastest joint brakes in a halt [rad/s^2]."""


class StreamedArm:
    """See :class:`~roboact_ros.arms.arm.Arm`. The driver at the other end is trusted to follow.

    Args:
        dt: Control period [s].
        deceleration: How hard the fastest joint brakes in a halt [rad/s^2].
        clock: Monotonic time [ns].
    """

    def __init__(
        self,
        dt: float,
        deceleration: float = HALT_DECELERATION,
        clock: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._dt, self._deceleration, self._clock = dt, deceleration, clock
        self._told: ArmState | None = None
        self._q: FloatArray | None = None
        self._qd = np.zeros(0)
        self._out: list[tuple[int, list[float]]] = []

    @property
    def heard(self) -> bool:
        """Whether the arm has told where it is."""
        return self._told is not None

    def tell(self, q: Sequence[float], qd: Sequence[float], at_ns: int) -> None:
        """Note joints [rad] and their speeds [rad/s] that were measured at a monotonic time [ns].

        What is no number counts as silence.
        """
        state = ArmState(at_ns, np.array(q, dtype=np.float64), np.array(qd, dtype=np.float64), ArmMode.RUNNING)
        if np.isfinite(state.q).all() and np.isfinite(state.qd).all():
            self._told = state

    def take(self) -> list[tuple[int, list[float]]]:
        """Return the targets since the last call, each with the monotonic time that it was commanded at [ns]."""
        out, self._out = self._out, []
        return out

    def read(self) -> ArmState:
        """See :class:`~roboact_ros.arms.arm.Arm`.

        Raises:
            RuntimeError: The arm has not told anything yet.
        """
        if self._told is None:
            raise RuntimeError("read before the arm was heard")
        if self._clock() - self._told.monotonic_ns <= STALE_NS:
            return self._told
        told = self._told
        return ArmState(told.monotonic_ns, told.q, np.zeros_like(told.q), ArmMode.SILENT)

    def servo(self, q: FloatArray) -> None:
        """See :class:`~roboact_ros.arms.arm.Arm`."""
        self._qd = np.zeros_like(q) if self._q is None else (q - self._q) / self._dt
        self._q = q.copy()
        self._out.append((self._clock(), q.tolist()))

    def halt(self) -> None:
        """See :class:`~roboact_ros.arms.arm.Arm`; call it once per period until the arm stands."""
        if self._q is None:
            return
        fastest = float(np.abs(self._qd).max())
        if fastest == 0.0:
            self._q = None
            return
        keep = max(1.0 - self._deceleration * self._dt / fastest, 0.0)
        self.servo(self._q + keep * self._qd * self._dt)

    def unlock(self) -> None:
        """See :class:`~roboact_ros.arms.arm.Arm`; nothing is known of stops of such an arm."""

    def close(self) -> None:
        """See :class:`~roboact_ros.arms.arm.Arm`."""
