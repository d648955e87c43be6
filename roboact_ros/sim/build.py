"""Turns a scene into a MuJoCo model; the same scene gives the same model in every process."""

from __future__ import annotations

from typing import Any

import mujoco

from roboact_ros.sim.arm_model import add_arm, contact_bits
from roboact_ros.sim.furniture import add_drawer, add_hinged_box, add_table
from roboact_ros.sim.gripper_model import add_gripper
from roboact_ros.sim.look import ONE_ARM_TABLE, add_head_camera, add_look
from roboact_ros.sim.objects import add_block, add_bowl, add_can, add_tray
from roboact_ros.sim.scene import Scene

TIMESTEP = 0.002
"""Step of the physics [s]: the period of the fastest controller."""
FLOOR_BELOW_TABLE = 0.75
"""Height of the table [m]."""


def build_model(scene: Scene) -> Any:
    """Return the ``mujoco.MjModel`` of ``scene``."""
    spec = mujoco.MjSpec()
    spec.modelname = "roboact cell"
    spec.compiler.degree = False
    spec.option.timestep = TIMESTEP
    spec.option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    # Elliptic cones and stiff friction keep a held block from creeping out of the fingers.
    spec.option.cone = mujoco.mjtCone.mjCONE_ELLIPTIC
    spec.option.impratio = 10.0
    # What lies still costs nothing until something touches it; the arms never sleep.
    spec.option.enableflags |= int(mujoco.mjtEnableBit.mjENBL_SLEEP)
    floor_z = scene.table_z - FLOOR_BELOW_TABLE
    bases = [arm.base.y for arm in scene.arms]
    y = (min(bases) - ONE_ARM_TABLE / 2, max(bases) + ONE_ARM_TABLE / 2)
    add_look(spec, scene.table_z, y, floor_z, shadows=len(scene.arms) == 1)
    add_table(spec, scene.table_z, y, floor_z)
    if len(scene.arms) > 1:
        add_head_camera(spec, scene.table_z, (y[0] + y[1]) / 2)
    for number, placement in enumerate(scene.arms):
        link = add_arm(spec, number, placement, len(scene.arms), floor_z)
        add_gripper(spec, link, number, placement.model.d[5], contact_bits(number, len(scene.arms)))
    for block in scene.contents.blocks:
        add_block(spec, block)
    for can in scene.contents.cans:
        add_can(spec, can)
    for bowl in scene.contents.bowls:
        add_bowl(spec, bowl)
    for tray in scene.contents.trays:
        add_tray(spec, tray)
    for drawer in scene.contents.drawers:
        add_drawer(spec, drawer, scene.table_z)
    for hinged in scene.contents.boxes:
        add_hinged_box(spec, hinged, scene.table_z)
    return spec.compile()
