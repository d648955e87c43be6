"""Draws a simulated scene without a display."""

from __future__ import annotations

import importlib
import os
import sys
from math import radians, tan
from typing import Any

import mujoco
import numpy as np

from roboact_ros.errors import CameraError, did_you_mean
from roboact_ros.sim.build import build_model
from roboact_ros.sim.scene import Scene
from roboact_ros.types import FloatArray, ImageArray, Intrinsics

# The software rasteriser would otherwise start a thread per core and starve the control loops beside it.
os.environ.setdefault("LP_NUM_THREADS", "1")


class Renderer:
    """Turns generalised positions into pictures; all calls must come from one thread."""

    def __init__(self, scene: Scene, width: int, height: int) -> None:
        """Build the model and a drawing surface.

        Args:
            scene: What to draw.
            width: Width of the pictures [px].
            height: Height of the pictures [px].

        Raises:
            CameraError: This machine cannot draw without a display.
        """
        self._surface: Any = None
        self._model = build_model(scene)
        self._data = mujoco.MjData(self._model)
        self._model.vis.global_.offwidth, self._model.vis.global_.offheight = width, height
        self._width, self._height = width, height
        self._surface = _drawing_surface(width, height)
        self._surface.make_current()
        self._context = mujoco.MjrContext(self._model, mujoco.mjtFontScale.mjFONTSCALE_100)
        mujoco.mjr_setBuffer(mujoco.mjtFramebuffer.mjFB_OFFSCREEN, self._context)
        self._scene = mujoco.MjvScene(self._model, maxgeom=self._model.ngeom + 100)
        self._options = mujoco.MjvOption()
        self._view = mujoco.MjvCamera()
        self._view.type = mujoco.mjtCamera.mjCAMERA_FIXED

    def render(self, qpos: FloatArray, camera: str) -> ImageArray:
        """Return the (H, W, 3) RGB picture that ``camera`` takes of the scene at ``qpos`` (nq,).

        Raises:
            CameraError: There is no such camera, or ``qpos`` is of another scene.
        """
        self._view.fixedcamid = _camera_number(self._model, camera)
        if qpos.shape != self._data.qpos.shape:
            raise CameraError(f"the scene has {self._model.nq} positions, not {qpos.shape}")
        self._data.qpos[:] = qpos
        mujoco.mj_kinematics(self._model, self._data)
        mujoco.mj_camlight(self._model, self._data)
        everything = mujoco.mjtCatBit.mjCAT_ALL
        mujoco.mjv_updateScene(self._model, self._data, self._options, None, self._view, everything, self._scene)
        self._surface.make_current()
        area = mujoco.MjrRect(0, 0, self._width, self._height)
        mujoco.mjr_render(area, self._scene, self._context)
        upside_down: ImageArray = np.empty((self._height, self._width, 3), dtype=np.uint8)
        mujoco.mjr_readPixels(upside_down, None, area, self._context)
        return np.ascontiguousarray(upside_down[::-1])

    def intrinsics(self, camera: str) -> Intrinsics:
        """Return the pinhole model of ``camera``.

        Raises:
            CameraError: There is no such camera.
        """
        half = radians(float(self._model.cam_fovy[_camera_number(self._model, camera)])) / 2
        focal = self._height / 2 / tan(half)
        # Pixel centres lie at whole numbers, so the optical axis meets the image half a pixel before its middle.
        return Intrinsics(self._width, self._height, focal, focal, (self._width - 1) / 2, (self._height - 1) / 2)

    def close(self) -> None:
        """Free the drawing surface; may be called twice."""
        if self._surface is not None:
            self._surface.make_current()
            self._context.free()
            self._surface.free()
            self._surface = None

    def __del__(self) -> None:
        # Left alone, MuJoCo would free the drawing objects of whichever surface is current by then.
        if not sys.is_finalizing():
            self.close()


def camera_names(scene: Scene) -> tuple[str, ...]:
    """Return the names of the cameras in ``scene``."""
    return _cameras(build_model(scene))


def _drawing_surface(width: int, height: int) -> Any:
    """Make what MuJoCo draws on; ``MUJOCO_GL`` chooses how, EGL by default because it needs no display."""
    backend = os.environ.get("MUJOCO_GL", "egl")
    try:
        return importlib.import_module(f"mujoco.{backend}").GLContext(width, height)
    except (ImportError, AttributeError, RuntimeError) as error:  # what PyOpenGL raises depends on what is missing
        raise CameraError(
            f"cannot draw the simulated scene with MUJOCO_GL={backend} ({error}); valid: egl (Debian packages libegl1"
            " and libgl1-mesa-dri), osmesa (libosmesa6), glfw (a display)"
        ) from error


def _cameras(model: Any) -> tuple[str, ...]:
    return tuple(model.camera(number).name for number in range(model.ncam))


def _camera_number(model: Any, camera: str) -> int:
    names = _cameras(model)
    if camera not in names:
        raise CameraError(f'no camera "{camera}" in the simulated scene: {did_you_mean(camera, names)}')
    return names.index(camera)
