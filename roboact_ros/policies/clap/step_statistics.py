"""Statistics of a run that was trained on steps and not on chunk-relative poses, such as the one for LIBERO."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from roboact_ros.errors import PolicyError, did_you_mean
from roboact_ros.policies.clap.layout import ARM_WIDTH, AXES
from roboact_ros.types import FloatArray

_GRIPPER = AXES.index("gripper")


@dataclass(frozen=True, slots=True, eq=False)
class StepStatistics:
    """Smallest and largest (7,) steps in the data; they mean -1 and 1, but grippers are not scaled.

    Raises:
        PolicyError: They are not seven finite numbers each.
    """

    low: FloatArray
    high: FloatArray

    def __post_init__(self) -> None:
        for name, row in (("min", self.low), ("max", self.high)):
            if row.shape != (ARM_WIDTH,) or not np.isfinite(row).all():
                raise PolicyError(f"the {name} of steps is {ARM_WIDTH} finite numbers, not {row.tolist()}")
        if (self.high < self.low).any():
            column = int(np.argmax(self.high < self.low))
            raise PolicyError(f"{AXES[column]}: max {self.high[column]:g} is below min {self.low[column]:g}")

    def actions(self, normalised: FloatArray) -> FloatArray:
        """Return the (…, 7) steps, in the units of the data, that normalised ones mean. Nothing is clipped."""
        if normalised.shape[-1:] != (ARM_WIDTH,):
            raise PolicyError(f"a step has {ARM_WIDTH} columns, not the shape {normalised.shape}")
        steps = (normalised + 1.0) / 2.0 * (self.high - self.low) + self.low
        steps[..., _GRIPPER] = normalised[..., _GRIPPER]
        return steps

    def normalised(self, steps: FloatArray) -> FloatArray:
        """Inverse of :meth:`actions`; an axis that never changed in the data is 0."""
        width = self.high - self.low
        normalised = np.where(width > 0.0, 2.0 * (steps - self.low) / np.where(width > 0.0, width, 1.0) - 1.0, 0.0)
        normalised[..., _GRIPPER] = steps[..., _GRIPPER]
        return normalised


def read_step_statistics(path: Path, key: str = "") -> StepStatistics:
    """Read the ``dataset_statistics.json`` of a run.

    Args:
        path: The file.
        key: Which of its entries; it may be left out where there is one only.

    Raises:
        PolicyError: The file cannot be used, or has no such entry.
    """
    try:
        known: Any = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise PolicyError(f"{path} is no statistics file: {error}") from error
    if not isinstance(known, dict) or not known:
        raise PolicyError(f"{path} is no statistics file: it should hold an object with an entry for each robot")
    if not key and len(known) > 1:
        raise PolicyError(f"{path} has statistics of {', '.join(known)}; say which")
    key = key or next(iter(known))
    if key not in known:
        raise PolicyError(f'{path} has no statistics "{key}": {did_you_mean(key, known)}')
    try:
        low, high = (np.asarray(known[key]["action"][name], dtype=np.float64) for name in ("min", "max"))
        return StepStatistics(low, high)
    except (KeyError, TypeError, ValueError) as error:
        raise PolicyError(f"{path}, {key}: action should have the lists min and max: {error}") from error
    except PolicyError as error:
        raise PolicyError(f"{path}, {key}: {error}") from error
