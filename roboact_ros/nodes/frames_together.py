"""Subscribes to the cameras that a policy looks through, and hands over what they saw at the same moment."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

from rclpy.node import Node

from roboact_ros.cameras.synchronizer import Synchronizer
from roboact_ros.nodes.frame_subscription import FrameSubscription
from roboact_ros.types import Frame


class FramesTogether:
    """The frames of one camera, or of several by their stamps; then those of the others are ``beside`` the first's.

    Args:
        node: Node whose executor runs ``callback``.
        cameras: Names of the cameras; the first one's frames carry the others.
        tolerance: Largest difference between the stamps of a set [s].
        callback: Called with every frame, or every set that is newer than the last one.
    """

    def __init__(self, node: Node, cameras: Sequence[str], tolerance: float, callback: Callable[[Frame], None]) -> None:
        self._callback = callback
        self._sync = Synchronizer[Frame](cameras, int(tolerance * 1e9))
        self._subscriptions = [FrameSubscription(node, name, self._on_frame) for name in cameras]

    @property
    def problem(self) -> str:
        """Why the images of several cameras do not go together; empty while they do."""
        return self._sync.problem if len(self._subscriptions) > 1 else ""

    @property
    def apart(self) -> int:
        """How often the cameras were too far apart."""
        return self._sync.apart

    def _on_frame(self, frame: Frame) -> None:
        found = self._sync.add(frame.camera, frame.stamp_ns, frame)
        if found is not None:
            first, *others = found.values()
            self._callback(dataclasses.replace(first, beside=tuple(others)))
