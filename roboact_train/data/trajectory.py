"""Stochastic trajectory augmentation: other ways to the same waypoints, and ways back onto them. Pure: no robot.

A demonstration is the sequence of motions that was carried out. Nothing here moves the arm: whoever carries a plan out
takes the image before each step that is to be recorded. See https://arxiv.org/abs/2411.00508, section III-C.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from roboact_ros.language.vocabulary import GRIPPER_AXIS, TRANSLATION_AXES, displacement
from roboact_ros.types import Motion

KEPT = 3
"""Last motions before a waypoint that stay as they were recorded."""
STEPS = (1, 5, 10)
"""Lengths of new steps and of deviations [cm]."""
_EXACT = Decimal("0.0001")

DEVIATIONS = tuple(
    displacement(axis, sign, Decimal(length)) for axis in TRANSLATION_AXES for sign in (-1, 1) for length in STEPS
)
"""Every deviation there is: 1, 5 or 10 cm along an axis, either way."""


class Part(enum.Enum):
    """Why a step is in a plan."""

    KEPT = "kept"
    DIVERSIFIED = "diversified"
    DEVIATION = "deviation"
    RECOVERY = "recovery"


@dataclass(frozen=True, slots=True)
class AugmentedStep:
    """One motion of an augmented trajectory.

    Attributes:
        motion: What to do.
        part: Why.
    """

    motion: Motion
    part: Part

    @property
    def record(self) -> bool:
        """Whether the image before this motion and the motion are a sample; a deviation never is."""
        return self.part is not Part.DEVIATION


def waypoints(motions: Sequence[Motion]) -> list[int]:
    """Return the waypoints of a demonstration, ascending; the last one is its end.

    Waypoint ``k`` is the state before motion ``k``. It is one when the gripper is about to change or has just done so,
    and when the displacement along an axis is about to go back.
    """
    found = {len(motions)} if motions else set()
    direction = np.zeros(GRIPPER_AXIS)
    opening: float | None = None
    for k, motion in enumerate(motions):
        if motion.gripper is not None and motion.gripper != opening:
            found |= {k, k + 1}
            opening = motion.gripper
        for axis in TRANSLATION_AXES:
            sign = np.sign(motion.action[axis])
            if sign and sign == -direction[axis]:
                found.add(k)
            direction[axis] = sign or direction[axis]
    return sorted(found - {0})


def diversified(motions: Sequence[Motion], generator: np.random.Generator) -> list[Motion]:
    """Return another way to do ``motions``: the same displacement in new steps, the same rotations in their order.

    The steps along each axis are drawn from ``STEPS`` and all go the same way; what does not add up to a whole
    centimetre is one step of its own. The steps of the axes and the rotations are shuffled together. Rotations turn the
    tool about its own point, so the tool ends where it ended before.

    Args:
        motions: Part of a demonstration between two waypoints.
        generator: Draws the steps and their order.
    """
    groups: list[list[Motion]] = [[motion for motion in motions if not _translates(motion)]]
    for axis in TRANSLATION_AXES:
        total = sum((Decimal(repr(motion.action[axis])) * 100 for motion in motions), Decimal(0)).quantize(_EXACT)
        sign = -1 if total < 0 else 1
        groups.append([displacement(axis, sign, length) for length in _lengths(abs(total), generator)])
    order = generator.permutation([number for number, group in enumerate(groups) for _ in group])
    return [groups[number].pop(0) for number in order.tolist()]


def augmented(
    motions: Sequence[Motion],
    generator: np.random.Generator,
    kept: int = KEPT,
    deviations: Sequence[Motion] = DEVIATIONS,
) -> list[AugmentedStep]:
    """Return one augmented trajectory, from the state in which the demonstration began.

    Between two waypoints all but the last ``kept`` motions are done in another way. Before each of the kept ones the
    arm leaves the path by a random deviation and recovers from it.

    Args:
        motions: The demonstration.
        generator: Draws everything.
        kept: Motions before a waypoint that stay as they are.
        deviations: What to draw deviations from, each along one axis; none leaves recovery out.
    """
    plan: list[AugmentedStep] = []
    start = 0
    for end in waypoints(motions):
        cut = max(start, end - kept)
        plan += [AugmentedStep(motion, Part.DIVERSIFIED) for motion in diversified(motions[start:cut], generator)]
        for motion in motions[cut:end]:
            if deviations and motion.gripper is None:
                deviation = deviations[int(generator.integers(len(deviations)))]
                plan.append(AugmentedStep(deviation, Part.DEVIATION))
                plan.append(AugmentedStep(reversed_motion(deviation), Part.RECOVERY))
            plan.append(AugmentedStep(motion, Part.KEPT))
        start = end
    return plan


def reversed_motion(motion: Motion) -> Motion:
    """Return the motion that takes a translation along one axis back."""
    (axis,) = (axis for axis in TRANSLATION_AXES if motion.action[axis])
    value = motion.action[axis]
    return displacement(axis, -1 if value > 0 else 1, abs(Decimal(repr(value))) * 100)


def _translates(motion: Motion) -> bool:
    return any(motion.action[axis] for axis in TRANSLATION_AXES)


def _lengths(total: Decimal, generator: np.random.Generator) -> list[Decimal]:
    """Return random lengths [cm] that add up to ``total``, in random order."""
    lengths = []
    while choices := [Decimal(step) for step in STEPS if step <= total]:
        lengths.append(choices[int(generator.integers(len(choices)))])
        total -= lengths[-1]
    lengths += [total] if total else []
    return [lengths[place] for place in generator.permutation(len(lengths)).tolist()]
