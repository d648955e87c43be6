"""Reads a system file and ``key:=value`` overrides into a validated :class:`Cell`."""

from __future__ import annotations

import dataclasses
import ipaddress
import re
from collections.abc import Sequence
from math import acos, cos, degrees, hypot
from pathlib import Path
from typing import Any, get_type_hints

import yaml
from pydantic import TypeAdapter, ValidationError

from roboact_ros.cells.arm_description import ARMS, ArmDescription, PlacedArmDescription
from roboact_ros.cells.arms import check_joints, complete_urdf_arms
from roboact_ros.cells.description import CameraDescription, Cell
from roboact_ros.chat.endpoint import check_endpoint
from roboact_ros.errors import ChatError, ConfigurationError, PolicyError, did_you_mean
from roboact_ros.policies.clap.server import check_address
from roboact_ros.policies.seams import seams_of
from roboact_ros.share import share_folder

SHORTHANDS = {
    "robot_ip": "arm.robot_ip",
    "robot_model": "arm.model",
    "left_ip": "arms.left.robot_ip",
    "right_ip": "arms.right.robot_ip",
    "checkpoint": "policy.checkpoint",
    "model": "policy.model",
    "camera": "cameras.front",
    "record": "recording.auto_start",
    "bags": "recording.folder",
}
"""Names of launch arguments for the keys people change most."""

APART = 0.2
"""Bases of two arms of Universal Robots are at least so far from each other [m]."""

_LEVEL = 0.5
"""A base that is tilted by less stands upright [degrees]."""

_FOR_TWO_ARMS = ("none", "clap", "clap_ntp", "clap_remote")
"""Kinds of policies that can drive two arms."""

_ROS_NAME = re.compile(r"[A-Za-z](_?[A-Za-z0-9])*")


def system_names() -> list[str]:
    """Names of the system files that are installed."""
    return sorted(path.stem for path in (share_folder("config") / "systems").glob("*.yaml"))


def system_file(system: str) -> Path:
    """Return the file of ``system``, a name of an installed system or a path to a YAML file.

    Raises:
        ConfigurationError: There is no such file.
    """
    path = Path(system)
    if path.suffix in (".yaml", ".yml"):
        if path.is_file():
            return path
        raise ConfigurationError(f'system file "{system}" does not exist')
    installed = share_folder("config") / "systems" / f"{system}.yaml"
    if not installed.is_file():
        raise ConfigurationError(f'no system "{system}": {did_you_mean(system, system_names())}')
    return installed


def load_cell(system: str, overrides: Sequence[str] = ()) -> Cell:
    """Read a system and apply overrides.

    Args:
        system: Name of an installed system or path of a YAML file.
        overrides: ``key:=value`` texts; keys are dotted (``safety.tool_speed``) or one of ``SHORTHANDS``.

    Raises:
        ConfigurationError: Unknown system or key, or a value that is not allowed.
    """
    path = system_file(system)
    try:
        content = yaml.safe_load(path.read_text()) or {}
    except yaml.YAMLError as error:
        raise ConfigurationError(f"{path} is not valid YAML: {error}") from error
    if not isinstance(content, dict):
        raise ConfigurationError(f"{path} must hold a mapping, not {type(content).__name__}")
    content.setdefault("name", path.stem)
    for override in overrides:
        _apply(content, override)
    complete_urdf_arms(content, path.parent)
    return cell_from_mapping(content, origin=str(path))


def cell_from_mapping(content: dict[str, Any], origin: str) -> Cell:
    """Validate ``content``; ``origin`` names it in error messages.

    Raises:
        ConfigurationError: Unknown key or a value that is not allowed.
    """
    try:
        cell = TypeAdapter(Cell).validate_python(content)
    except ValidationError as error:
        raise ConfigurationError("\n".join(_explain(e, origin) for e in error.errors())) from None
    _check_cameras(cell, origin)
    if cell.arms:
        _check_arms(cell, origin)
    check_joints(cell, origin)
    for key, asked in (("language_model", cell.language_model), ("policy.refinement", cell.policy.refinement)):
        if asked.endpoint:
            try:
                check_endpoint(asked.endpoint, asked.api_key_env)
            except ChatError as error:
                raise ConfigurationError(f"{origin}: {key}: {error}") from None
    if cell.policy.kind == "clap_remote":
        try:
            check_address(cell.policy.remote.server)
        except PolicyError as error:
            raise ConfigurationError(f"{origin}: policy.remote.server: {error}") from None
        arm, valid = cell.policy.remote.arm, ("both",) if cell.arms else ARMS
        if arm not in valid:
            raise ConfigurationError(f"{origin}: policy.remote.arm is {arm}; for this cell, valid: {', '.join(valid)}")
    try:
        seams_of(cell.policy)
    except PolicyError as error:
        raise ConfigurationError(f"{origin}: {error}") from None
    for axis in ("workspace_x", "workspace_y", "workspace_z"):
        low, high = getattr(cell.safety, axis)
        if not low <= 0.0 <= high:
            raise ConfigurationError(f"{origin}: safety.{axis} [{low}, {high}] must contain 0, the home pose")
    return cell


def _check_cameras(cell: Cell, origin: str) -> None:
    for name in cell.cameras:
        if not _ROS_NAME.fullmatch(name):
            raise ConfigurationError(
                f'{origin}: cameras: "{name}" is no ROS name: letters, digits and single underscores, beginning with a'
                " letter, e.g. front_left"
            )
    looked_through = (cell.policy.camera, *cell.policy.more_cameras) if cell.policy.kind != "none" else ()
    for number, name in enumerate(looked_through):
        key = "policy.more_cameras" if number else "policy.camera"
        if name not in cell.cameras:
            hint = did_you_mean(name, cell.cameras)
            raise ConfigurationError(f'{origin}: {key} "{name}" is not a camera of this cell; {hint}')
        if name in looked_through[:number]:
            raise ConfigurationError(f'{origin}: {key} "{name}" is there twice')


def _check_arms(cell: Cell, origin: str) -> None:
    if missing := [name for name in ARMS if name not in cell.arms]:
        raise ConfigurationError(f"{origin}: arms needs both {' and '.join(ARMS)}; {missing[0]} is missing")
    if cell.arm != ArmDescription():
        raise ConfigurationError(
            f"{origin}: a cell has one arm (arm) or two (arms), not both; of two, say arms.left.robot_ip or left_ip"
        )
    left, right = (cell.arms[name] for name in ("left", "right"))
    if left.model != right.model:
        raise ConfigurationError(f"{origin}: both arms are of one model, not {left.model} and {right.model}")
    if (left.robot_ip == "sim") != (right.robot_ip == "sim"):
        raise ConfigurationError(f"{origin}: both arms are simulated, or none: {left.robot_ip} and {right.robot_ip}")
    if left.robot_ip == right.robot_ip != "sim":
        raise ConfigurationError(f"{origin}: both arms have the address {left.robot_ip}; every controller has its own")
    if left.model == "urdf" and left.command == right.command:
        raise ConfigurationError(f"{origin}: both arms listen to the topic {left.command}; every arm has its own")
    if left.model == "urdf" and left.rate_hz != right.rate_hz:
        raise ConfigurationError(
            f"{origin}: one loop drives both arms, so they have one rate_hz, not {left.rate_hz:g} and {right.rate_hz:g}"
        )
    for name in ARMS if cell.safety.table_z is not None else ():
        _check_upright(name, cell.arms[name].pose_base_in_cell, origin)  # type: ignore[index]
    x, y, z = (b - a for a, b in zip(left.pose_base_in_cell[:3], right.pose_base_in_cell[:3], strict=True))
    # The arms of a torso may have one base frame.
    if left.model != "urdf" and (distance := (x * x + y * y + z * z) ** 0.5) < APART:
        raise ConfigurationError(
            f"{origin}: the bases of the arms are {distance:g} m apart, at least {APART:g} m are possible; say where"
            " they stand in arms.left.pose_base_in_cell and arms.right.pose_base_in_cell"
        )
    try:
        ipaddress.IPv4Address(cell.sim.address)
    except ValueError:
        raise ConfigurationError(f"{origin}: sim.address {cell.sim.address!r} is no IPv4 address") from None
    if cell.policy.kind not in _FOR_TWO_ARMS:
        kinds = ", ".join(_FOR_TWO_ARMS)
        raise ConfigurationError(
            f"{origin}: policy.kind {cell.policy.kind} drives one arm; for two, valid are: {kinds}"
        )


def _check_upright(name: str, pose_base_in_cell: tuple[float, ...], origin: str) -> None:
    """Refuse a base in which the table of the cell would not be level."""
    *_, rx, ry, rz = pose_base_in_cell
    angle = hypot(rx, ry, rz)
    up = 1.0 if angle == 0.0 else cos(angle) + (1.0 - cos(angle)) * (rz / angle) ** 2
    if (tilt := degrees(acos(max(-1.0, min(1.0, up))))) > _LEVEL:
        raise ConfigurationError(
            f"{origin}: safety.table_z is a height in the frame of the cell, and arms.{name}.pose_base_in_cell tilts"
            f" the base by {tilt:.1f} degrees; it may turn about z only, or leave table_z out"
        )


def cell_to_mapping(cell: Cell) -> dict[str, Any]:
    """Return plain data that :func:`cell_from_mapping` turns into an equal cell."""
    mapping: dict[str, Any] = TypeAdapter(Cell).dump_python(cell, mode="json")
    return mapping


def _apply(content: dict[str, Any], override: str) -> None:
    key, separator, text = override.partition(":=")
    if not separator or not key:
        raise ConfigurationError(f'"{override}" is not of the form key:=value, e.g. robot_ip:=192.168.1.10')
    node = content
    *parents, leaf = SHORTHANDS.get(key, key).split(".")
    if key == "camera":
        parents, leaf = ["cameras", "front"], "kind"
    for parent in parents:
        node = node.setdefault(parent, {})
        if not isinstance(node, dict):
            raise ConfigurationError(f'"{key}" goes below "{parent}", which is a plain value')
    if key == "camera":
        kind, _, source = text.partition(":")
        node.update({"kind": kind, **({"source": source} if source else {})})
        return
    # Text stays text: an address such as 10.0 or a device index must not turn into a number before validation.
    node[leaf] = text if leaf in ("robot_ip", "source", "address", "model", "checkpoint") else yaml.safe_load(text)


def _explain(error: Any, origin: str) -> str:
    location = list(error["loc"])
    dotted = ".".join(str(part) for part in location)
    if error["type"] in ("extra_forbidden", "unexpected_keyword_argument"):
        short = SHORTHANDS.get(dotted)
        hint = f"in a file it is {short}" if short else did_you_mean(str(location[-1]), _fields_at(location[:-1]))
        return f'{origin}: unknown key "{dotted}": {hint}'
    if error["type"] == "literal_error" and isinstance(error["input"], str):
        valid = [word.strip(" '") for word in re.split(r",| or ", error["ctx"]["expected"])]
        return f"{origin}: {dotted} = {error['input']!r}: {did_you_mean(error['input'], valid)}"
    return f"{origin}: {dotted} = {error['input']!r}: {error['msg']}"


def _fields_at(location: list[Any]) -> list[str]:
    """Return the keys that are allowed at a place in a system file."""
    named = {"cameras": CameraDescription, "arms": PlacedArmDescription}
    node: Any = Cell
    for part in location:
        if node is Cell and part in named:
            node = part  # the next part is the name a person gave to a camera, or that of an arm
        elif node in named:
            node = named[node]
        else:
            kind = get_type_hints(node).get(part)
            node = kind if dataclasses.is_dataclass(kind) else Cell
    if node in named:
        return []
    names = [f.name for f in dataclasses.fields(node)]
    return [*names, *SHORTHANDS] if node is Cell else names
