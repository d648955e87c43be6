"""A gripper on one standard digital output of the controller: high closes it, low opens it."""

from __future__ import annotations

import time
from contextlib import suppress

from rtde_io import RTDEIOInterface
from rtde_receive import RTDEReceiveInterface

from roboact_ros.errors import ArmError
from roboact_ros.execution.realtime import lazy_threads
from roboact_ros.types import GripperState

_STATE_RATE = 25.0


class DigitalOutputGripper:
    """See :class:`~roboact_ros.arms.gripper.Gripper`. Such a gripper feels nothing, so it counts as moving for a time.

    Args:
        address: Host name or address of the controller.
        pin: Standard digital output, 0 … 7.
        duration: How long opening or closing takes [s].

    Raises:
        ArmError: The controller does not answer.
    """

    def __init__(self, address: str, pin: int, duration: float = 1.0) -> None:
        self._address, self._pin = address, pin
        self._duration_ns, self._until_ns = int(duration * 1e9), 0
        try:
            with lazy_threads():
                self._io = RTDEIOInterface(address)
                self._receive = RTDEReceiveInterface(address, _STATE_RATE, ["timestamp", "actual_digital_output_bits"])
        except RuntimeError as error:
            raise ArmError(f"the outputs of the controller at {address} cannot be reached: {error}") from error

    def move(self, opening: float) -> None:
        """See :class:`~roboact_ros.arms.gripper.Gripper`; half open counts as open."""
        try:
            switched = self._io.setStandardDigitalOut(self._pin, opening < 0.5)
        except RuntimeError as error:  # all that the client library raises, here when its connection is gone
            raise ArmError(f"the outputs of the controller at {self._address} were lost: {error}") from error
        if not switched:
            raise ArmError(f"the controller at {self._address} did not switch digital output {self._pin}")
        self._until_ns = time.monotonic_ns() + self._duration_ns

    def halt(self) -> None:
        """See :class:`~roboact_ros.arms.gripper.Gripper`; one that is switched knows no place between."""

    def read(self) -> GripperState:
        """See :class:`~roboact_ros.arms.gripper.Gripper`."""
        if not self._receive.isConnected():
            raise ArmError(f"the controller at {self._address} closed the connection")
        closed = self._receive.getDigitalOutState(self._pin)
        return GripperState(0.0 if closed else 1.0, time.monotonic_ns() < self._until_ns, holding=False)

    def close(self) -> None:
        """See :class:`~roboact_ros.arms.gripper.Gripper`."""
        with suppress(RuntimeError):  # the client library raises it where the connection is gone already
            self._io.disconnect()
        with suppress(RuntimeError):
            self._receive.disconnect()
