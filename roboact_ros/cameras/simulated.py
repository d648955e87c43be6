"""Cameras in the simulated world, drawn in the process that reads them."""

from __future__ import annotations

import time

from roboact_ros.cameras.pace import Pace
from roboact_ros.errors import CameraError, SimulationError, did_you_mean
from roboact_ros.sim.renderer import Renderer, camera_names
from roboact_ros.sim.scene import Scene
from roboact_ros.sim.world_client import WorldClient
from roboact_ros.types import FloatArray, Frame


class SimulatedCamera:
    """Draws the newest state of a world at the camera's own rate; all reads must come from one thread.

    When the world goes away ``read`` raises, and connects again once it is back.
    """

    def __init__(self, name: str, source: str, width: int, height: int, fps: float, address: str) -> None:
        """Connect to the world.

        Args:
            name: Name of the camera in the system file.
            source: Name of the camera in the world, e.g. ``front``.
            width: Image width [px].
            height: Image height [px].
            fps: Images per second.
            address: Loopback address of the simulated cell.

        Raises:
            CameraError: There is no world at this address or no such camera in it.
        """
        self._name, self._source, self._address = name, source, address
        self._width, self._height = width, height
        self._pace = Pace(fps)
        self._scene: Scene | None = None
        self._renderer: Renderer | None = None
        self._client: WorldClient | None = self._connect()

    def read(self) -> Frame:
        """See :class:`~roboact_ros.cameras.camera.Camera`; stamped at the moment the state arrived."""
        self._pace.wait()
        scene, qpos = self._state()
        stamp_ns = time.time_ns()
        if self._renderer is None or scene != self._scene:
            if self._renderer is not None:
                self._renderer.close()
            self._renderer, self._scene = Renderer(scene, self._width, self._height), scene
        image = self._renderer.render(qpos, self._source)
        return Frame(self._name, stamp_ns, image, self._renderer.intrinsics(self._source))

    def close(self) -> None:
        """See :class:`~roboact_ros.cameras.camera.Camera`."""
        if self._client is not None:
            self._client.close()
            self._client = None
        if self._renderer is not None:
            self._renderer.close()
            self._renderer = None

    def _state(self) -> tuple[Scene, FloatArray]:
        if self._client is None:
            self._client = self._connect()
        try:
            return self._client.scene, self._client.state()[1]
        except SimulationError as error:
            self._client.close()
            self._client = None
            raise CameraError(f'camera "{self._name}": {error}') from error

    def _connect(self) -> WorldClient:
        try:
            client = WorldClient(self._address)
        except SimulationError as error:
            raise CameraError(f'camera "{self._name}": {error}') from error
        valid = camera_names(client.scene)
        if self._source not in valid:
            client.close()
            hint = did_you_mean(self._source, valid)
            raise CameraError(f'camera "{self._name}": no camera "{self._source}" in the simulated world: {hint}')
        return client
