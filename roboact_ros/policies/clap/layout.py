"""The 14 columns of CLAP's actions and states: seven of the left arm, then seven of the right one."""

from __future__ import annotations

import enum

import numpy as np
from numpy.typing import NDArray

from roboact_ros.errors import ConfigurationError, PolicyError, did_you_mean
from roboact_ros.types import FloatArray

ARMS = ("left", "right")
AXES = ("x", "y", "z", "roll", "pitch", "yaw", "gripper")
"""Of an arm: position in the robot's base [m], extrinsic Euler angles [rad], gripper (-1 open … 1 closed)."""
ARM_WIDTH = len(AXES)
COLUMNS = tuple(f"{arm}/{axis}" for arm in ARMS for axis in AXES)
WIDTH = len(COLUMNS)
GRIPPERS = (6, 13)

_ALIASES = {
    "left": "single_left",
    "right": "single_right",
    "single": "single_right",
    "bimanual": "dual",
    "both": "dual",
}


class ArmLayout(enum.Enum):
    """Which of the two arms a robot has; a single one takes the columns of its side, and the others are zero."""

    DUAL = "dual"
    SINGLE_LEFT = "single_left"
    SINGLE_RIGHT = "single_right"

    @property
    def mask(self) -> tuple[bool, bool]:
        """Whether there is a left and a right arm."""
        return self is not ArmLayout.SINGLE_RIGHT, self is not ArmLayout.SINGLE_LEFT

    @property
    def columns(self) -> NDArray[np.bool_]:
        """(14,): which columns belong to an arm that exists."""
        return np.repeat(self.mask, ARM_WIDTH)

    def padded(self, rows: FloatArray) -> FloatArray:
        """Return (…, 14) rows for those (…, 7 or 14) of the arms that exist; columns of others are zero.

        Raises:
            PolicyError: The number of columns is another.
        """
        wanted = int(self.columns.sum())
        if rows.shape[-1:] != (wanted,):
            raise PolicyError(f"a robot with the arms {self.value} has rows of {wanted} columns, not {rows.shape}")
        padded = np.zeros((*rows.shape[:-1], WIDTH))
        padded[..., self.columns] = rows
        return padded


def layout_named(name: str) -> ArmLayout:
    """Return a layout by its name or an alias: ``left``, ``right``, ``single`` (the right one), ``bimanual``, ``both``.

    Raises:
        ConfigurationError: There is none of that name.
    """
    names = [layout.value for layout in ArmLayout]
    if _ALIASES.get(name, name) not in names:
        raise ConfigurationError(f'arm layout "{name}": {did_you_mean(name, [*names, *_ALIASES])}')
    return ArmLayout(_ALIASES.get(name, name))


def check_width(rows: FloatArray, what: str) -> None:
    """Raise a PolicyError that names ``what`` unless the last dimension of ``rows`` has the 14 columns."""
    if rows.shape[-1:] != (WIDTH,):
        raise PolicyError(f"{what} has {WIDTH} columns ({COLUMNS[0]} … {COLUMNS[-1]}), not the shape {rows.shape}")
