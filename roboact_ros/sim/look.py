"""Materials, light, floor and the fixed cameras of the scene."""

from __future__ import annotations

from typing import Any

import mujoco
import numpy as np

MATERIALS: dict[str, tuple[tuple[float, float, float], float]] = {
    "aluminium": ((0.74, 0.76, 0.78), 0.4),
    "tube": ((0.66, 0.69, 0.72), 0.5),
    "ur blue": ((0.36, 0.62, 0.82), 0.4),
    "dark": ((0.20, 0.21, 0.23), 0.3),
    "pedestal": ((0.33, 0.35, 0.38), 0.2),
    "gripper": ((0.30, 0.31, 0.33), 0.4),
    "pad": ((0.62, 0.62, 0.62), 0.1),
    "table": ((0.78, 0.70, 0.58), 0.15),
    "floor": ((0.55, 0.58, 0.61), 0.0),
    "cabinet": ((0.52, 0.36, 0.24), 0.2),
    "drawer": ((0.72, 0.54, 0.36), 0.2),
    "box": ((0.24, 0.42, 0.46), 0.2),
    "lid": ((0.35, 0.60, 0.64), 0.2),
    "handle": ((0.16, 0.16, 0.18), 0.6),
}
"""Colour and specular strength of every material."""

ONE_ARM_TABLE = 1.4
"""Width of the table of one arm [m]."""


def add_look(spec: Any, table_z: float, table_y: tuple[float, float], floor_z: float, shadows: bool) -> None:
    """Add everything that is only seen: materials, lights, floor and the cameras ``front`` and ``overhead``.

    Without a GPU shadows take six times as long as the rest of a picture.
    """
    for name, (colour, specular) in MATERIALS.items():
        spec.add_material(name=name, rgba=[*colour, 1.0], specular=specular, shininess=0.5, reflectance=0.0)
    spec.add_texture(
        name="sky",
        type=mujoco.mjtTexture.mjTEXTURE_SKYBOX,
        builtin=mujoco.mjtBuiltin.mjBUILTIN_GRADIENT,
        rgb1=[0.80, 0.85, 0.90],
        rgb2=[0.55, 0.60, 0.66],
        width=128,
        height=768,
    )
    middle = (table_y[0] + table_y[1]) / 2
    spec.visual.quality.offsamples = 0
    spec.visual.quality.shadowsize = 1024
    spec.visual.quality.numslices, spec.visual.quality.numstacks = 20, 10
    # The extent sets how far the shadow map reaches: the smaller, the sharper.
    spec.stat.center, spec.stat.extent = [0.45, middle, table_z + 0.3], 1.1
    head = spec.visual.headlight
    head.ambient, head.diffuse, head.specular = [0.42] * 3, [0.16] * 3, [0.0] * 3
    lamp = np.array([0.75, middle - 0.55, table_z + 2.2])
    aim = np.array([0.40, middle, table_z]) - lamp
    spec.worldbody.add_light(
        name="lamp",
        type=mujoco.mjtLightType.mjLIGHT_SPOT,
        pos=lamp.tolist(),
        dir=aim.tolist(),
        cutoff=70.0,
        exponent=1.0,
        diffuse=[0.54] * 3,
        specular=[0.3] * 3,
        castshadow=shadows,
    )
    floor = spec.worldbody.add_geom(type=mujoco.mjtGeom.mjGEOM_PLANE, size=[4.0, 4.0, 0.1], material="floor")
    floor.pos = [0.0, 0.0, floor_z]
    target = np.array([0.47, middle, table_z + 0.11])
    # A wider table is seen from farther away.
    away = 0.5 + 0.5 * (table_y[1] - table_y[0]) / ONE_ARM_TABLE
    add_camera(spec.worldbody, "front", target + away * np.array([0.87, -0.50, 0.90]), target, up=(0, 0, 1), fovy=42.0)
    add_camera(spec.worldbody, "overhead", target + away * np.array([0.0, 0.0, 1.25]), target, up=(1, 0, 0), fovy=45.0)


def add_head_camera(spec: Any, table_z: float, middle_y: float) -> None:
    """Add the camera ``head`` of a cell with two arms: between and above their bases, looking down at what they do."""
    position, target = (0.02, middle_y, table_z + 0.95), (0.52, middle_y, table_z + 0.05)
    add_camera(spec.worldbody, "head", position, target, up=(0, 0, 1), fovy=62.0)


def add_camera(body: Any, name: str, position: Any, target: Any, up: Any, fovy: float) -> None:
    """Add a camera to ``body`` that looks from ``position`` at ``target`` [m] with ``up`` upwards; ``fovy`` [deg]."""
    position, target = np.asarray(position, dtype=np.float64), np.asarray(target, dtype=np.float64)
    back = (position - target) / np.linalg.norm(position - target)
    right = np.cross(up, back)
    right /= np.linalg.norm(right)
    quaternion = np.zeros(4)
    mujoco.mju_mat2Quat(quaternion, np.stack([right, np.cross(back, right), back], axis=1).ravel())
    body.add_camera(name=name, pos=position.tolist(), quat=quaternion.tolist(), fovy=fovy)
