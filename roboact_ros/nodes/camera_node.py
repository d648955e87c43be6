"""Publishes one camera of a cell: images, pinhole model, and how well it is doing."""

from __future__ import annotations

import argparse
import math
import os
import sys
import time
from collections.abc import Sequence

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.qos import QoSProfile
from rclpy.qos_overriding_options import QoSOverridingOptions
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from roboact_ros.cameras.capture import Capture
from roboact_ros.cameras.open import Opener, camera_opener
from roboact_ros.cameras.statistics import CameraHealth
from roboact_ros.cells.description import CameraDescription, Cell
from roboact_ros.cells.transport import image_publisher_environment
from roboact_ros.errors import ConfigurationError, did_you_mean
from roboact_ros.nodes.messages.diagnostics import Level, Status, statuses_to_array
from roboact_ros.nodes.messages.image import (
    depth_to_image,
    frame_to_camera_info,
    frame_to_compressed,
    frame_to_image,
)
from roboact_ros.nodes.run import run_node
from roboact_ros.nodes.steady import every
from roboact_ros.types import Frame

_IMAGES = QoSProfile(depth=5)
"""Reliable, so that reliable and best-effort subscribers both match; a slow one loses old images, never delays new."""

_SLOW = 0.8
"""Fraction of the promised rate below which the status warns."""

_STARTING = 10.0
"""Time in which a camera, and the cell around it, may come up before a missing image is an error [s]."""


class CameraNode(Node):  # type: ignore[misc]
    """Publishes ``camera/<name>/…`` at the rate of the camera and its state in ``/diagnostics`` once a second."""

    def __init__(self, name: str, description: CameraDescription, open_camera: Opener) -> None:
        """Start capturing.

        Args:
            name: Name of the camera in the system file.
            description: The camera.
            open_camera: Opens it; it need not be there yet.
        """
        super().__init__(f"camera_{name}")
        self._name = name
        self._description = description
        self._encode_ms = 0.0
        self._compressed = self._publisher(CompressedImage, "image/compressed")
        self._raw = self._publisher(Image, "image_raw") if description.raw else None
        self._info = self._publisher(CameraInfo, "camera_info")
        self._depth = self._publisher(Image, "depth/image_raw") if description.depth else None
        self._depth_info = self._publisher(CameraInfo, "depth/camera_info") if description.depth else None
        self._diagnostics = self.create_publisher(DiagnosticArray, "/diagnostics", 10)
        self._told = ""
        self._started = time.monotonic()
        self._capture = Capture(open_camera, self._publish, description.fps)
        every(self, 1.0, self._report)

    def destroy_node(self) -> None:
        """Stop capturing before the publishers go."""
        self._capture.stop()
        super().destroy_node()

    def _publisher(self, kind: type, topic: str) -> Publisher:
        overriding = QoSOverridingOptions.with_default_policies()
        path = f"camera/{self._name}/{topic}"
        return self.create_publisher(kind, path, _IMAGES, qos_overriding_options=overriding)

    def _publish(self, frame: Frame) -> None:
        # Images nobody listens to are not built; camera_info always tells that the camera is alive.
        if self._raw is not None and self._raw.get_subscription_count():
            self.publish_raw(self._raw, frame)
        if self._compressed.get_subscription_count():
            self.publish_compressed(self._compressed, frame)
        info = frame_to_camera_info(frame)
        self._info.publish(info)
        if self._depth is not None and self._depth_info is not None:
            # Aligned to colour, so the pinhole model is the same.
            self._depth_info.publish(info)
            if self._depth.get_subscription_count():
                self._depth.publish(depth_to_image(frame))

    def publish_raw(self, publisher: Publisher, frame: Frame) -> None:
        """Build and publish one raw image."""
        publisher.publish(frame_to_image(frame))

    def publish_compressed(self, publisher: Publisher, frame: Frame) -> None:
        """Build and publish one compressed image."""
        start = time.perf_counter()
        message = frame_to_compressed(frame, self._description.jpeg_quality)
        self._encode_ms = (time.perf_counter() - start) * 1e3
        publisher.publish(message)

    def _report(self) -> None:
        health = self._capture.statistics.health(time.monotonic_ns())
        starting = not health.delivered and time.monotonic() - self._started < _STARTING
        status = camera_status(self._name, health, self._description.fps, self._encode_ms, starting)
        self._diagnostics.publish(statuses_to_array([status], self.get_clock().now().to_msg(), self.get_namespace()))
        if status.level is Level.ERROR and status.message != self._told:
            self.get_logger().error(status.message)
        elif status.level is not Level.ERROR and self._told:
            self.get_logger().info(f'camera "{self._name}" is back')
        self._told = status.message if status.level is Level.ERROR else ""


def camera_status(name: str, health: CameraHealth, fps: float, encode_ms: float, starting: bool = False) -> Status:
    """Return the status of a camera.

    Args:
        name: Name of the camera.
        health: Its figures.
        fps: The rate it should have [Hz].
        encode_ms: Time the last compression took [ms].
        starting: Whether it has only just been started, so that having no image yet is no error.
    """
    silent = health.age > max(1.0, 5.0 / fps)
    no_image = Level.WARN if starting else Level.ERROR
    if health.error:
        level, message = no_image, health.error
    elif silent:
        since = f" for {health.age:.1f} s" if math.isfinite(health.age) else " yet"
        level, message = no_image, f'camera "{name}": no image{since}'
    elif health.rate_hz < _SLOW * fps:
        level, message = Level.WARN, f"{health.rate_hz:.1f} Hz instead of {fps:g} Hz"
    else:
        level, message = Level.OK, f"{health.rate_hz:.1f} Hz"
    values = {
        "rate_hz": f"{health.rate_hz:.2f}",
        "expected_hz": f"{fps:g}",
        "delivered": str(health.delivered),
        "drops": str(health.drops),
        "missed": str(health.missed),
        "replaced": str(health.replaced),
        "encode_ms": f"{encode_ms:.2f}",
        "failures": str(health.failures),
        "last_error": health.last_error,
    }
    return Status(f"camera/{name}", level, message, values)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the node."""
    os.environ.update(image_publisher_environment())
    return run_node(_make, __doc__ or "", arguments, _declare)


def _declare(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--camera", required=True, metavar="NAME", help="name of the camera in the system file")


def _make(cell: Cell, args: argparse.Namespace) -> Node:
    if args.camera not in cell.cameras:
        raise ConfigurationError(f'no camera "{args.camera}": {did_you_mean(args.camera, cell.cameras)}')
    description = cell.cameras[args.camera]
    return CameraNode(args.camera, description, camera_opener(args.camera, description, cell.sim.address))


if __name__ == "__main__":
    sys.exit(main())
