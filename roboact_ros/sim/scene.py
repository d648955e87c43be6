"""What stands in a simulated cell: plain descriptions that go to another process and build the same model there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import pi
from typing import Any

from pydantic import TypeAdapter, ValidationError

from roboact_ros.errors import SimulationError
from roboact_ros.robots import RobotModel, Six

HOME: Six = (pi, -pi / 2, pi / 2, 3 * pi / 2, -pi / 2, -pi / 2)
"""Home pose of the CLIP-RT authors [rad]: the tool in front of the base, pointing down."""

COLOURS: Mapping[str, tuple[float, float, float]] = {
    "red": (0.82, 0.10, 0.09),
    "green": (0.13, 0.62, 0.24),
    "blue": (0.10, 0.32, 0.80),
    "yellow": (0.96, 0.77, 0.10),
    "orange": (0.95, 0.45, 0.08),
    "purple": (0.48, 0.20, 0.66),
    "pink": (0.93, 0.45, 0.62),
    "white": (0.92, 0.92, 0.90),
}


@dataclass(frozen=True, slots=True)
class Planar:
    """A place on the floor plan of arm 0's base: x, y [m], yaw about z [rad]."""

    x: float
    y: float
    yaw: float = 0.0


@dataclass(frozen=True, slots=True)
class ArmPlacement:
    """One arm.

    Attributes:
        model: Its kinematics.
        home: (6,) joint positions it starts at [rad].
        base: Where its base stands, in the base frame of arm 0.
    """

    model: RobotModel
    home: tuple[float, ...] = HOME
    base: Planar = Planar(0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Block:
    """A cube with edges of ``size`` [m]; its name is ``<colour> block``."""

    colour: str
    size: float = 0.04

    @property
    def name(self) -> str:
        """How people call it."""
        return f"{self.colour} block"


@dataclass(frozen=True, slots=True)
class Can:
    """An upright cylinder that can be knocked over; its name is ``<colour> can``. Radius and height [m]."""

    colour: str
    radius: float = 0.022
    height: float = 0.10

    @property
    def name(self) -> str:
        """How people call it."""
        return f"{self.colour} can"


@dataclass(frozen=True, slots=True)
class Bowl:
    """A round open bowl: radius of the rim and height [m]."""

    name: str = "bowl"
    colour: str = "white"
    radius: float = 0.075
    height: float = 0.045


@dataclass(frozen=True, slots=True)
class Drawer:
    """A drawer in a small cabinet that stands at ``place`` and opens along its -x."""

    name: str = "drawer"
    place: Planar = Planar(0.56, 0.50, pi / 2)
    size: tuple[float, float, float] = (0.20, 0.20, 0.095)
    travel: float = 0.13


@dataclass(frozen=True, slots=True)
class HingedBox:
    """A box at ``place`` whose lid is hinged along its -y edge and starts open; ``name`` is the lid's."""

    name: str = "lid"
    place: Planar = Planar(0.70, -0.38, pi)
    size: tuple[float, float, float] = (0.15, 0.13, 0.06)
    open_angle: float = 1.9


@dataclass(frozen=True, slots=True)
class Tray:
    """A board with an upright post at either end, for two grippers; along y of ``place``, where it starts.

    Attributes:
        name: How people call it.
        place: Where it lies.
        size: Of the board, x, y, z [m].
        posts: Distance of the posts [m].
        reach: Height of the posts above the board's bottom [m].
        colour: Of board and posts; None is a wooden board with dark posts.
    """

    name: str = "tray"
    place: Planar = Planar(0.50, -0.35)
    size: tuple[float, float, float] = (0.20, 0.36, 0.010)
    posts: float = 0.30
    reach: float = 0.085
    colour: str | None = None


@dataclass(frozen=True, slots=True)
class Contents:
    """What stands on the table; drawers and boxes are fixed to it, everything else is loose."""

    blocks: tuple[Block, ...] = (Block("red"), Block("green"), Block("blue"), Block("yellow"))
    cans: tuple[Can, ...] = ()
    bowls: tuple[Bowl, ...] = (Bowl(),)
    drawers: tuple[Drawer, ...] = (Drawer(),)
    boxes: tuple[HingedBox, ...] = (HingedBox(),)
    trays: tuple[Tray, ...] = ()

    def __post_init__(self) -> None:
        """Refuse unknown colours and names used twice."""
        for colour in (item.colour for item in (*self.loose, *self.trays)):
            if colour is not None and colour not in COLOURS:
                raise SimulationError(f'no colour "{colour}"; valid: {", ".join(COLOURS)}')
        names = [item.name for item in (*self.loose, *self.drawers, *self.boxes, *self.trays)]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise SimulationError(f"objects need different names; used twice: {', '.join(twice)}")

    @property
    def loose(self) -> tuple[Block | Can | Bowl, ...]:
        """Everything that can be picked up."""
        return (*self.bowls, *self.blocks, *self.cans)


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything a simulated cell is built from.

    Attributes:
        arms: The arms; the base frame of the first one is the world frame.
        contents: What stands on the table.
        table_z: Height of the table top in that frame [m].
    """

    arms: tuple[ArmPlacement, ...]
    contents: Contents
    table_z: float

    def to_mapping(self) -> dict[str, Any]:
        """Return JSON-able data from which :meth:`from_mapping` makes an equal scene."""
        mapping: dict[str, Any] = TypeAdapter(Scene).dump_python(self, mode="json")
        return mapping

    @staticmethod
    def from_mapping(mapping: Mapping[str, Any]) -> Scene:
        """Make a scene from received data.

        Raises:
            SimulationError: The data does not describe a scene.
        """
        try:
            return TypeAdapter(Scene).validate_python(mapping)
        except ValidationError as error:
            raise SimulationError(f"this does not describe a simulated scene: {error}") from None
