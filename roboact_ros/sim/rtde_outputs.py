"""Fills the RTDE outputs of a controller from what it commands and measures."""

from __future__ import annotations

import numpy as np

from roboact_ros.sim.controller import Controller
from roboact_ros.sim.dh import pose_from_matrix
from roboact_ros.sim.modes import JOINT_MODE, SAFETY_BITS, RobotMode, RuntimeState

_TORQUE_PER_AMPERE = np.array([13.3, 13.3, 13.3, 9.3, 9.3, 9.3])
_VOLTAGE = 48.0
POSES = frozenset(
    {
        "actual_TCP_pose",
        "target_TCP_pose",
        "actual_TCP_speed",
        "target_TCP_speed",
        "actual_TCP_force",
        "ft_raw_wrench",
        "tcp_force_scalar",
        "actual_tool_accelerometer",
    }
)
"""Outputs that take time to compute; they are filled only in cycles in which somebody receives one."""


class RtdeOutputs:
    """Writes every output once per control period.

    Args:
        controller: Whose outputs.
    """

    def __init__(self, controller: Controller) -> None:
        self._controller = controller
        self._slot = controller.outputs.slot
        outputs = controller.outputs
        outputs.set("joint_temperatures", [28.0] * 6)
        outputs.set("actual_main_voltage", _VOLTAGE)
        outputs.set("actual_robot_voltage", _VOLTAGE)
        outputs.set("actual_joint_voltage", [_VOLTAGE] * 6)
        outputs.set("actual_current_window", [2.0] * 6)
        outputs.set("tool_temperature", 28.0)
        outputs.set("tool_mode", 253)
        outputs.set("speed_scaling", 1.0)
        outputs.set("actual_execution_time", 2e-4)

    def write_poses(self) -> None:
        """Fill what needs the kinematics, :data:`POSES`."""
        controller, slot, values = self._controller, self._slot, self._controller.outputs.values
        state, kernel = controller.state, controller.kernel
        tools, jacobians = controller.arm.tools_and_jacobians(np.array([state.q, kernel.q]))
        values[slot["actual_TCP_pose"] : slot["actual_TCP_pose"] + 6] = pose_from_matrix(tools[0])
        values[slot["target_TCP_pose"] : slot["target_TCP_pose"] + 6] = pose_from_matrix(tools[1])
        values[slot["actual_TCP_speed"] : slot["actual_TCP_speed"] + 6] = jacobians[0].dot(state.qd).tolist()
        values[slot["target_TCP_speed"] : slot["target_TCP_speed"] + 6] = jacobians[1].dot(kernel.qd).tolist()
        start = slot["actual_tool_accelerometer"]
        values[start : start + 3] = (tools[0][2, :3] * 9.81).tolist()
        force = [0.0] * 6
        if state.torque.any():
            square = jacobians[0].dot(jacobians[0].T) + 1e-4 * np.eye(6)
            force = np.linalg.solve(square, jacobians[0].dot(state.torque)).tolist()
        values[slot["actual_TCP_force"] : slot["actual_TCP_force"] + 6] = force
        values[slot["ft_raw_wrench"] : slot["ft_raw_wrench"] + 6] = force
        values[slot["tcp_force_scalar"]] = (force[0] ** 2 + force[1] ** 2 + force[2] ** 2) ** 0.5

    def write(self) -> None:
        """Fill everything else."""
        controller, slot, values = self._controller, self._slot, self._controller.outputs.values
        kernel, state = controller.kernel, controller.state
        values[slot["timestamp"]] = controller.time
        values[slot["target_q"] : slot["target_q"] + 6] = kernel.q.tolist()
        values[slot["target_qd"] : slot["target_qd"] + 6] = kernel.qd.tolist()
        values[slot["target_qdd"] : slot["target_qdd"] + 6] = kernel.qdd.tolist()
        values[slot["actual_q"] : slot["actual_q"] + 6] = state.q.tolist()
        values[slot["actual_qd"] : slot["actual_qd"] + 6] = state.qd.tolist()
        values[slot["target_moment"] : slot["target_moment"] + 6] = state.torque.tolist()
        current = (state.torque / _TORQUE_PER_AMPERE).tolist()
        for name in ("target_current", "actual_current", "joint_control_output"):
            values[slot[name] : slot[name] + 6] = current
        self._write_modes()
        self._write_settings()

    def _write_modes(self) -> None:
        controller, slot, values = self._controller, self._slot, self._controller.outputs.values
        powered = controller.robot_mode is not RobotMode.POWER_OFF
        playing = controller.runtime_state is RuntimeState.PLAYING
        values[slot["robot_mode"]] = int(controller.robot_mode)
        values[slot["safety_mode"]] = values[slot["safety_status"]] = int(controller.safety_mode)
        values[slot["runtime_state"]] = int(controller.runtime_state)
        values[slot["robot_status_bits"]] = powered | playing << 1 | controller.freedriving << 2
        values[slot["safety_status_bits"]] = SAFETY_BITS[controller.safety_mode]
        values[slot["joint_mode"] : slot["joint_mode"] + 6] = [JOINT_MODE[controller.robot_mode]] * 6
        values[slot["target_speed_fraction"]] = controller.kernel.speed_fraction

    def _write_settings(self) -> None:
        controller, slot, values = self._controller, self._slot, self._controller.outputs.values
        values[slot["actual_digital_output_bits"]] = controller.pins.digital
        values[slot["actual_configurable_digital_output_bits"]] = controller.pins.digital >> 8 & 0xFF
        values[slot["standard_analog_output0"]], values[slot["standard_analog_output1"]] = controller.pins.analog
        values[slot["payload"]] = controller.payload
        values[slot["payload_cog"] : slot["payload_cog"] + 3] = controller.payload_cog
        values[slot["tcp_offset"] : slot["tcp_offset"] + 6] = controller.tcp_offset
        first, last = slot["input_bit_registers0_to_31"], slot["input_double_register_47"] + 1
        begin = controller.inputs.slot["input_bit_registers0_to_31"]
        values[first:last] = controller.inputs.values[begin : begin + last - first]
