"""Digital and analogue outputs of the control box and the tool."""

from __future__ import annotations

from collections.abc import Collection

from roboact_ros.sim.rtde_fields import Registers


class Pins:
    """State of the outputs.

    Attributes:
        digital: Bits 0-7 standard, 8-15 configurable, 16-17 tool.
        analog: The two analogue outputs, 0 … 1.
    """

    _BANKS = (("standard", 0), ("configurable", 8), ("tool", 16))

    def __init__(self) -> None:
        self.digital = 0
        self.analog = [0.0, 0.0]

    def set(self, mask: int, levels: int) -> None:
        """Set the digital outputs in ``mask`` to ``levels``."""
        self.digital = (self.digital & ~mask) | (levels & mask)

    def apply(self, written: Collection[str], inputs: Registers) -> None:
        """Act on the inputs that a data package has written."""

        def value(name: str) -> float:
            return inputs.values[inputs.slot[name]]

        for bank, shift in self._BANKS:
            mask, level = f"{bank}_digital_output_mask", f"{bank}_digital_output"
            if mask in written and level in written:
                self.set(int(value(mask)) << shift, int(value(level)) << shift)
        if "standard_analog_output_mask" in written:
            for pin in (0, 1):
                if int(value("standard_analog_output_mask")) >> pin & 1:
                    self.analog[pin] = value(f"standard_analog_output_{pin}")
