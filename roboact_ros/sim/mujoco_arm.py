"""One arm with its gripper inside a MuJoCo model; implements :class:`roboact_ros.sim.body.ArmBody`."""

from __future__ import annotations

from typing import Any

import numpy as np

from roboact_ros.robots import RobotModel
from roboact_ros.sim.arm_model import DRIVES, flange_name, joint_name
from roboact_ros.sim.body import BodyState
from roboact_ros.sim.gripper_model import FORCES, SPEEDS, STROKE, TOOL_LENGTH, finger_names, gripper_name
from roboact_ros.types import FloatArray, GripperState

_TORQUE_FILTER = 0.010
"""Time constant of the torque sensors [s]."""
_FREE_DAMPING = 8.0
"""Damping of a joint that is moved by hand [N m s/rad]."""
_STOP_SPEED = 0.004
_STOP_TIME = 0.060
"""Fingers slower than this [m/s] for this time [s] have arrived or met something."""
_AT_TARGET = 0.0015
"""The fingers are where they should be within this distance of each [m]."""

_STIFFNESS = np.array([drive.stiffness for drive in DRIVES])
_DAMPING = np.array([drive.damping for drive in DRIVES])
_DAMPING_TIME = _DAMPING / _STIFFNESS


class MujocoArm:
    """One arm; the world that owns it calls :meth:`before_step` and :meth:`after_step`."""

    def __init__(self, model: Any, data: Any, arm: int, robot: RobotModel, home: FloatArray) -> None:
        self._model, self._data = model, data
        joints = [model.joint(joint_name(arm, j)) for j in range(6)]
        # The joints of an arm, and its two fingers, follow each other in the model: slices are views, and quick.
        self._q = slice(int(joints[0].qposadr[0]), int(joints[0].qposadr[0]) + 6)
        self._v = slice(int(joints[0].dofadr[0]), int(joints[0].dofadr[0]) + 6)
        first = model.actuator(joint_name(arm, 0)).id
        self._motors = slice(first, first + 6)
        self._gripper = model.actuator(gripper_name(arm)).id
        fingers = [model.joint(name) for name in finger_names(arm)]
        self._fingers_q = [int(joint.qposadr[0]) for joint in fingers]
        self._fingers_v = [int(joint.dofadr[0]) for joint in fingers]
        self._qpos, self._qvel, self._ctrl = data.qpos, data.qvel, data.ctrl
        self._constraint = data.qfrc_constraint
        self._flange = model.site(flange_name(arm)).id
        self._speed_limit = np.array(robot.velocity_limit)
        self._target = self._last_target = np.array(home, dtype=np.float64)
        self._opening, self._speed = STROKE / 2, SPEEDS[1]
        self._finger_target = STROKE / 2
        self._stopped = _STOP_TIME
        self._torque = np.zeros(6)
        self._qpos[self._q] = self._target
        self._qpos[self._fingers_q] = self._finger_target
        self._ctrl[self._motors], self._ctrl[self._gripper] = self._target, self._finger_target

    @property
    def pose_tool_in_world(self) -> FloatArray:
        """(4, 4) pose of the tool centre point [m], at most one step old."""
        pose = np.eye(4)
        pose[:3, :3] = self._data.site_xmat[self._flange].reshape(3, 3)
        pose[:3, 3] = self._data.site_xpos[self._flange] + TOOL_LENGTH * pose[:3, 2]
        return pose

    def drive(self, q: FloatArray) -> None:
        """See :class:`ArmBody`."""
        self._target = np.array(q, dtype=np.float64)

    def grip(self, opening: float, speed: float, force: float) -> None:
        """See :class:`ArmBody`."""
        opening, speed, force = (min(max(value, 0.0), 1.0) for value in (opening, speed, force))
        if opening * STROKE / 2 != self._opening:
            self._opening, self._stopped = opening * STROKE / 2, 0.0
            # Fingers that squeeze an object are told a smaller opening than they have: open them at once.
            here = float(self._qpos[self._fingers_q[0]])
            nearer = max if self._opening > here else min
            self._finger_target = nearer(self._finger_target, here)
        self._speed = SPEEDS[0] + speed * (SPEEDS[1] - SPEEDS[0])
        limit = FORCES[0] + force * (FORCES[1] - FORCES[0])
        self._model.actuator_forcerange[self._gripper] = (-limit, limit)

    def release(self, free: bool) -> None:
        """See :class:`ArmBody`."""
        self._model.actuator_gainprm[self._motors, 0] = 0.0 if free else _STIFFNESS
        self._model.actuator_biasprm[self._motors, 1] = 0.0 if free else -_STIFFNESS
        self._model.actuator_biasprm[self._motors, 2] = -_FREE_DAMPING if free else -_DAMPING
        self._target = self._last_target = self._qpos[self._q].copy()

    def read(self) -> BodyState:
        """See :class:`ArmBody`."""
        one, other = self._fingers_q
        opening = 0.5 * float(self._qpos[one] + self._qpos[other])
        stopped = self._stopped >= _STOP_TIME
        holding = stopped and abs(opening - self._opening) > _AT_TARGET
        gripper = GripperState(min(max(opening / (STROKE / 2), 0.0), 1.0), not stopped, holding)
        return BodyState(self._qpos[self._q].copy(), self._qvel[self._v].copy(), self._torque.copy(), gripper)

    def before_step(self, seconds: float) -> None:
        """Command the motors for the next ``seconds``.

        The speed of the target goes ahead of the servo, so that a moving arm does not trail behind by damping.
        """
        speed = (self._target - self._last_target) / seconds
        speed = np.minimum(np.maximum(speed, -self._speed_limit), self._speed_limit)
        self._last_target = self._target
        self._ctrl[self._motors] = self._target + _DAMPING_TIME * speed
        step = self._speed / 2 * seconds
        self._finger_target += min(max(self._opening - self._finger_target, -step), step)
        self._ctrl[self._gripper] = self._finger_target

    def after_step(self, seconds: float) -> None:
        """Read the sensors that remember."""
        # What constraints (contacts above all) do to the joints is what the motors work against.
        self._torque -= (self._constraint[self._v] + self._torque) * min(1.0, seconds / _TORQUE_FILTER)
        one, other = self._fingers_v
        speed = max(abs(float(self._qvel[one])), abs(float(self._qvel[other])))
        lag = abs(self._finger_target - float(self._qpos[self._fingers_q[0]]))
        still = speed < _STOP_SPEED and (self._finger_target == self._opening or lag > _AT_TARGET)
        self._stopped = self._stopped + seconds if still else 0.0
