"""What the numbers of a model that decodes chunks mean: the ``action_space`` of its manifest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from roboact_ros.errors import PolicyError
from roboact_ros.types import CHUNK_AXES, FloatArray

_UNITS = {"units": "metre, radian", "frame": "robot base", "gripper": "0 closed ... 1 open"}


@dataclass(frozen=True, slots=True, eq=False)
class ChunkSpace:
    """Actions are ``mean + deviation * output`` of the model.

    Attributes:
        mean: (7,) of each axis [m, rad, opening].
        deviation: (7,) standard deviation of each axis, positive.
        period_ns: Time of a step [ns].
        executed: How many steps of a chunk are carried out before the next image is looked at.

    Raises:
        PolicyError: It cannot be used.
    """

    mean: FloatArray
    deviation: FloatArray
    period_ns: int
    executed: int

    def __post_init__(self) -> None:
        shapes = {(len(CHUNK_AXES),)} == {self.mean.shape, self.deviation.shape}
        if not shapes or not np.isfinite([self.mean, self.deviation]).all() or not (self.deviation > 0.0).all():
            raise PolicyError(
                f"an action space has {len(CHUNK_AXES)} means and positive deviations, not {self.mean.tolist()} and "
                f"{self.deviation.tolist()}"
            )
        if self.period_ns <= 0 or self.executed < 1:
            raise PolicyError(f"steps of {self.period_ns} ns, {self.executed} of them executed, are none")

    def normalised(self, actions: FloatArray) -> FloatArray:
        """Return what the model should put out for (..., 7) actions."""
        return (actions - self.mean) / self.deviation

    def actions(self, output: FloatArray) -> FloatArray:
        """Return the (..., 7) actions that the model's output means; an opening is one between 0 and 1."""
        actions: FloatArray = self.mean + self.deviation * output
        actions[..., -1] = actions[..., -1].clip(0.0, 1.0)
        return actions

    def to_notes(self) -> dict[str, Any]:
        """Return the ``action_space`` of a manifest."""
        return {
            "axes": list(CHUNK_AXES),
            "mean": self.mean.tolist(),
            "deviation": self.deviation.tolist(),
            "period_ns": self.period_ns,
            "executed": self.executed,
            **_UNITS,
        }


def space_from_notes(notes: Mapping[str, Any], where: object) -> ChunkSpace:
    """Inverse of :meth:`ChunkSpace.to_notes`; ``where`` names the manifest.

    Raises:
        PolicyError: Something is missing or cannot be used.
    """
    try:
        space = notes["action_space"]
        if list(space["axes"]) != list(CHUNK_AXES):
            raise PolicyError(f"{where}: the axes are {space['axes']}, not {list(CHUNK_AXES)}")
        mean, deviation = (np.array(space[name], dtype=np.float64) for name in ("mean", "deviation"))
        return ChunkSpace(mean, deviation, int(space["period_ns"]), int(space["executed"]))
    except (KeyError, TypeError, ValueError) as error:
        raise PolicyError(f"{where}: its action_space cannot be used: {error}") from error
