"""Draws a simulated scene without a display."""

from __future__ import annotations

import os
from math import radians, tan

import mujoco

from roboact_ros.errors import CameraError, did_you_mean
from roboact_ros.sim.build import build_model
from roboact_ros.sim.scene import Scene
from roboact_ros.types import FloatArray, ImageArray, Intrinsics

# The software rasteriser would otherwise start a thread per core and starve the control loops beside it.
os.environ.setdefault("LP_NUM_THREADS", "1")


class Renderer:
    """Turns generalised positions into pictures. All calls must come from the thread that made it."""

    def __init__(self, scene: Scene, width: int, height: int) -> None:
        """Build the model and a drawing surface.

        Args:
            scene: What to draw.
            width: Width of the pictures [px].
            height: Height of the pictures [px].
        """
        self._model = build_model(scene)
        self._data = mujoco.MjData(self._model)
        self._model.vis.global_.offwidth, self._model.vis.global_.offheight = width, height
        self._width, self._height = width, height
        self._renderer = mujoco.Renderer(self._model, height, width)

    def render(self, qpos: FloatArray, camera: str) -> ImageArray:
        """Return the (H, W, 3) RGB picture that ``camera`` takes of the scene at ``qpos`` (nq,).

        Raises:
            CameraError: There is no such camera, or ``qpos`` is of another scene.
        """
        _require_camera(self._model, camera)
        if qpos.shape != self._data.qpos.shape:
            raise CameraError(f"the scene has {self._model.nq} positions, not {qpos.shape}")
        self._data.qpos[:] = qpos
        mujoco.mj_kinematics(self._model, self._data)
        mujoco.mj_camlight(self._model, self._data)
        self._renderer.update_scene(self._data, camera)
        image: ImageArray = self._renderer.render()
        return image

    def intrinsics(self, camera: str) -> Intrinsics:
        """Return the pinhole model of ``camera``.

        Raises:
            CameraError: There is no such camera.
        """
        _require_camera(self._model, camera)
        half = radians(float(self._model.camera(camera).fovy[0])) / 2
        focal = self._height / 2 / tan(half)
        # Pixel centres lie at whole numbers, so the optical axis meets the image half a pixel before its middle.
        return Intrinsics(self._width, self._height, focal, focal, (self._width - 1) / 2, (self._height - 1) / 2)

    def close(self) -> None:
        """Free the drawing surface; may be called twice."""
        self._renderer.close()


def camera_names(scene: Scene) -> tuple[str, ...]:
    """Return the names of the cameras in ``scene``."""
    model = build_model(scene)
    return tuple(model.camera(number).name for number in range(model.ncam))


def _require_camera(model: mujoco.MjModel, camera: str) -> None:
    names = [model.camera(number).name for number in range(model.ncam)]
    if camera not in names:
        raise CameraError(f'no camera "{camera}" in the simulated scene: {did_you_mean(camera, names)}')
