"""Drives an arm of a world the way an operator would, with kinematics of its own."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from roboact_ros.robots import RobotModel
from roboact_ros.sim.gripper_model import TOOL_LENGTH
from roboact_ros.sim.scene import HOME
from roboact_ros.sim.world import World

PERIOD = 0.002
DOWN = np.diag([1.0, -1.0, -1.0])


def forward(model: RobotModel, q: Sequence[float], tool: float = TOOL_LENGTH) -> np.ndarray:
    """Return the pose of the tool in the base from the textbook product of DH matrices."""
    pose = np.eye(4)
    for theta, d, a, alpha in zip(q, model.d, model.a, model.alpha, strict=True):
        c, s, ca, sa = np.cos(theta), np.sin(theta), np.cos(alpha), np.sin(alpha)
        pose = pose @ [[c, -s * ca, s * sa, a * c], [s, c * ca, -c * sa, a * s], [0, sa, ca, d], [0, 0, 0, 1]]
    pose[:3, 3] += tool * pose[:3, 2]
    return pose


def inverse(model: RobotModel, position: np.ndarray, rotation: np.ndarray, near: np.ndarray) -> np.ndarray:
    """Return joint positions near ``near`` that put the tool there, by damped Newton steps."""
    q = np.array(near, dtype=np.float64)
    for _ in range(60):
        pose = forward(model, q)
        error = np.concatenate([position - pose[:3, 3], _turn(rotation @ pose[:3, :3].T)])
        if np.abs(error).max() < 1e-10:
            return q
        columns = []
        for j in range(6):
            moved = q.copy()
            moved[j] += 1e-6
            other = forward(model, moved)
            columns.append(np.concatenate([other[:3, 3] - pose[:3, 3], _turn(other[:3, :3] @ pose[:3, :3].T)]) / 1e-6)
        q = q + np.clip(np.linalg.lstsq(np.array(columns).T, error, rcond=1e-4)[0], -0.3, 0.3)
    raise AssertionError(f"{position} is out of reach")


def _turn(rotation: np.ndarray) -> np.ndarray:
    skew = rotation - rotation.T
    return np.array([skew[2, 1], skew[0, 2], skew[1, 0]]) / 2


class Hand:
    """Moves the tool of arm 0 in straight lines, pointing down, and closes the fingers."""

    def __init__(self, world: World, speed: float = 0.25) -> None:
        self.world, self.speed = world, speed
        self.arm = world.arms[0]
        self.model = world.scene.arms[0].model
        self.q = np.array(HOME)

    @property
    def tool(self) -> np.ndarray:
        """Measured position of the tool [m]."""
        return forward(self.model, self.arm.read().q)[:3, 3]

    def to(self, position: Sequence[float]) -> None:
        """Go to ``position`` [m] along a line with a smooth speed profile."""
        start, end = forward(self.model, self.q)[:3, 3], np.asarray(position, dtype=np.float64)
        duration = max(1.9 * float(np.linalg.norm(end - start)) / self.speed, 0.1)
        steps = int(duration / PERIOD)
        knots = max(steps // 10, 2)
        path = [self.q]
        for t in np.linspace(0.0, 1.0, knots + 1)[1:]:
            path.append(inverse(self.model, start + (end - start) * t, DOWN, path[-1]))
        for k in range(1, steps + 1):
            t = k / steps
            along = knots * t**3 * (10 - 15 * t + 6 * t**2)
            before = min(int(along), knots - 1)
            self.q = path[before] + (path[before + 1] - path[before]) * (along - before)
            self.arm.drive(self.q)
            self.world.step(PERIOD)

    def by(self, x: float = 0.0, y: float = 0.0, z: float = 0.0) -> None:
        """Move the tool by a displacement [m]."""
        self.to(forward(self.model, self.q)[:3, 3] + [x, y, z])

    def grip(self, opening: float, speed: float = 1.0, force: float = 0.5) -> None:
        """Move the fingers and wait until they stop."""
        self.arm.grip(opening, speed, force)
        self.wait(0.1)
        for _ in range(3000):
            if not self.arm.read().gripper.moving:
                return
            self.world.step(PERIOD)
        raise AssertionError("the fingers never stop")

    def wait(self, seconds: float) -> None:
        """Let the world go on."""
        for _ in range(round(seconds / PERIOD)):
            self.world.step(PERIOD)
