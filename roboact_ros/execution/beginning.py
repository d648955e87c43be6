"""How a plan would begin: all that is to be known before anything changes."""

from __future__ import annotations

from dataclasses import dataclass

from roboact_ros.execution.follower import ArmMotion
from roboact_ros.execution.steps import Step
from roboact_ros.types import FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Beginning:
    """A plan that was found possible.

    Attributes:
        steps: Its steps.
        motion: Motion of the first one; None for a step of the gripper, and where the arm must come to rest before.
        path: (N, 6) joints on that motion at equal distances in time, or those where the arm is [rad].
        halts: Whether the arm must come to rest before.
    """

    steps: list[Step]
    motion: ArmMotion | None
    path: FloatArray
    halts: bool = False

    @property
    def duration(self) -> float:
        """Time of the first motion [s]."""
        return self.motion.duration if self.motion is not None else 0.0
