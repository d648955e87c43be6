"""A simulator in a process of another Python, asked over a pipe, and episodes in several of them."""

from __future__ import annotations

import os
import select
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from queue import SimpleQueue
from types import TracebackType
from typing import Any, Protocol, TypeVar

from roboact_ros.errors import ConfigurationError, SimulationError
from roboact_train.evaluate.kitchen.server import Arrays, read_message, write_message
from roboact_train.evaluate.result import Result

Simulator = TypeVar("Simulator", bound="ForeignSimulator")


class ForeignSimulator:
    """Use it in a ``with`` block, in one thread at a time.

    Args:
        python: The Python that has it.
        server: Script that is run, with ``-I``.
        options: Its command line.
        patience_s: An answer that takes longer never comes; the first one brings loading and drawing with it.
        name: What it is called in messages.
        recipe: How such a Python is made.

    Raises:
        ConfigurationError: There is no such Python.
    """

    def __init__(
        self, python: str, server: Path, options: Sequence[str], patience_s: float, name: str, recipe: str
    ) -> None:
        self._python, self._patience_s, self._name, self._recipe = python, patience_s, name, recipe
        self._errors = tempfile.TemporaryFile()
        self._lock = threading.Lock()
        self._heard = False
        environment = {"MUJOCO_GL": "egl", **os.environ}
        pipe = subprocess.PIPE
        try:
            self._process = subprocess.Popen(
                [python, "-I", str(server), *options],
                bufsize=0,
                stdin=pipe,
                stdout=pipe,
                stderr=self._errors,
                env=environment,
            )
        except OSError as error:
            self._errors.close()
            raise ConfigurationError(f"{python} cannot be run ({error.strerror}); {recipe}") from error

    def __enter__(self: Simulator) -> Simulator:
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

    def ask(self, head: dict[str, Any], arrays: Arrays, understood: Callable[[dict[str, Any], Arrays], Any]) -> Any:
        """Return what ``understood`` makes of the answer to a message.

        Raises:
            ConfigurationError: This Python does not have the simulator.
            SimulationError: It died, did not answer in time, or said what is no answer.
        """
        with self._lock:
            assert self._process.stdin is not None
            try:
                if not self._heard:
                    self._hear()
                write_message(self._process.stdin, head, arrays)
                return understood(*self._answer())
            except (EOFError, BrokenPipeError) as error:
                raise SimulationError(f"{self._name} in {self._python} ended {self._last_words()}") from error
            except (ValueError, KeyError, TypeError) as error:
                raise SimulationError(f"{self._name} in {self._python} said what is no message: {error!r}") from error

    def _hear(self) -> None:
        """Wait for the first message, which says what is lacking."""
        try:
            lacks = self._answer()[0]["lacks"]
        except EOFError as error:
            raise ConfigurationError(f"{self._python} ended {self._last_words()}; {self._recipe}") from error
        if lacks:
            raise ConfigurationError(f"{self._python} cannot run {self._name}: {', '.join(lacks)}; {self._recipe}")
        self._heard = True

    def _answer(self) -> tuple[dict[str, Any], Arrays]:
        assert self._process.stdout is not None
        return read_message(_Patient(self._process.stdout.fileno(), time.monotonic() + self._patience_s, self._name))

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

    def __init__(self, number: int, until: float, name: str) -> None:
        self._number, self._until, self._name = number, until, name

    def read(self, count: int) -> bytes:
        if not select.select([self._number], [], [], max(0.0, self._until - time.monotonic()))[0]:
            raise SimulationError(f"{self._name} did not answer in time: the machine is busy, or images are large")
        return os.read(self._number, count)


SimulatorOf = TypeVar("SimulatorOf", bound=ForeignSimulator, contravariant=True)


class ForeignTrial(Protocol[SimulatorOf]):
    """One episode."""

    def run(self, simulator: SimulatorOf, /) -> Result:
        """Do it and return what became of it."""
        ...


def play(
    trials: Sequence[ForeignTrial[Simulator]], simulators: int, simulator: Callable[[], Simulator]
) -> Generator[Result, None, None]:
    """Do ``trials`` in several simulators at the same time, and return their results in order; closing it ends them.

    Args:
        trials: What to do.
        simulators: How many there are.
        simulator: Makes one.

    Raises:
        ConfigurationError: Less than one simulator, or there is no such simulator.
        RoboactError: A trial cannot be done.
    """
    if simulators < 1:
        raise ConfigurationError(f"--processes is at least 1, not {simulators}")
    simulators = min(simulators, len(trials))
    pool = ThreadPoolExecutor(simulators)
    idle: SimpleQueue[Simulator] = SimpleQueue()

    def run(trial: ForeignTrial[Simulator]) -> Result:
        free = idle.get()
        try:
            return trial.run(free)
        finally:
            idle.put(free)

    with ExitStack() as stack:
        # Left in this order: no new trial begins, the simulators end, and with them the trials in them.
        stack.callback(pool.shutdown)
        for _ in range(simulators):
            made = simulator()
            stack.enter_context(made)
            idle.put(made)
        stack.callback(pool.shutdown, wait=False, cancel_futures=True)
        yield from pool.map(run, trials)
