"""Builds what stands still: the table, the cabinet with its drawer and the box with its lid."""

from __future__ import annotations

from typing import Any

import mujoco

from roboact_ros.sim.scene import Drawer, HingedBox
from roboact_ros.sim.shapes import box, cylinder, quaternion_z

TABLE_DEPTH = (0.17, 1.02)
"""Extent of the table along x of arm 0's base [m]."""
HANDLE_REACH = 0.085
"""Distance of a drawer's handle from its front: an open finger fits between them [m]."""

_WALL = 0.004
"""Half thickness of boards [m]."""
_STOP: dict[str, Any] = {"solref_limit": [0.004, 1.0], "solimp_limit": [0.99, 0.999, 0.001, 0.5, 2.0]}
"""Hard end stops."""


def add_table(spec: Any, top_z: float, y: tuple[float, float], floor_z: float) -> None:
    """Add the table, its top at ``top_z``, along y from ``y[0]`` to ``y[1]``, standing on ``floor_z`` [m]."""
    x, half_x = (TABLE_DEPTH[0] + TABLE_DEPTH[1]) / 2, (TABLE_DEPTH[1] - TABLE_DEPTH[0]) / 2
    middle, half_y = (y[0] + y[1]) / 2, (y[1] - y[0]) / 2
    body = spec.worldbody.add_body(name="table", pos=[x, middle, top_z])
    top = box(body, (0, 0, -0.02), (half_x, half_y, 0.02), material="table")
    top.friction = [0.8, 0.01, 0.0003]
    for sx in (-1, 1):
        for sy in (-1, 1):
            foot = (sx * (half_x - 0.05), sy * (half_y - 0.05))
            cylinder(body, (*foot, floor_z - top_z), (*foot, -0.04), 0.025, material="dark")


def add_drawer(spec: Any, drawer: Drawer, table_z: float) -> None:
    """Add a cabinet whose drawer slides along its -x; joint position 0 is closed [m].

    The handle is a post, which a tool that points down can hold from above, however it is turned.
    """
    (lx, ly, lz), place = (s / 2 for s in drawer.size), drawer.place
    position = [place.x, place.y, table_z]
    cabinet = spec.worldbody.add_body(name=f"{drawer.name} cabinet", pos=position, quat=quaternion_z(place.yaw))
    look = {"material": "cabinet"}
    box(cabinet, (0, 0, 2 * lz - _WALL), (lx, ly, _WALL), **look)
    box(cabinet, (0, 0, _WALL), (lx, ly, _WALL), **look)
    box(cabinet, (lx - _WALL, 0, lz), (_WALL, ly - 2 * _WALL, lz - 2 * _WALL), **look)
    for side in (-1, 1):
        box(cabinet, (0, side * (ly - _WALL), lz), (lx, _WALL, lz - 2 * _WALL), **look)
    body = cabinet.add_body(name=drawer.name, pos=[-lx, 0, 0], gravcomp=1.0)
    body.add_joint(
        name=drawer.name,
        type=mujoco.mjtJoint.mjJNT_SLIDE,
        axis=[-1, 0, 0],
        range=[0.0, drawer.travel],
        limited=True,
        frictionloss=1.0,
        damping=8.0,
        **_STOP,
    )
    # The joint guides the drawer, so its parts need not touch the cabinet: gaps of 3 mm all round.
    inner_y, low, high = ly - 2 * _WALL - 0.003, 2 * _WALL + 0.003, 2 * lz - 2 * _WALL - 0.003
    depth, wall_z = lx - _WALL - 0.006, (low + high - 0.02) / 2
    wood: dict[str, Any] = {"material": "drawer", "density": 500.0}
    box(body, (-_WALL - 0.001, 0, lz), (_WALL, ly - 0.002, lz - 0.004), **wood)
    box(body, (depth, 0, low + 0.003), (depth, inner_y, 0.003), **wood)
    box(body, (2 * depth - _WALL, 0, wall_z), (_WALL, inner_y, wall_z - low), **wood)
    for side in (-1, 1):
        box(body, (depth, side * (inner_y - _WALL), wall_z), (depth, _WALL, wall_z - low), **wood)
    handle: dict[str, Any] = {"material": "handle", "density": 500.0, "friction": [1.0, 0.01, 0.0003], "condim": 4}
    reach = HANDLE_REACH
    box(body, (-reach / 2, 0, 0.037), (reach / 2, 0.008, 0.007), **handle)
    cylinder(body, (-reach, 0, 0.020), (-reach, 0, 0.085), 0.012, **handle)


def add_hinged_box(spec: Any, hinged: HingedBox, table_z: float) -> None:
    """Add an open box with a lid hinged along its -y edge; joint position 0 is closed [rad]."""
    (lx, ly, lz), place = (s / 2 for s in hinged.size), hinged.place
    position = [place.x, place.y, table_z]
    base = spec.worldbody.add_body(name=f"{hinged.name} box", pos=position, quat=quaternion_z(place.yaw))
    look = {"material": "box"}
    box(base, (0, 0, _WALL), (lx, ly, _WALL), **look)
    for side in (-1, 1):
        box(base, (side * (lx - _WALL), 0, lz), (_WALL, ly, lz), **look)
        box(base, (0, side * (ly - _WALL), lz), (lx, _WALL, lz), **look)
    lid = base.add_body(name=hinged.name, pos=[0, -ly, 2 * lz + _WALL])
    lid.add_joint(
        name=hinged.name,
        type=mujoco.mjtJoint.mjJNT_HINGE,
        axis=[1, 0, 0],
        range=[0.0, hinged.open_angle],
        limited=True,
        frictionloss=0.01,
        damping=0.02,
        **_STOP,
    )
    board: dict[str, Any] = {"material": "lid", "density": 500.0}
    box(lid, (0, ly, 0.002), (lx + 0.004, ly + 0.004, _WALL), **board)
    knob: dict[str, Any] = {"material": "handle", "density": 500.0, "friction": [1.0, 0.01, 0.0003], "condim": 4}
    box(lid, (0, 2 * ly - 0.03, 0.006 + 0.014), (0.02, 0.009, 0.014), **knob)
