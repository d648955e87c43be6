"""Sends or receives images with our own camera node and frame subscription, with timers around them."""

from __future__ import annotations

import os
import time

import rclpy
from rclpy.experimental import EventsExecutor
from rclpy.node import Node
from rclpy.publisher import Publisher

from roboact_ros.bench.image_stream import (
    FPS,
    HEIGHT,
    JPEG_QUALITY,
    SILENCE,
    WIDTH,
    Received,
    Sent,
    Side,
    StreamCamera,
    tell,
)
from roboact_ros.cells.description import CameraDescription
from roboact_ros.cells.transport import image_publisher_environment
from roboact_ros.nodes.camera_node import CameraNode
from roboact_ros.nodes.frame_subscription import FrameSubscription
from roboact_ros.types import Frame


class TimedCameraNode(CameraNode):
    """The camera node, timing what it takes to build and publish one image."""

    def __init__(self, description: CameraDescription, camera: StreamCamera) -> None:
        """Publish the frames of ``camera``."""
        self.build_publish_us: list[float] = []
        super().__init__("front", description, lambda: camera)

    def publish_raw(self, publisher: Publisher, frame: Frame) -> None:
        """See :class:`CameraNode`."""
        start = time.perf_counter()
        super().publish_raw(publisher, frame)
        self.build_publish_us.append((time.perf_counter() - start) * 1e6)

    def publish_compressed(self, publisher: Publisher, frame: Frame) -> None:
        """See :class:`CameraNode`."""
        start = time.perf_counter()
        super().publish_compressed(publisher, frame)
        self.build_publish_us.append((time.perf_counter() - start) * 1e6)


def publish(side: Side) -> None:
    """Publish the images of ``side``."""
    description = CameraDescription(width=WIDTH, height=HEIGHT, fps=FPS, raw=side.raw, jpeg_quality=JPEG_QUALITY)
    camera = StreamCamera("front", side)
    node = TimedCameraNode(description, camera)
    executor = EventsExecutor()
    executor.add_node(node)
    topic = "camera/front/image_raw" if side.raw else "camera/front/image/compressed"
    while not camera.ended:
        executor.spin_once(timeout_sec=0.2)
        if node.count_subscribers(topic):
            camera.begin.set()
    tell(Sent(camera.stamps, node.build_publish_us))
    time.sleep(SILENCE)
    node.destroy_node()


def subscribe(side: Side) -> None:
    """Receive until the images stop coming."""
    node, received = Node("subscriber"), Received()
    subscription = FrameSubscription(node, "front", lambda frame: received.add(frame.stamp_ns), side.raw)
    executor = EventsExecutor()
    executor.add_node(node)
    while not received.stamps or subscription.age < SILENCE:
        executor.spin_once(timeout_sec=0.2)
    tell(received)
    node.destroy_node()


def main() -> None:
    """Run one side."""
    side = Side.parse(__doc__ or "")
    os.environ.update(image_publisher_environment() if side.publishes else {})
    rclpy.init(args=["--ros-args", "--log-level", "fatal"])
    if side.publishes:
        publish(side)
    else:
        subscribe(side)
    rclpy.try_shutdown()


if __name__ == "__main__":
    main()
