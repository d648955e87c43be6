"""The variables of the Real-Time Data Exchange by name and type, as in the guide of Universal Robots."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

FORMATS = {
    "BOOL": "?",
    "UINT8": "B",
    "UINT32": "I",
    "UINT64": "Q",
    "INT32": "i",
    "DOUBLE": "d",
    "VECTOR3D": "3d",
    "VECTOR6D": "6d",
    "VECTOR6INT32": "6i",
    "VECTOR6UINT32": "6I",
}
"""struct format of every type (big-endian on the wire)."""


def size_of(kind: str) -> int:
    """Return how many numbers a value of this type has."""
    return int(kind[6]) if kind.startswith("VECTOR") else 1


def _table(**names_of_type: str) -> dict[str, str]:
    return {name: kind for kind, names in names_of_type.items() for name in names.split()}


def _registers(direction: str) -> dict[str, str]:
    return {
        f"{direction}_bit_registers0_to_31": "UINT32",
        f"{direction}_bit_registers32_to_63": "UINT32",
        **{f"{direction}_bit_register_{i}": "BOOL" for i in range(64, 128)},
        **{f"{direction}_int_register_{i}": "INT32" for i in range(48)},
        **{f"{direction}_double_register_{i}": "DOUBLE" for i in range(48)},
    }


_STATE = _table(
    DOUBLE="""timestamp actual_execution_time speed_scaling target_speed_fraction actual_momentum actual_main_voltage
        actual_robot_voltage actual_robot_current standard_analog_input0 standard_analog_input1 standard_analog_output0
        standard_analog_output1 io_current tool_analog_input0 tool_analog_input1 tool_output_current tool_temperature
        tcp_force_scalar joint_position_deviation_ratio collision_detection_ratio payload euromap67_24V_voltage
        euromap67_24V_current""",
    VECTOR6D="""target_q target_qd target_qdd target_current target_moment actual_q actual_qd actual_current
        actual_current_window joint_control_output actual_TCP_pose actual_TCP_speed actual_TCP_force target_TCP_pose
        target_TCP_speed joint_temperatures actual_joint_voltage tcp_offset payload_inertia ft_raw_wrench""",
    VECTOR3D="actual_tool_accelerometer elbow_position elbow_velocity payload_cog",
    VECTOR6INT32="joint_mode",
    INT32="robot_mode safety_mode safety_status tool_output_voltage encoder0_raw encoder1_raw",
    UINT64="""actual_digital_input_bits actual_digital_output_bits actual_configurable_digital_input_bits
        actual_configurable_digital_output_bits""",
    UINT32="""runtime_state robot_status_bits safety_status_bits analog_io_types tool_mode tool_analog_input_types
        script_control_line euromap67_input_bits euromap67_output_bits""",
    UINT8="tool_output_mode tool_digital_output0_mode tool_digital_output1_mode",
)
COMMANDS = _table(
    UINT32="speed_slider_mask",
    DOUBLE="speed_slider_fraction standard_analog_output_0 standard_analog_output_1",
    UINT8="""standard_digital_output_mask configurable_digital_output_mask standard_digital_output
        configurable_digital_output tool_digital_output_mask tool_digital_output standard_analog_output_mask
        standard_analog_output_type""",
    VECTOR6D="external_force_torque",
)
"""Inputs that act at once, registers aside."""

OUTPUTS = {**_STATE, **_registers("output"), **_registers("input")}
"""What a controller sends."""

INPUTS = {**_registers("input"), **COMMANDS}
"""What a controller accepts."""

ONLY_E_SERIES = frozenset({"ft_raw_wrench", "collision_detection_ratio", "tool_output_mode"})
"""Outputs that a CB3 controller does not have."""


class Registers:
    """Values of many fields in one flat list, so that a packet is one lookup and one ``struct`` call.

    Args:
        fields: Type by name.

    Attributes:
        values: All numbers, field after field.
        slot: First index of every field in ``values``.
        types: Type by name.
    """

    def __init__(self, fields: dict[str, str]) -> None:
        self.types = fields
        self.slot: dict[str, int] = {}
        self.values: list[float] = []
        for name, kind in fields.items():
            self.slot[name] = len(self.values)
            zero: float = 0.0 if kind.endswith("D") or kind == "DOUBLE" else 0
            self.values += [zero] * size_of(kind)

    def slots(self, names: Iterable[str]) -> list[int]:
        """Return the indices of all numbers of the fields ``names``, in that order."""
        return [self.slot[name] + i for name in names for i in range(size_of(self.types[name]))]

    def set(self, name: str, value: float | Sequence[float]) -> None:
        """Set one field; for set-up and rare changes, not for every tick."""
        numbers = list(value) if isinstance(value, Sequence) else [value]
        self.values[self.slot[name] : self.slot[name] + len(numbers)] = numbers
