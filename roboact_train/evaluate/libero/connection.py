"""LIBERO as this process sees it: a process of another Python, asked over a pipe."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from roboact_ros.errors import ConfigurationError, SimulationError
from roboact_ros.types import FloatArray
from roboact_train.evaluate.foreign import ForeignSimulator
from roboact_train.evaluate.kitchen.server import Arrays
from roboact_train.evaluate.libero.adapter import LiberoObservation

PYTHON = "ROBOACT_LIBERO_PYTHON"
"""Environment variable with the path of the Python that has LIBERO."""
SERVER = Path(__file__).with_name("server.py")
RECIPE = f"""LIBERO has an environment of its own, made by
  python3.11 -m venv libero
  libero/bin/pip install "libero==0.1.1" "mujoco<3.3" "numpy<2"
  libero/bin/python -c 'import libero.libero'        (once: it asks where data sets are; its scenes it downloads itself)
or from https://github.com/Lifelong-Robot-Learning/LIBERO, and named by --python libero/bin/python or {PYTHON}"""

Answer = tuple[LiberoObservation, bool, str]


class Libero(ForeignSimulator):
    """LIBERO in another process; use it in a ``with`` block, in one thread at a time.

    Args:
        python: The Python that has it.
        patience_s: An answer that takes longer never comes; the first one brings loading and drawing with it.

    Raises:
        ConfigurationError: There is no such Python.
    """

    def __init__(self, python: str, patience_s: float = 600.0) -> None:
        super().__init__(python, SERVER, [], patience_s, "LIBERO", RECIPE)

    def reset(self, suite: str, task: int, state: int) -> tuple[LiberoObservation, str]:
        """Begin an episode from a stored state; return what is known at its start, and the task in words.

        Raises:
            ConfigurationError: This Python does not have LIBERO, or there are fewer states.
            SimulationError: It died.
        """

        def understood(answer: dict[str, Any], found: Arrays) -> Answer:
            if state >= answer["states"]:
                raise ConfigurationError(
                    f"{suite}/{task} has {answer['states']} initial states; --episodes is at most that, not {state + 1}"
                )
            return _understood(answer, found)

        observation, _, words = self.ask({"do": "reset", "suite": suite, "task": task, "state": state}, {}, understood)
        if not words:
            raise SimulationError(f"LIBERO has no words for {suite}/{task}")
        return observation, words

    def step(self, action: FloatArray) -> tuple[LiberoObservation, bool]:
        """Do one step with an action (7,); return what is known then, and whether the task is done.

        Raises:
            SimulationError: LIBERO died.
        """
        observation, done, _ = self.ask({"do": "step"}, {"action": action}, _understood)
        return observation, done


def _understood(answer: dict[str, Any], found: Arrays) -> Answer:
    return LiberoObservation(**found), bool(answer["success"]), str(answer["words"])
