"""Does tasks of the kitchen by hand-made ways of the tool past what has to be moved; knows the true state."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from roboact_ros.errors import PolicyError
from roboact_ros.types import FloatArray
from roboact_train.evaluate.kitchen.policy import KitchenObservation
from roboact_train.evaluate.kitchen.tasks import INSTRUCTIONS

_STEP_S, _FULL = 0.08, 2.0
"""The environment asks each joint to be ``_FULL`` times the action times ``_STEP_S`` from where it was measured."""
_GAIN = 1.6
"""A joint gets about 1 / ``_GAIN`` of that way in a step."""
_DAMPING, _TURNS = 0.05, 0.3
"""Of least squares, and the weight of a rotation [m/rad]."""
_LOW = np.array([-2.9, -1.76, -2.9, -3.07, -2.9, 0.0, -2.9]) + 0.03
_HIGH = np.array([2.9, 1.76, 2.9, -0.4, 2.9, 2.11, 2.9]) - 0.03
_EASY, _EASES = np.array([0.0, -1.0, 0.0, -2.0, 0.0, 1.2, 0.0]), np.array([0.0, 0.1, 0.0, 0.1, 0.0, 0.1, 0.0])
"""Where joints may be, where some of them would better be, and which part of the way they go in a step [rad]."""
_NEAR, _PATIENCE = 0.012, 18
"""A point is reached from here [m], or given up after so many steps."""


@dataclass(frozen=True, slots=True)
class Point:
    """Where the tool goes.

    Attributes:
        x: From where the handle was at first [m], like y and z.
        y: Into the kitchen.
        z: Up.
        closed: Whether the fingers are.
        stays: At least so many steps.
        fastest: How far it goes in one step [m].
    """

    x: float
    y: float
    z: float
    closed: bool = True
    stays: int = 0
    fastest: float = 0.05


_GRIP = -0.015
"""y of the tool from a bar that its fingers hold [m]."""


def _arc(radius_x: float, radius_y: float, angles: tuple[float, ...]) -> tuple[Point, ...]:
    """Return points of a tool that holds a bar at (radius_x, radius_y) from its hinge and turns it by ``angles``."""
    start = complex(radius_x, radius_y)
    ways = (start * np.exp(1j * angle) - start for angle in angles)
    return tuple(Point(float(way.real), float(way.imag) + _GRIP, 0.0, fastest=0.025) for way in ways)


_TAKE = (Point(0, -0.17, 0, closed=False), Point(0, _GRIP, 0, closed=False), Point(0, _GRIP, 0, stays=8))
WAYS: dict[str, tuple[Point, ...]] = {
    "kettle": (Point(0, -0.24, -0.17, closed=False), Point(0.02, 0.08, -0.17, closed=False)),
    "slide_cabinet": (Point(-0.09, -0.17, 0), Point(-0.09, -0.015, 0), Point(0.14, -0.015, 0)),
    "light_switch": (Point(0.055, -0.16, 0), Point(0.055, -0.03, 0), Point(-0.08, -0.03, 0)),
    "bottom_burner": (Point(-0.055, -0.15, 0.025), Point(-0.055, -0.04, 0.025), Point(0.06, -0.04, 0.025)),
    "top_burner": (Point(-0.055, -0.15, 0.04), Point(-0.055, -0.04, 0.04), Point(0.06, -0.04, 0.04)),
    "microwave": (*_TAKE, *_arc(0.486, 0.038, (-0.15, -0.3, -0.45, -0.6))),
    "hinge_cabinet": (*_TAKE, *_arc(-0.302, -0.128, (0.2, 0.4, 0.6, 0.8, 1.0, 1.2, 1.4))),
}


class ScriptedCook:
    """Goes from point to point by damped least squares; the tool keeps the orientation that it began with."""

    sees, privileged = False, True

    def instruct(self, instruction: str) -> None:
        """Begin the task that ``instruction`` stands for, word for word."""
        tasks = {words: task for task, words in INSTRUCTIONS.items()}
        self._points = list(WAYS[tasks[instruction]])
        self._start: FloatArray | None = None
        self._steps = 0

    def act(self, observation: KitchenObservation) -> FloatArray:
        """Return the velocities that lead to the next point, or stay at the last.

        Raises:
            PolicyError: The observation lacks the true state.
        """
        state = observation.state
        if state is None:
            raise PolicyError("the scripted policy needs the true state")
        if self._start is None:
            self._start, self._rotation = state.handle, state.tool_rotation
        point = self._points[0]
        way = self._start + (point.x, point.y, point.z) - state.tool_position
        length = float(np.linalg.norm(way))
        reached = length < _NEAR and self._steps >= point.stays
        if len(self._points) > 1 and (reached or self._steps >= _PATIENCE):
            self._points.pop(0)
            self._steps = 0
            return self.act(observation)
        self._steps += 1
        turn = Rotation.from_matrix(self._rotation @ state.tool_rotation.T).as_rotvec()
        twist = np.concatenate([way * min(1.0, point.fastest / max(length, 1e-9)), _TURNS * turn])
        jacobian = state.jacobian[:, :7] * np.repeat((1.0, _TURNS), 3)[:, None]
        arm = (_GAIN * _moved(jacobian, twist, observation.joints[:7]) + state.holding[:7]) / (_FULL * _STEP_S)
        arm /= max(1.0, float(np.abs(arm).max()))
        return np.append(arm, [-1.0 if point.closed else 1.0] * 2)


def _moved(jacobian: FloatArray, twist: FloatArray, joints: FloatArray) -> FloatArray:
    """Return how far joints go for ``twist``; one that would leave its range stays, and the others make up for it."""
    free = np.ones(7, bool)
    eases = _EASES * (_EASY - joints)
    while True:
        part = np.where(free, jacobian, 0.0)
        inverse = part.T @ np.linalg.inv(part @ part.T + _DAMPING**2 * np.eye(6))
        moved: FloatArray = np.where(free, eases + inverse @ (twist - part @ eases), 0.0)
        goal = joints + moved
        leaves = free & (((goal < _LOW) & (moved < 0)) | ((goal > _HIGH) & (moved > 0)))
        if not leaves.any():
            return moved
        free &= ~leaves
