"""Normalisation by the 1 % and 99 % quantiles of a robot's actions and states, as CLAP keeps them in a JSON file."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from roboact_ros.errors import PolicyError, did_you_mean
from roboact_ros.policies.clap.layout import ARM_WIDTH, ARMS, COLUMNS, GRIPPERS, WIDTH, ArmLayout, check_width
from roboact_ros.policies.clap.robots import ClapRobot
from roboact_ros.types import FloatArray

FAR = 5.0
"""A state whose normalised position is beyond this (0.98 of the robot's own are within 1) is one of another robot."""

_TINY = 1e-8
_SCALED = np.array([column not in GRIPPERS for column in range(WIDTH)])
_POSITIONS = np.array([column % ARM_WIDTH < 3 for column in range(WIDTH)])


@dataclass(frozen=True, slots=True, eq=False)
class Quantiles:
    """Statistics of one robot. Grippers are not scaled: they are between -1 and 1 anyway. Nothing is clipped.

    Attributes:
        robot: Whose they are.
        action: (2, 14) 1 % and 99 % quantiles of chunk-relative actions [m, rad].
        state: (2, 14) the same of absolute states.

    Raises:
        PolicyError: They are not statistics of that robot.
    """

    robot: ClapRobot
    action: FloatArray
    state: FloatArray

    def __post_init__(self) -> None:
        for what, bounds in (("action", self.action), ("state", self.state)):
            if bounds.shape != (2, WIDTH):
                raise PolicyError(f"the {what} quantiles are 2 x {WIDTH} numbers, not of the shape {bounds.shape}")
            if not np.isfinite(bounds).all():
                raise PolicyError(f"the {what} quantiles are finite numbers, not {bounds.tolist()}")
            if (bounds[1] < bounds[0]).any():
                column = int(np.argmax(bounds[1] < bounds[0]))
                low, high = bounds[:, column].tolist()
                raise PolicyError(f"{what} {COLUMNS[column]}: the 99 % quantile {high:g} is below the 1 % one, {low:g}")
            for arm, present in enumerate(self.robot.layout.mask):
                if bounds[:, arm * ARM_WIDTH : (arm + 1) * ARM_WIDTH].any() != present:
                    told = "has no such arm" if not present else "has one"
                    raise PolicyError(
                        f"these are statistics of another robot: {what} is {'zero' if present else 'not zero'} for the "
                        f"{ARMS[arm]} arm, but {self.robot.name} ({self.robot.layout.value}) {told}"
                    )

    def normalised_actions(self, relative: FloatArray) -> FloatArray:
        """Return (…, 14) actions as models have them: about -1 … 1, zero for an arm that does not exist.

        Raises:
            PolicyError: The number of columns is another.
        """
        check_width(relative, "an action")
        return self._normalised(relative, self.action)

    def actions(self, normalised: FloatArray) -> FloatArray:
        """Inverse of :meth:`normalised_actions`; the actions are relative to the state at the first frame [m, rad]."""
        check_width(normalised, "an action")
        return self._inverse(normalised, self.action)

    def normalised_state(self, state: FloatArray) -> FloatArray:
        """Return (…, 14) states as models have them.

        Raises:
            PolicyError: The number of columns is another, a number is not finite, or a tool is where the robot of the
                statistics never was.
        """
        check_width(state, "a state")
        normalised = self._normalised(state, self.state)
        bad = ~(np.abs(normalised) <= FAR) & (_POSITIONS | ~np.isfinite(normalised)) & self.robot.layout.columns
        if bad.any():
            place = tuple(np.argwhere(bad)[0].tolist())
            low, high = self.state[:, place[-1]].tolist()
            raise PolicyError(
                f"the state {COLUMNS[place[-1]]} = {state[place]:.4g} is far from what {self.robot.name} is known for "
                f"({low:.3g} … {high:.3g}); are these the statistics of another robot?"
            )
        return normalised

    def states(self, normalised: FloatArray) -> FloatArray:
        """Inverse of :meth:`normalised_state`."""
        check_width(normalised, "a state")
        return self._inverse(normalised, self.state)

    def to_notes(self) -> dict[str, Any]:
        """Return the entry of the robot in a statistics file."""
        both = (("action", self.action), ("state", self.state))
        return {what: {"q01": bounds[0].tolist(), "q99": bounds[1].tolist()} for what, bounds in both}

    def _normalised(self, rows: FloatArray, bounds: FloatArray) -> FloatArray:
        scaled = 2.0 * (rows - bounds[0]) / self._range(bounds) - 1.0
        return np.where(self.robot.layout.columns, np.where(_SCALED, scaled, rows), 0.0)

    def _inverse(self, rows: FloatArray, bounds: FloatArray) -> FloatArray:
        raw = (rows + 1.0) / 2.0 * (bounds[1] - bounds[0]) + bounds[0]
        return np.where(self.robot.layout.columns, np.where(_SCALED, raw, rows), 0.0)

    def _range(self, bounds: FloatArray) -> FloatArray:
        """Return what is divided by; what never changes is divided by 1 with two arms, and by next to nothing else."""
        width = bounds[1] - bounds[0]
        return np.where(width < _TINY, 1.0, width) if self.robot.layout is ArmLayout.DUAL else width + _TINY


def read_statistics(path: Path, robot: ClapRobot) -> Quantiles:
    """Read the statistics of a robot from a file such as the released ``dataset_statistics_32.json``.

    Raises:
        PolicyError: The file cannot be used, or knows other robots only.
    """
    if not robot.statistics:
        raise PolicyError(f"{robot.name} has no actions, so there are no statistics of them")
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise PolicyError(f"{path} is no statistics file: {error}") from error
    if not isinstance(known, dict) or not known:
        raise PolicyError(f"{path} is no statistics file: it should hold an object with an entry for each robot")
    if robot.statistics not in known:
        raise PolicyError(
            f'{path} has no statistics of {robot.name}: key "{robot.statistics}": '
            f"{did_you_mean(robot.statistics, known)}"
        )
    try:
        return Quantiles(robot, *(_bounds(known[robot.statistics], what) for what in ("action", "state")))
    except PolicyError as error:
        raise PolicyError(f"{path}, {robot.statistics}: {error}") from error


def write_statistics(path: Path, statistics: Iterable[Quantiles]) -> None:
    """Write the statistics of some robots into one file."""
    path.write_text(json.dumps({one.robot.statistics: one.to_notes() for one in statistics}, indent=2) + "\n")


def _bounds(entry: Any, what: str) -> FloatArray:
    """Return the (2, 14) quantiles of ``what``."""
    try:
        rows = [np.asarray(entry[what][name], dtype=np.float64) for name in ("q01", "q99")]
    except (KeyError, TypeError, ValueError) as error:
        raise PolicyError(f"{what} should have the lists q01 and q99 of {WIDTH} numbers: {error}") from error
    if wrong := [row.shape for row in rows if row.shape != (WIDTH,)]:
        raise PolicyError(
            f"{what} has quantiles of the shape {wrong[0]}, not of {WIDTH} columns ({COLUMNS[0]} … {COLUMNS[-1]})"
        )
    return np.stack(rows)
