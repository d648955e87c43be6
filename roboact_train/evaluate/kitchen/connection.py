"""The kitchen as this process sees it: a process of another Python, asked over a pipe."""

from __future__ import annotations

import os
import select
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from roboact_ros.errors import ConfigurationError, PolicyError, SimulationError, did_you_mean
from roboact_ros.types import FloatArray
from roboact_train.evaluate.kitchen.policy import JOINTS, KitchenObservation, TrueState
from roboact_train.evaluate.kitchen.server import Arrays, read_message, write_message

CAMERAS = ("default", "left_cap", "right_cap")
PYTHON = "ROBOACT_KITCHEN_PYTHON"
"""Environment variable with the path of the Python that has the kitchen."""
SERVER = Path(__file__).with_name("server.py")
RECIPE = f"""the kitchen has an environment of its own, made by
  python3 -m venv kitchen
  kitchen/bin/pip install gymnasium-robotics==1.4.2 "mujoco>=3.3,<3.11"
and named by --python kitchen/bin/python or {PYTHON}"""


@dataclass(frozen=True, slots=True)
class KitchenView:
    """Which camera looks, and the size of its images [px]."""

    camera: str = "default"
    width: int = 128
    height: int = 128

    def __post_init__(self) -> None:
        if self.camera not in CAMERAS:
            raise ConfigurationError(f'no camera "{self.camera}" in the kitchen: {did_you_mean(self.camera, CAMERAS)}')
        if not (1 <= self.width <= 2560 and 1 <= self.height <= 1920):
            raise ConfigurationError(f"--size is 1 1 to 2560 1920, not {self.width} {self.height}")


class Kitchen:
    """A kitchen in another process; use it in a ``with`` block, in one thread at a time.

    Args:
        python: The Python that has it.
        view: What draws images; None draws none.
        patience_s: An answer that takes longer never comes; the first one brings loading and drawing with it.
        server: Script that is run, with ``-I``.

    Raises:
        ConfigurationError: There is no such Python.
    """

    def __init__(
        self, python: str, view: KitchenView | None = None, patience_s: float = 300.0, server: Path = SERVER
    ) -> None:
        command = [python, "-I", str(server)]
        if view is not None:
            command += ["--camera", view.camera, "--size", str(view.width), str(view.height)]
        self._python, self._patience_s = python, patience_s
        self._errors = tempfile.TemporaryFile()
        self._lock = threading.Lock()
        self._heard = False
        environment = {"MUJOCO_GL": "egl", **os.environ}
        pipe = subprocess.PIPE
        try:
            self._process = subprocess.Popen(
                command, bufsize=0, stdin=pipe, stdout=pipe, stderr=self._errors, env=environment
            )
        except OSError as error:
            self._errors.close()
            raise ConfigurationError(f"{python} cannot be run ({error.strerror}); {RECIPE}") from error

    def __enter__(self) -> Kitchen:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the other process; a thread that waits for its answer gets an error."""
        self._process.kill()
        self._process.wait()
        with self._lock:
            for stream in (self._process.stdin, self._process.stdout, self._errors):
                if stream is not None:
                    stream.close()

    def reset(self, task: str, seed: int, state: bool = False) -> KitchenObservation:
        """Begin an episode and return what is known at its start.

        Args:
            task: Name of the task.
            seed: Seed of the noise of its measurements; not negative.
            state: Whether observations have the true state.

        Raises:
            ConfigurationError: This Python does not have the kitchen.
            SimulationError: It died.
        """
        head = {"do": "reset", "task": task.replace("_", " "), "seed": seed, "state": state}
        return self._ask(head, {})[0]

    def step(self, action: FloatArray) -> tuple[KitchenObservation, bool]:
        """Do one step of 80 ms and return what is known then, and whether the task has been done.

        Args:
            action: (9,) velocities of the joints in -1 … 1.

        Raises:
            PolicyError: The action is none.
            SimulationError: The kitchen died.
        """
        action = np.asarray(action, np.float64)
        if action.shape != (JOINTS,) or not np.isfinite(action).all():
            raise PolicyError(f"the kitchen takes ({JOINTS},) finite velocities, not {action.shape} {action.tolist()}")
        return self._ask({"do": "step"}, {"action": action})

    def _ask(self, head: dict[str, Any], arrays: Arrays) -> tuple[KitchenObservation, bool]:
        with self._lock:
            assert self._process.stdin is not None
            try:
                if not self._heard:
                    self._hear()
                write_message(self._process.stdin, head, arrays)
                answer, found = self._answer()
                true = {name: array for name, array in found.items() if name not in ("joints", "image")}
                state = TrueState(**true) if true else None
                return KitchenObservation(found["joints"], found.get("image"), state), bool(answer["success"])
            except (EOFError, BrokenPipeError) as error:
                raise SimulationError(f"the kitchen in {self._python} ended {self._last_words()}") from error
            except (ValueError, KeyError, TypeError) as error:
                raise SimulationError(f"the kitchen in {self._python} said what is no message: {error!r}") from error

    def _hear(self) -> None:
        """Wait for the first message, which says what is lacking."""
        try:
            lacks = self._answer()[0]["lacks"]
        except EOFError as error:
            raise ConfigurationError(f"{self._python} ended {self._last_words()}; {RECIPE}") from error
        if lacks:
            raise ConfigurationError(f"{self._python} cannot run the kitchen: {', '.join(lacks)}; {RECIPE}")
        self._heard = True

    def _answer(self) -> tuple[dict[str, Any], Arrays]:
        assert self._process.stdout is not None
        return read_message(_Patient(self._process.stdout.fileno(), time.monotonic() + self._patience_s))

    def _last_words(self) -> str:
        try:
            status = self._process.wait(5.0)
        except subprocess.TimeoutExpired:
            self._process.kill()
            status = self._process.wait()
        self._errors.seek(0)
        words = self._errors.read().decode(errors="replace").strip().splitlines()[-1:]
        return f"with status {status}" + (f': "{words[0].strip()}"' if words else "")


class _Patient:
    """Reads a pipe, but not for ever."""

    def __init__(self, number: int, until: float) -> None:
        self._number, self._until = number, until

    def read(self, count: int) -> bytes:
        if not select.select([self._number], [], [], max(0.0, self._until - time.monotonic()))[0]:
            raise SimulationError("the kitchen did not answer in time: the machine is busy, or --size is large")
        return os.read(self._number, count)
