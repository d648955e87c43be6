"""The short notation of utterances.yaml: "left 5, roll cw 45, open 50", "!stop", "?"."""

from __future__ import annotations

from decimal import Decimal

from roboact_ros.errors import LanguageRefusal
from roboact_ros.language.parse import parse
from roboact_ros.language.vocabulary import GRIPPER_AXIS, motion_for
from roboact_ros.types import Motion

NAMES = {
    (0, 1): "forward",
    (0, -1): "back",
    (1, 1): "left",
    (1, -1): "right",
    (2, 1): "up",
    (2, -1): "down",
    (3, 1): "roll cw",
    (3, -1): "roll ccw",
    (4, 1): "tilt down",
    (4, -1): "tilt up",
    (5, 1): "yaw cw",
    (5, -1): "yaw ccw",
    (6, 1): "rotate cw",
    (6, -1): "rotate ccw",
}


def short(motion: Motion) -> str:
    """Write a motion from its numbers alone."""
    axis = next((axis for axis, value in enumerate(motion.action[:GRIPPER_AXIS]) if value), None)
    if axis is None:
        opening = motion.action[GRIPPER_AXIS]
        return {0.0: "close", 1.0: "open"}.get(opening, f"open {opening * 100:g}")
    value = motion.action[axis]
    amount = abs(value) * 100 if axis < 3 else abs(value) * 180 / 3.141592653589793
    return f"{NAMES[axis, 1 if value > 0 else -1]} {Decimal(repr(round(amount, 6))).normalize():f}"


def meaning(text: str) -> str:
    """Write what the parser makes of a text; every motion must be consistent in itself."""
    try:
        command = parse(text)
    except LanguageRefusal as question:
        assert str(question)
        return "?"
    assert command.text == text
    assert all(motion_for(motion.action) == motion for motion in command.motions)
    assert (command.control is None) == bool(command.motions)
    return f"!{command.control}" if command.control else ", ".join(map(short, command.motions))
