"""Kinematics of one individual arm, from the offsets its maker measured on it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from math import cos, sin

import numpy as np

from roboact_ros.errors import ConfigurationError, MotionRefused
from roboact_ros.execution import closed_form, dh
from roboact_ros.execution.kinematics import Kinematics, refusal
from roboact_ros.robots import RobotModel, Six
from roboact_ros.types import FloatArray

SEED_REACH = 0.2
"""How far out of the published arm's reach a pose may be and still be tried [m].

The arms differ by millimetres, but next to a singular wrist that turns the last joint, and with it the wrist, far away.
"""

ACCEPTED_ERROR = 1e-9
"""Largest error of a solution over metres and radians; a pose on the very boundary of the reach ends above 1e-12."""

NEARBY = 0.1
"""Largest joint distance from the seed within which a solution is taken without looking for a nearer one [rad]."""

WRIST_SINGULAR = 0.05
"""|sin q5| below which the published arm's last joint says little about this arm's."""

WRIST_TURNS = (0.4, -0.4, 0.8, -0.8, 1.6, -1.6, 3.1)

ITERATIONS = 500
"""Newton needs 2 or 3 steps; only singular poses need hundreds, and a pose out of reach ends the search by itself."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """What to add to the published Denavit-Hartenberg table for one individual arm.

    The axes of joints 2, 3 and 4 are nearly parallel, so the offsets of their d can be many metres and cancel.

    Attributes:
        theta: Added to the joint positions [rad].
        d: Added to the link offsets [m].
        a: Added to the link lengths [m].
        alpha: Added to the link twists [rad].
    """

    theta: Six
    d: Six
    a: Six
    alpha: Six

    def __post_init__(self) -> None:
        """Refuse offsets that are not numbers.

        Raises:
            ConfigurationError: An offset is NaN or infinite.
        """
        for name in ("theta", "d", "a", "alpha"):
            if not np.isfinite(getattr(self, name)).all():
                raise ConfigurationError(f"calibration {name} must be six finite numbers, got {getattr(self, name)}")

    @classmethod
    def from_table(
        cls, model: RobotModel, theta: FloatArray, d: FloatArray, a: FloatArray, alpha: FloatArray
    ) -> Calibration:
        """Return the calibration of an arm that reports its whole table, each (6,), rather than differences."""
        published = ((0.0,) * 6, model.d, model.a, model.alpha)
        whole = (theta, d, a, alpha)
        return cls(*(_six(np.asarray(w) - np.asarray(p)) for w, p in zip(whole, published, strict=True)))


class CalibratedKinematics(Kinematics):
    """Kinematics of one individual arm: the closed form of the published table as the seed, then Newton steps.

    Args:
        model: The published arm.
        pose_tool_in_flange: (4, 4) tool centre point.
        calibration: Offsets of this individual.
    """

    def __init__(self, model: RobotModel, pose_tool_in_flange: FloatArray, calibration: Calibration) -> None:
        super().__init__(model, pose_tool_in_flange)
        self.calibration = calibration
        self._table = dh.dh_table(
            np.array(calibration.theta),
            np.add(model.d, calibration.d),
            np.add(model.a, calibration.a),
            np.add(model.alpha, calibration.alpha),
        )
        self._arm = closed_form.pack_arm(model, self.pose_tool_in_flange, SEED_REACH)

    def inverse(self, pose_tool_in_base: FloatArray, q_near: FloatArray) -> FloatArray:
        """Return the solution (6,) with the smallest max |q - q_near|, joints turned within their limits.

        Raises:
            MotionRefused: The arm cannot take this pose.
        """
        q = np.empty(6)
        status, miss = closed_form.nearest(pose_tool_in_base, q_near, self._arm, np.empty((8, 6)), q)
        if status == closed_form.REACHED:
            error = self._refine(pose_tool_in_base, q)
            distance = closed_form.turn_towards(q, q_near, self._arm, np.inf)
            if error <= ACCEPTED_ERROR and distance < NEARBY:
                return q
            # At a singular pose this arm may lack the published arm's nearest solution or have a nearer one.
            seeds = [q_near, *super().inverse_all(pose_tool_in_base)]
            solved = self._solve(pose_tool_in_base, q_near, seeds) or self._solve(
                pose_tool_in_base, q_near, _with_wrist_turned(seeds)
            )
            if solved:
                return min(solved, key=lambda candidate: float(np.abs(candidate - q_near).max()))
            status, miss = closed_form.OUT_OF_REACH, error
        raise MotionRefused(refusal(status, miss, pose_tool_in_base, self.model))

    def inverse_all(self, pose_tool_in_base: FloatArray) -> FloatArray:
        """Return the solutions that belong to those of the published arm, (0 … 8, 6) in -pi … pi."""
        seeds = list(super().inverse_all(pose_tool_in_base))
        return np.array(self._solve(pose_tool_in_base, np.zeros(6), seeds)).reshape(-1, 6)

    def inverse_batch(self, poses_tool_in_base: FloatArray, q_near: FloatArray) -> FloatArray:
        """Return (N, 6) solutions of (N, 4, 4) poses, each near its row of seeds (N, 6); NaN where there is none."""
        result = np.full((len(poses_tool_in_base), 6), np.nan)
        for row, pose, seed in zip(result, poses_tool_in_base, q_near, strict=True):
            with suppress(MotionRefused):
                row[:] = self.inverse(pose, seed)
        return result

    def _refine(self, pose: FloatArray, q: FloatArray) -> float:
        return dh.refine(pose, q, self._table, self.pose_tool_in_flange, ITERATIONS)

    def _solve(self, pose: FloatArray, q_near: FloatArray, seeds: list[FloatArray]) -> list[FloatArray]:
        solved = []
        for seed in seeds:
            q = seed.copy()
            if (
                self._refine(pose, q) <= ACCEPTED_ERROR
                and closed_form.turn_towards(q, q_near, self._arm, np.inf) < np.inf
            ):
                solved.append(q)
        return solved


def _with_wrist_turned(seeds: list[FloatArray]) -> list[FloatArray]:
    """Return more seeds for nearly the same poses: where the wrist is singular, joints 4 and 6 turned oppositely."""
    turned = []
    for q in seeds:
        if abs(sin(q[4])) < WRIST_SINGULAR:
            sign = 1.0 if cos(q[4]) > 0.0 else -1.0
            turned += [q + [0.0, 0.0, 0.0, -sign * turn, 0.0, turn] for turn in WRIST_TURNS]
    return turned


def _six(values: FloatArray) -> Six:
    a, b, c, d, e, f = values.tolist()
    return a, b, c, d, e, f
