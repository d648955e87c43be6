"""Fills the RTDE outputs of a controller from what it commands and measures."""

from __future__ import annotations

import numpy as np

from roboact_ros.sim.controller import Controller
from roboact_ros.sim.dh import pose_from_matrix
from roboact_ros.sim.modes import JOINT_MODE, SAFETY_BITS, RobotMode, RuntimeState, SafetyMode
from roboact_ros.sim.motion_kernel import MotionKernel

_TORQUE_PER_AMPERE = np.array([13.3, 13.3, 13.3, 9.3, 9.3, 9.3])
_VOLTAGE = 48.0


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
        outputs.set("actual_execution_time", 2e-4)

    def write(self) -> None:
        """Fill the outputs."""
        controller, slot, values = self._controller, self._slot, self._controller.outputs.values
        kernel, state, arm = controller.kernel, controller.state, controller.arm

        def put(name: str, numbers: list[float]) -> None:
            start = slot[name]
            values[start : start + len(numbers)] = numbers

        tool, jacobian = arm.tool_and_jacobian(state.q)
        target_tool, target_jacobian = arm.tool_and_jacobian(kernel.q)
        current = (state.torque / _TORQUE_PER_AMPERE).tolist()
        torque = state.torque.tolist()
        q, qd = state.q.tolist(), state.qd.tolist()
        values[slot["timestamp"]] = controller.time
        put("target_q", kernel.q.tolist())
        put("target_qd", kernel.qd.tolist())
        put("target_qdd", kernel.qdd.tolist())
        put("target_current", current)
        put("target_moment", torque)
        put("actual_q", q)
        put("actual_qd", qd)
        put("actual_current", current)
        put("joint_control_output", current)
        put("actual_TCP_pose", pose_from_matrix(tool))
        put("actual_TCP_speed", jacobian.dot(state.qd).tolist())
        put("target_TCP_pose", pose_from_matrix(target_tool))
        put("target_TCP_speed", target_jacobian.dot(kernel.qd).tolist())
        self._write_force(jacobian)
        self._write_modes(kernel)
        self._write_settings()

    def _write_force(self, jacobian: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> None:
        torque = self._controller.state.torque
        force = [0.0] * 6
        if torque.any():
            force = np.linalg.solve(jacobian.dot(jacobian.T) + 1e-4 * np.eye(6), jacobian.dot(torque)).tolist()
        values, slot = self._controller.outputs.values, self._slot
        for name in ("actual_TCP_force", "ft_raw_wrench"):
            values[slot[name] : slot[name] + 6] = force
        values[slot["tcp_force_scalar"]] = (force[0] ** 2 + force[1] ** 2 + force[2] ** 2) ** 0.5

    def _write_modes(self, kernel: MotionKernel) -> None:
        controller, slot, values = self._controller, self._slot, self._controller.outputs.values
        powered = controller.robot_mode is not RobotMode.POWER_OFF
        playing = controller.runtime_state is RuntimeState.PLAYING
        values[slot["robot_mode"]] = int(controller.robot_mode)
        values[slot["safety_mode"]] = values[slot["safety_status"]] = int(controller.safety_mode)
        values[slot["runtime_state"]] = int(controller.runtime_state)
        values[slot["robot_status_bits"]] = powered | playing << 1 | controller.freedriving << 2
        values[slot["safety_status_bits"]] = SAFETY_BITS[controller.safety_mode]
        start = slot["joint_mode"]
        values[start : start + 6] = [JOINT_MODE[controller.robot_mode]] * 6
        values[slot["target_speed_fraction"]] = kernel.speed_fraction
        values[slot["speed_scaling"]] = kernel.speed_fraction if controller.safety_mode is SafetyMode.NORMAL else 0.0

    def _write_settings(self) -> None:
        controller, slot, values = self._controller, self._slot, self._controller.outputs.values
        values[slot["actual_digital_output_bits"]] = controller.pins.digital
        values[slot["actual_configurable_digital_output_bits"]] = controller.pins.digital >> 8 & 0xFF
        values[slot["standard_analog_output0"]], values[slot["standard_analog_output1"]] = controller.pins.analog
        values[slot["payload"]] = controller.payload
        start = slot["payload_cog"]
        values[start : start + 3] = controller.payload_cog
        start = slot["tcp_offset"]
        values[start : start + 6] = controller.tcp_offset
        first, last = slot["input_bit_registers0_to_31"], slot["input_double_register_47"] + 1
        begin = controller.inputs.slot["input_bit_registers0_to_31"]
        values[first:last] = controller.inputs.values[begin : begin + last - first]
