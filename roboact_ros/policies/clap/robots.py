"""The robots that CLAP knows, by the ``robot_type`` of their data, and the arms of this project beside them."""

from __future__ import annotations

from dataclasses import dataclass

from roboact_ros.errors import ConfigurationError, did_you_mean
from roboact_ros.policies.clap.layout import ArmLayout


@dataclass(frozen=True, slots=True)
class ClapRobot:
    """One robot.

    Attributes:
        name: Its ``robot_type``, which the prompt names, too.
        number: Its ``robot_id``; None for one that the released models have not seen.
        statistics: Its key in a statistics file; empty for videos of people, which have no actions.
        layout: Its arms.
    """

    name: str
    number: int | None
    statistics: str
    layout: ArmLayout


_DUAL, _RIGHT = ArmLayout.DUAL, ArmLayout.SINGLE_RIGHT
ROBOTS = {
    robot.name: robot
    for robot in (
        ClapRobot("S1-stationary", 0, "S1-stationary", _DUAL),
        ClapRobot("agibot-go1", 1, "agibot-go1", _DUAL),
        ClapRobot("human", 2, "", _DUAL),
        ClapRobot("franka", 3, "franka", _RIGHT),
        ClapRobot("google_robot", 4, "fractal", _RIGHT),
        ClapRobot("widowx", 5, "widowx", _RIGHT),
        ClapRobot("droid", 6, "droid", _RIGHT),
        ClapRobot("ur5", None, "ur5", _RIGHT),
        ClapRobot("ur5e", None, "ur5e", _RIGHT),
        ClapRobot("two-ur5e", None, "two-ur5e", _DUAL),
    )
}


def robot_named(name: str) -> ClapRobot:
    """Return a robot by its ``robot_type``.

    Raises:
        ConfigurationError: There is none of that name.
    """
    if name not in ROBOTS:
        raise ConfigurationError(f'robot type "{name}": {did_you_mean(name, ROBOTS)}')
    return ROBOTS[name]
