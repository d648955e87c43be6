"""One demonstration in a running cell: what is said through ``correction`` is done and recorded, to be kept or not."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from roboact_ros.errors import RecordingError
from roboact_ros.nodes.operator import OperatorError
from roboact_ros.nodes.recorder_client import RecorderClient
from roboact_ros.nodes.witness import Witness
from roboact_ros.types import FloatArray, GripperState

READY_SECONDS = 90.0
MOTION_SECONDS = 60.0
SAVE_SECONDS = 60.0


class Take:
    """Records from entering the ``with`` block to :meth:`save`; leaving it without saving discards the episode.

    Args:
        instruction: The task.
        namespace: Namespace of the cell.
        cameras: Cameras that must see before each motion.
        ready: How long the cell may take to be ready [s].
    """

    def __init__(
        self, instruction: str, namespace: str = "", cameras: tuple[str, ...] = ("front",), ready: float = READY_SECONDS
    ) -> None:
        self._instruction, self._ready = instruction, ready
        self._operator = Witness(namespace, cameras)
        self._recorder = RecorderClient(namespace)
        self._recording = False

    def __enter__(self) -> Take:
        """Wait for the cell, go home, and start to record.

        Raises:
            RoboactError: The cell is not ready, or an episode is being recorded already.
        """
        try:
            self._operator.ready(self._ready)
            self._operator.do("open the gripper", MOTION_SECONDS)
            self._operator.do("go home", MOTION_SECONDS)
            self._operator.instruct(self._instruction)
            self._recorder.call("start")
            self._recording = True
            self._see()
        except BaseException:
            self._leave()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the network."""
        self._leave()

    @property
    def position(self) -> FloatArray:
        """(3,) measured position of the tool in the base [m]."""
        return self._operator.position

    @property
    def gripper(self) -> GripperState:
        """Measured state of the gripper.

        Raises:
            OperatorError: It is not known.
        """
        if self._operator.gripper is None:
            raise OperatorError("the state of the gripper is not known")
        return self._operator.gripper

    def do(self, phrase: str) -> str:
        """Say something, wait until the arm rests and the cameras have seen it; return why it was refused, or empty.

        Raises:
            LanguageRefusal: It was not understood.
        """
        refused = ""
        try:
            self._operator.do(phrase, MOTION_SECONDS)
        except OperatorError as error:
            refused = str(error)
            self._operator.rest(MOTION_SECONDS)
        self._see()
        return refused

    def save(self, notes: Mapping[str, str] | None = None) -> Path:
        """Say that the task is done, and return the bag.

        Raises:
            RecordingError: The recorder did not save it.
        """
        for key, value in (notes or {}).items():
            self._recorder.note(key, value)
        path = Path(self._recorder.status().values["episode"])
        self._operator.say("done", MOTION_SECONDS)
        deadline = time.monotonic() + SAVE_SECONDS
        while (status := self._recorder.status()).values["state"] == "recording":
            if time.monotonic() > deadline:
                raise RecordingError(f"{path} was not saved within {SAVE_SECONDS:.0f} s: {status.message}")
        self._recording = False
        if status.values["episode"] != str(path):
            raise RecordingError(f"{path} was not saved: {status.message}")
        return path

    def _see(self) -> None:
        """Wait for a new image of every camera."""
        before = dict(self._operator.images)
        self._operator.wait(
            lambda: all(count > before[name] for name, count in self._operator.images.items()),
            MOTION_SECONDS,
            "a camera shows nothing",
        )

    def _leave(self) -> None:
        try:
            if self._recording:
                self._recorder.call("discard")
        finally:
            self._recorder.__exit__(None, None, None)
            self._operator.__exit__(None, None, None)
