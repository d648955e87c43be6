"""Drives a gripper from a thread of its own, so that its socket never keeps the control loop waiting."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

from roboact_ros.arms.gripper import Gripper
from roboact_ros.errors import ArmError
from roboact_ros.types import GripperState

_POLL_PERIOD, _IDLE_PERIOD = 0.05, 0.2
_RETRY_PERIOD = 2.0


class GripperWorker:
    """Opens the gripper, carries out commands and polls its state; reconnects by itself.

    Args:
        make: Opens the gripper; raises :class:`ArmError` when it cannot be reached.
        report: Takes one line for the operator when the gripper is lost or found.
    """

    def __init__(self, make: Callable[[], Gripper], report: Callable[[str], None]) -> None:
        self._make, self._report = make, report
        self._state: GripperState | None = None
        self._command: tuple[float] | None = None  # a new object for every command
        self._halting = False
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="gripper", daemon=True)
        self._thread.start()

    @property
    def state(self) -> GripperState | None:
        """Newest state, or None while the gripper cannot be reached; moving from the moment of a command on."""
        state = self._state
        return replace(state, moving=True) if state is not None and self._command is not None else state

    def move(self, opening: float) -> None:
        """Command an opening and return at once."""
        with self._lock:
            self._command = (opening,)
        self._wake.set()

    def halt(self) -> None:
        """Stop the fingers, drop a command that is not under way yet, and return at once."""
        with self._lock:
            self._command, self._halting = None, True
        self._wake.set()

    def close(self) -> None:
        """Disconnect; may be called twice."""
        self._closing = True
        self._wake.set()
        self._thread.join(timeout=2.0)

    def _run(self) -> None:
        while not self._closing:
            try:
                gripper = self._make()
            except ArmError as error:
                self._report(str(error))
                self._wake.wait(_RETRY_PERIOD)
                continue
            try:
                self._serve(gripper)
            except ArmError as error:
                self._state = None
                self._report(str(error))
            finally:
                gripper.close()

    def _serve(self, gripper: Gripper) -> None:
        with self._lock:
            self._command = None  # an old one must not move the gripper when it comes back
        while not self._closing:
            if self._halting:
                gripper.halt()
                self._halting = False
            command = self._command
            if command is not None:
                gripper.move(command[0])
            self._state = gripper.read()
            with self._lock:
                # The state is that of the last command only if no other came meanwhile.
                done = self._command is command and not self._halting
                if done:
                    self._command = None
            if done:
                self._wake.wait(_POLL_PERIOD if self._state.moving else _IDLE_PERIOD)
            self._wake.clear()
