"""A table-top world in which physics decides what a gripper holds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import mujoco
import numpy as np

from roboact_ros.cells.description import TABLE_BELOW_HOME
from roboact_ros.errors import SimulationError, did_you_mean
from roboact_ros.robots import RobotModel, Six
from roboact_ros.sim.build import TIMESTEP, build_model
from roboact_ros.sim.furniture import TABLE_DEPTH
from roboact_ros.sim.mujoco_arm import MujocoArm
from roboact_ros.sim.placement import Disc, Rectangle, kept_free, place
from roboact_ros.sim.scene import HOME, ArmPlacement, Block, Bowl, Contents, Planar, Scene
from roboact_ros.sim.shapes import quaternion_z
from roboact_ros.types import FloatArray

ARM_SPACING = 0.7
"""Distance between the bases of several arms unless told otherwise [m]."""
_WORKSPACE: Rectangle = (-0.20, 0.27, -0.50, 0.27)
"""Displacement from the home tool within which objects are placed [m]."""
_TOOL_RADIUS = 0.07


class World:
    """Arms, a table and what stands on it, stepped by whoever owns it. The world frame is the base of arm 0."""

    def __init__(
        self,
        models: Sequence[RobotModel],
        seed: int = 0,
        home: Sequence[tuple[float, ...]] | None = None,
        bases: Sequence[Planar] | None = None,
        contents: Contents | None = None,
        table_z: float | None = None,
    ) -> None:
        """Build the world, arms at home and objects where ``seed`` puts them.

        Args:
            models: Kinematics of each arm.
            seed: Seed of the placement of the loose objects.
            home: (6,) joint positions [rad] at which each arm starts; the CLIP-RT authors' by default.
            bases: Where each arm stands, the first at the origin; side by side by default.
            contents: What stands on the table; four blocks, a bowl, a drawer and a box by default.
            table_z: Height of the table top in the base frame of arm 0 [m]; by default so far below the home tool that
                the lowest tool of the workspace holds a block.

        Raises:
            SimulationError: The numbers of arms differ, or the objects do not fit.
        """
        home = [HOME] * len(models) if home is None else home
        bases = [Planar(0.0, -ARM_SPACING * k) for k in range(len(models))] if bases is None else bases
        if not models or not len(models) == len(home) == len(bases):
            raise SimulationError(f"{len(models)} arms with {len(home)} home poses and {len(bases)} bases")
        if bases[0] != Planar(0.0, 0.0):
            raise SimulationError(f"arm 0 stands at the origin, not at {bases[0]}")
        placements = tuple(
            ArmPlacement(model, _six(q), base) for model, q, base in zip(models, home, bases, strict=True)
        )
        x, y, z = _home_tool(placements[0])
        height = round(z - TABLE_BELOW_HOME, 3) if table_z is None else table_z
        self._scene = Scene(placements, Contents() if contents is None else contents, height)
        dx0, dx1, dy0, dy1 = _WORKSPACE
        self._region = (x + dx0, x + dx1, y + dy0, y + dy1)
        self._model, self._data, self.arms = _assemble(self._scene)
        self.reset(seed)

    @property
    def scene(self) -> Scene:
        """The description from which the model was built."""
        return self._scene

    @property
    def time(self) -> float:
        """Simulated time [s]; it never goes back, not even at a reset."""
        return float(self._data.time)

    @property
    def objects(self) -> tuple[str, ...]:
        """Names of all objects, loose ones first."""
        contents = self._scene.contents
        return tuple(item.name for item in (*contents.loose, *contents.trays, *contents.drawers, *contents.boxes))

    def describe(self) -> dict[str, Any]:
        """Return JSON-able data from which another process builds the same model (``Scene.from_mapping``)."""
        return self._scene.to_mapping()

    def qpos(self) -> FloatArray:
        """Return a copy of the (nq,) generalised positions: all that a picture depends on."""
        return np.array(self._data.qpos)

    def step(self, seconds: float) -> None:
        """Advance the physics.

        Raises:
            SimulationError: ``seconds`` is not a multiple of the time step.
        """
        count = round(seconds / TIMESTEP)
        if count < 1 or abs(count * TIMESTEP - seconds) > 1e-9:
            raise SimulationError(f"cannot step {seconds} s: not a multiple of {TIMESTEP} s")
        for arm in self.arms:
            arm.before_step(seconds)
        mujoco.mj_step(self._model, self._data, count)
        for arm in self.arms:
            arm.after_step(seconds)

    def reset(self, seed: int) -> None:
        """Put every object back, loose ones where ``seed`` says; the arms stay as they are.

        Raises:
            SimulationError: The seed is negative, or the objects do not fit.
        """
        if seed < 0:
            raise SimulationError(f"a seed is not negative: {seed}")
        contents = self._scene.contents
        taken = kept_free(contents.drawers, contents.boxes)
        taken += [(tray.place.x, tray.place.y, max(tray.size) / 2) for tray in contents.trays]
        taken += [disc for disc in map(self._under_tool, self.arms) if disc is not None]
        radii = [0.75 * item.size if isinstance(item, Block) else item.radius for item in contents.loose]
        places = place(radii, self._region, taken, seed)
        for fixed, start in self._fixed_joints().items():
            self._set_joint(fixed, [start])
        for tray in contents.trays:
            where = tray.place
            self._set_joint(tray.name, [where.x, where.y, self._scene.table_z, *quaternion_z(where.yaw)])
        for item, where in zip(contents.loose, places, strict=True):
            position = (where.x, where.y, self._rest_height(item.name))
            self._set_joint(item.name, [*position, *quaternion_z(where.yaw)])
        mujoco.mj_forward(self._model, self._data)

    def place(self, name: str, position: Sequence[float], yaw: float = 0.0) -> None:
        """Put a loose object somewhere, at rest.

        Args:
            name: A block, can or bowl.
            position: x, y and, optionally, z [m] in the base frame of arm 0; without z it stands on the table.
            yaw: Turn about z [rad].

        Raises:
            SimulationError: No such loose object, or a place that is not above the table.
        """
        loose = [item.name for item in self._scene.contents.loose]
        if name not in loose:
            raise SimulationError(f'no loose object "{name}": {did_you_mean(name, loose)}')
        low, rest = self._scene.table_z, self._rest_height(name)
        x, y, z = (float(v) for v in (*position, rest)[:3]) if len(position) in (2, 3) else (np.nan,) * 3
        if not (TABLE_DEPTH[0] < x < TABLE_DEPTH[1] and abs(y) < 2.0 and low <= z < low + 1.0):
            raise SimulationError(
                f"cannot place {name} at {[float(v) for v in position]}: x in {list(TABLE_DEPTH)}, y in [-2, 2],"
                f" z in [{low}, {low + 1}] m"
            )
        # Contacts give a little: where an object lay is a hair below where it was put.
        self._set_joint(name, [x, y, max(z, rest), *quaternion_z(yaw)])
        mujoco.mj_forward(self._model, self._data)

    def pose_object_in_base(self, name: str) -> FloatArray:
        """Return the (4, 4) pose [m] of an object, the moving part of a drawer or box, in the base frame of arm 0.

        Raises:
            SimulationError: There is no such object.
        """
        self._require(name)
        body = self._data.body(name)
        pose = np.eye(4)
        pose[:3, :3], pose[:3, 3] = body.xmat.reshape(3, 3), body.xpos
        return pose

    def opening(self, name: str) -> float:
        """Return how far a drawer [m] or a lid [rad] is open; 0 is closed.

        Raises:
            SimulationError: There is no such drawer or lid.
        """
        fixed = self._fixed_joints()
        if name not in fixed:
            raise SimulationError(f'nothing to open called "{name}": {did_you_mean(name, fixed)}')
        return float(self._data.joint(name).qpos[0])

    def report(self) -> dict[str, dict[str, Any]]:
        """Return, JSON-able, the position [m] and quaternion (w, x, y, z) of every object in the base frame of arm 0.

        Drawers and lids also say how far they are open.
        """
        report: dict[str, dict[str, Any]] = {}
        for name in self.objects:
            body = self._data.body(name)
            report[name] = {"position": body.xpos.tolist(), "quaternion": body.xquat.tolist()}
        for name in self._fixed_joints():
            report[name]["opening"] = self.opening(name)
        return report

    def _fixed_joints(self) -> dict[str, float]:
        """Names and starting positions of the joints of furniture."""
        contents = self._scene.contents
        return {
            **dict.fromkeys((d.name for d in contents.drawers), 0.0),
            **{b.name: b.open_angle for b in contents.boxes},
        }

    def _require(self, name: str) -> None:
        if name not in self.objects:
            raise SimulationError(f'no object "{name}": {did_you_mean(name, self.objects)}')

    def _rest_height(self, name: str) -> float:
        item = next(item for item in self._scene.contents.loose if item.name == name)
        if isinstance(item, Bowl):
            return self._scene.table_z
        return self._scene.table_z + (item.size if isinstance(item, Block) else item.height) / 2

    def _under_tool(self, arm: MujocoArm) -> Disc | None:
        """Ground under a tool that is too low for an object to appear there."""
        x, y, z = arm.pose_tool_in_world[:3, 3]
        return (float(x), float(y), _TOOL_RADIUS) if z < self._scene.table_z + 0.12 else None

    def _set_joint(self, name: str, qpos: Sequence[float]) -> None:
        joint = self._data.joint(name)
        joint.qpos[:], joint.qvel[:] = qpos, 0.0


def _assemble(scene: Scene) -> tuple[Any, Any, tuple[MujocoArm, ...]]:
    model = build_model(scene)
    data = mujoco.MjData(model)
    arms = tuple(MujocoArm(model, data, number, arm.model, np.array(arm.home)) for number, arm in enumerate(scene.arms))
    mujoco.mj_forward(model, data)
    return model, data, arms


def _home_tool(arm: ArmPlacement) -> tuple[float, float, float]:
    """Return where the tool of arm 0 is at home [m]; an empty table is enough to find out."""
    _, _, (body,) = _assemble(Scene((arm,), Contents((), (), (), (), ()), table_z=0.0))
    x, y, z = body.pose_tool_in_world[:3, 3]
    return float(x), float(y), float(z)


def _six(q: Sequence[float]) -> Six:
    values = tuple(float(value) for value in q)
    if len(values) != 6:
        raise SimulationError(f"a home pose has 6 joint positions, not {len(values)}")
    return values
