"""Published kinematics of the supported robot arms (Denavit-Hartenberg tables and joint limits of Universal Robots)."""

from __future__ import annotations

from dataclasses import dataclass
from math import pi

from roboact_ros.errors import ConfigurationError, did_you_mean

Six = tuple[float, float, float, float, float, float]


@dataclass(frozen=True, slots=True)
class RobotModel:
    """Kinematics of a six-joint arm, classic Denavit-Hartenberg convention.

    Attributes:
        name: Name used in system files.
        generation: ``cb3`` (controller at 125 Hz) or ``e-series`` (500 Hz).
        d: Link offsets along z [m].
        a: Link lengths along x [m].
        alpha: Link twists about x [rad].
        position_limit: Largest |joint position| [rad].
        velocity_limit: Largest joint speed [rad/s].
    """

    name: str
    generation: str
    d: Six
    a: Six
    alpha: Six = (pi / 2, 0.0, 0.0, pi / 2, -pi / 2, 0.0)
    position_limit: Six = (2 * pi,) * 6
    velocity_limit: Six = (pi,) * 6

    @property
    def rate_hz(self) -> float:
        """Control rate of the controller [Hz]."""
        return 500.0 if self.generation == "e-series" else 125.0


UR5 = RobotModel(
    name="ur5",
    generation="cb3",
    d=(0.089159, 0.0, 0.0, 0.10915, 0.09465, 0.0823),
    a=(0.0, -0.425, -0.39225, 0.0, 0.0, 0.0),
)
UR5E = RobotModel(
    name="ur5e",
    generation="e-series",
    d=(0.1625, 0.0, 0.0, 0.1333, 0.0997, 0.0996),
    a=(0.0, -0.425, -0.3922, 0.0, 0.0, 0.0),
)
ROBOTS = {model.name: model for model in (UR5, UR5E)}


def robot_model(name: str) -> RobotModel:
    """Return the published model called ``name``.

    Raises:
        ConfigurationError: There is no such model.
    """
    try:
        return ROBOTS[name]
    except KeyError:
        raise ConfigurationError(f'no robot model "{name}": {did_you_mean(name, ROBOTS)}') from None
