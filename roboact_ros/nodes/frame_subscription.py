"""Subscribes to the frames of one camera and keeps the newest."""

from __future__ import annotations

import time
from collections.abc import Callable

from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.qos_overriding_options import QoSOverridingOptions
from sensor_msgs.msg import CompressedImage, Image

from roboact_ros.errors import CameraError
from roboact_ros.nodes.messages.image import frame_from_compressed, frame_from_image
from roboact_ros.types import Frame

NEWEST_IMAGE = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
"""Matches every publisher; while a callback runs, only the newest of the waiting images is kept."""


class FrameSubscription:
    """The frames of one camera, decoded, newest only.

    A message that is no image is counted in ``refused`` and logged; the frame before it stays the newest one and ages.
    """

    def __init__(self, node: Node, camera: str, callback: Callable[[Frame], None], raw: bool = False) -> None:
        """Subscribe.

        Args:
            node: Node whose executor runs ``callback``.
            camera: Name of the camera in the system file.
            callback: Called with every frame.
            raw: Take ``image_raw`` instead of ``image/compressed``; cheaper on the processor where it is published.
        """
        self.newest: Frame | None = None
        self.refused = 0
        self._received_ns = 0
        self._camera = camera
        self._callback = callback
        self._log = node.get_logger()
        topic = f"camera/{camera}/image_raw" if raw else f"camera/{camera}/image/compressed"
        self._subscription = node.create_subscription(
            Image if raw else CompressedImage,
            topic,
            self._on_image,
            NEWEST_IMAGE,
            qos_overriding_options=QoSOverridingOptions.with_default_policies(),
        )

    @property
    def age(self) -> float:
        """Time since the newest frame arrived [s], infinite before the first one."""
        return float("inf") if self.newest is None else (time.monotonic_ns() - self._received_ns) / 1e9

    def _on_image(self, message: Image | CompressedImage) -> None:
        received_ns = time.monotonic_ns()
        try:
            decode = frame_from_image if isinstance(message, Image) else frame_from_compressed
            frame = decode(message, self._camera)
        except CameraError as error:
            self.refused += 1
            self._log.warning(str(error), throttle_duration_sec=5.0)
            return
        self.newest, self._received_ns = frame, received_ns
        self._callback(frame)
