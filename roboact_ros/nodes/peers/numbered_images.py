"""A camera that publishes a known number of numbered JPEG images at a fixed rate, to count what a recorder misses.

Prints ``matched`` once somebody listens, publishes after a line on its input, and ends when all was delivered.
"""

from __future__ import annotations

import os
import sys
import time

import cv2
import numpy as np
import rclpy
from rclpy.duration import Duration
from rclpy.qos import QoSProfile
from rclpy.signals import SignalHandlerOptions
from sensor_msgs.msg import CompressedImage

from roboact_ros.cells.transport import image_publisher_environment

DELIVERY_SECONDS = 5


def pictures(width: int, height: int, count: int) -> list[bytes]:
    """Return JPEG images of a smooth scene with some texture, each a little different."""
    noise = np.random.default_rng(0).normal(0.0, 12.0, (height, width, 3))
    ramp = np.linspace(40.0, 200.0, width)[None, :, None]
    images = [np.clip(ramp + np.roll(noise, 7 * i, axis=1), 0, 255).astype(np.uint8) for i in range(count)]
    return [cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 90])[1].tobytes() for image in images]


def main() -> int:
    """Publish; arguments: topic, width, height, frames per second, number of images."""
    topic, *numbers = sys.argv[1:]
    width, height, fps, count = map(int, numbers)
    os.environ.update(image_publisher_environment())
    images = pictures(width, height, 8)
    rclpy.init(signal_handler_options=SignalHandlerOptions.NO)  # SIGTERM just ends it, also while it waits
    node = rclpy.create_node("numbered_images")
    publisher = node.create_publisher(CompressedImage, topic, QoSProfile(depth=5))  # as camera_node publishes
    while not publisher.get_subscription_count():
        rclpy.spin_once(node, timeout_sec=0.05)
    print("matched", flush=True)
    sys.stdin.readline()
    start = time.monotonic()
    for i in range(count):
        time.sleep(max(0.0, start + i / fps - time.monotonic()))
        message = CompressedImage(format=str(i), data=images[i % len(images)])
        message.header.stamp = node.get_clock().now().to_msg()
        publisher.publish(message)
    delivered = publisher.wait_for_all_acked(Duration(seconds=DELIVERY_SECONDS))
    node.destroy_node()
    rclpy.try_shutdown()
    return 0 if delivered else 1


if __name__ == "__main__":
    sys.exit(main())
