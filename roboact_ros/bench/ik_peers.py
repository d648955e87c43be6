"""The inverse kinematics that ours is compared with."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from math import pi
from typing import Any

import numpy as np

from roboact_ros.errors import ConfigurationError
from roboact_ros.robots import UR5E
from roboact_ros.types import FloatArray

Solve = Callable[[FloatArray, FloatArray], object]


@dataclass(frozen=True)
class Peers:
    """Calls of the peers by name: one flange pose with its seed, or a list of poses."""

    single: dict[str, Solve]
    batch: dict[str, Callable[[list[FloatArray]], object]]


def each(solve: Solve, pairs: Iterable[tuple[FloatArray, FloatArray]]) -> None:
    """Call ``solve`` with every pose and its seed."""
    for pose, near in pairs:
        solve(pose, near)


def import_peers() -> Peers:
    """Set the peers up for a UR5e.

    Raises:
        ConfigurationError: One is not installed.
    """
    try:
        import pinocchio
        from eaik.IK_DH import DhRobot
        from ur_analytic_ik import ur5e
    except ImportError as error:
        raise ConfigurationError(f"{error}; the peers come with: pip install 'roboact_ros[bench]'") from error
    eaik = DhRobot(np.array(UR5E.alpha), np.array(UR5E.a), np.array(UR5E.d))
    return Peers(
        single={
            "eaik, all": lambda pose, near: eaik.IK(pose),
            "eaik, nearest": partial(_eaik_nearest, eaik),
            "ur-analytic-ik": lambda pose, near: ur5e.inverse_kinematics_closest(pose, *near),
            "pinocchio": _pinocchio(pinocchio),
        },
        batch={
            f"eaik, {workers} threads": partial(eaik.IK_batched, num_worker_threads=workers) for workers in (1, 2, 4)
        },
    )


def _eaik_nearest(eaik: Any, pose: FloatArray, near: FloatArray) -> FloatArray:
    limit = UR5E.position_limit
    found: FloatArray = eaik.IK(pose).Q
    found = found + 2 * pi * np.round((near - found) / (2 * pi))
    found = np.where(found > limit, found - 2 * pi, np.where(found < np.negative(limit), found + 2 * pi, found))
    nearest: FloatArray = found[np.abs(found - near).max(axis=1).argmin()]
    return nearest


def _pinocchio(pin: Any) -> Solve:
    """Return closed-loop inverse kinematics as Pinocchio's documentation writes it, with full steps."""
    model, parent, placement = pin.Model(), 0, pin.SE3.Identity()
    for i in range(6):
        parent = model.addJoint(parent, pin.JointModelRZ(), placement, f"joint{i + 1}")
        placement = pin.SE3(pin.utils.rpyToMatrix(UR5E.alpha[i], 0.0, 0.0), np.array([UR5E.a[i], 0.0, UR5E.d[i]]))
    data, flange_to_joint, damping = model.createData(), placement.inverse(), 1e-12 * np.eye(6)

    def solve(pose: FloatArray, near: FloatArray) -> FloatArray:
        q, goal = near, pin.SE3(pose) * flange_to_joint
        for _ in range(100):
            pin.forwardKinematics(model, data, q)
            step = data.oMi[6].actInv(goal)
            error = pin.log6(step).vector
            if np.abs(error).max() < 1e-9:
                break
            jacobian = pin.Jlog6(step.inverse()) @ pin.computeJointJacobian(model, data, q, 6)
            q = q + jacobian.T @ np.linalg.solve(jacobian @ jacobian.T + damping, error)
        return q

    return solve
