"""The arm in a URDF file: the joints between two of its frames, with their limits. Needs no other package."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, isfinite
from pathlib import Path
from xml.etree import ElementTree

from roboact_ros.errors import ConfigurationError, did_you_mean

FEWEST_JOINTS = 6
"""With fewer, a tool cannot take any pose in its reach."""

_MOVING = ("revolute", "continuous", "prismatic")


@dataclass(frozen=True, slots=True)
class UrdfArm:
    """The joints that move one frame of a URDF with respect to another, n of them.

    Positions are in rad, those of prismatic joints in m; speeds likewise per second.

    Attributes:
        path: The file.
        base: Name of the base frame.
        tool: Name of the tool frame.
        joints: Names of the joints, from base to tool.
        links: Names of the links that they move, in the same order.
        lowest: Smallest position of each joint; -inf for continuous ones.
        highest: Largest position of each.
        speed: Largest speed of each.
    """

    path: Path
    base: str
    tool: str
    joints: tuple[str, ...]
    links: tuple[str, ...]
    lowest: tuple[float, ...]
    highest: tuple[float, ...]
    speed: tuple[float, ...]

    def __post_init__(self) -> None:
        """Refuse an arm that nothing here can plan for.

        Raises:
            ConfigurationError: It has too few joints.
        """
        if len(self.joints) < FEWEST_JOINTS:
            found = ", ".join(self.joints) or "none"
            raise ConfigurationError(
                f'{self.path}: an arm has at least {FEWEST_JOINTS} joints; between "{self.base}" and "{self.tool}" '
                f"there are {len(self.joints)}: {found}"
            )

    def check_inside(self, q: Sequence[float]) -> None:
        """Refuse joint positions that the arm cannot take.

        Raises:
            ConfigurationError: There are too many or too few, or one is beyond its limits.
        """
        if len(q) != len(self.joints):
            raise ConfigurationError(
                f"{len(q)} joints are given, {self.path} has {len(self.joints)}: {', '.join(self.joints)}"
            )
        for name, value, low, high in zip(self.joints, q, self.lowest, self.highest, strict=True):
            if not low <= value <= high:
                raise ConfigurationError(f"{name} is at {value:g}, {self.path} allows {low:g} … {high:g}")


def read_urdf(path: Path, base: str, tool: str) -> UrdfArm:
    """Read the arm between two frames of a URDF file.

    Args:
        path: The file.
        base: Frame in which the tool is moved.
        tool: Frame that is moved.

    Raises:
        ConfigurationError: There is no such file, frame or arm, or a joint of it cannot be used.
    """
    root = _parse(path)
    links = [str(link.get("name")) for link in root.iter("link")]
    for key, frame in (("base", base), ("tool", tool)):
        if frame not in links:
            raise ConfigurationError(f'{path} has no frame "{frame}" for arm.{key}: {did_you_mean(frame, links)}')
    chain = _chain(root, path, base, tool)
    limits = [_limits(joint, path) for joint in chain]
    if chain and chain[-1].get("type") == "prismatic":
        raise ConfigurationError(f'{path}: the last joint turns the tool, but "{chain[-1].get("name")}" is prismatic')
    return UrdfArm(
        path,
        base,
        tool,
        joints=tuple(str(joint.get("name")) for joint in chain),
        links=tuple(_end(joint, "child") for joint in chain),
        lowest=tuple(low for low, _, _ in limits),
        highest=tuple(high for _, high, _ in limits),
        speed=tuple(speed for _, _, speed in limits),
    )


def _parse(path: Path) -> ElementTree.Element:
    try:
        root = ElementTree.parse(path).getroot()
    except OSError as error:
        raise ConfigurationError(f"the URDF {path} cannot be read: {error.strerror}") from None
    except ElementTree.ParseError as error:
        raise ConfigurationError(f"{path} is no XML: {error}") from None
    if root.tag != "robot":
        raise ConfigurationError(f"{path} is no URDF: it holds <{root.tag}>, not <robot>")
    if any("xacro" in element.tag for element in root.iter()):
        raise ConfigurationError(f"{path} is a xacro file; make a URDF of it first: xacro {path.name} > arm.urdf")
    return root


def _end(joint: ElementTree.Element, which: str) -> str:
    found = joint.find(which)
    return str(found.get("link")) if found is not None else ""


def _chain(root: ElementTree.Element, path: Path, base: str, tool: str) -> list[ElementTree.Element]:
    """Return the joints from base to tool that move."""
    above = {_end(joint, "child"): joint for joint in root.findall("joint")}
    chain: list[ElementTree.Element] = []
    way = [tool]
    while way[-1] != base:
        joint = above.get(way[-1])
        if joint is None or _end(joint, "parent") in way:
            hangs = ", ".join(way[1:]) or "nothing"
            raise ConfigurationError(
                f'{path}: the tool "{tool}" does not hang on the base "{base}"; it hangs on {hangs}'
            )
        kind = joint.get("type", "")
        if kind in _MOVING:
            chain.append(joint)
        elif kind != "fixed":
            raise ConfigurationError(
                f'{path}: joint "{joint.get("name")}" is {kind or "of no type"}; valid: {", ".join(_MOVING)}, fixed'
            )
        way.append(_end(joint, "parent"))
    return chain[::-1]


def _limits(joint: ElementTree.Element, path: Path) -> tuple[float, float, float]:
    """Return the lowest and highest position of a joint and its largest speed."""
    name, limit = f'{path}: joint "{joint.get("name")}"', joint.find("limit")
    if joint.find("mimic") is not None:
        raise ConfigurationError(f"{name} mimics another one, which an arm that is moved joint by joint cannot do")
    if limit is None:
        raise ConfigurationError(f"{name} has no limits; it needs <limit> with lower, upper and velocity")
    try:
        low, high, speed = (float(limit.get(key, "0")) for key in ("lower", "upper", "velocity"))
    except ValueError:
        raise ConfigurationError(f"{name} has limits that are no numbers: {dict(limit.attrib)}") from None
    if not 0.0 < speed < inf:
        raise ConfigurationError(f"{name} needs a velocity limit above 0, not {speed:g}")
    if joint.get("type") == "continuous":
        return -inf, inf, speed
    if not (isfinite(low) and isfinite(high) and low < high):
        raise ConfigurationError(f"{name} needs lower < upper, not {low:g} and {high:g}")
    return low, high, speed
