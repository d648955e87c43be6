"""The kitchen as this process sees it: a process of another Python, asked over a pipe."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from roboact_ros.errors import ConfigurationError, PolicyError, did_you_mean
from roboact_ros.types import FloatArray
from roboact_train.evaluate.foreign import ForeignSimulator
from roboact_train.evaluate.kitchen.policy import JOINTS, KitchenObservation, TrueState
from roboact_train.evaluate.kitchen.server import Arrays

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


class Kitchen(ForeignSimulator):
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
        options = [] if view is None else ["--camera", view.camera, "--size", str(view.width), str(view.height)]
        super().__init__(python, server, options, patience_s, "the kitchen", RECIPE)

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
        found: KitchenObservation = self.ask(head, {}, _understood)[0]
        return found

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
        answer: tuple[KitchenObservation, bool] = self.ask({"do": "step"}, {"action": action}, _understood)
        return answer


def _understood(answer: dict[str, Any], found: Arrays) -> tuple[KitchenObservation, bool]:
    true = {name: array for name, array in found.items() if name not in ("joints", "image")}
    state = TrueState(**true) if true else None
    return KitchenObservation(found["joints"], found.get("image"), state), bool(answer["success"])
