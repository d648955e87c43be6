"""Sends or receives images the way rclpy tutorials and cv_bridge do, with default settings throughout."""

from __future__ import annotations

import time

import cv2
import numpy as np
import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from sensor_msgs.msg import CompressedImage, Image

from roboact_ros.bench.image_stream import (
    FPS,
    HEIGHT,
    JPEG_QUALITY,
    SILENCE,
    WIDTH,
    Received,
    Sent,
    Side,
    read_pictures,
    tell,
)
from roboact_ros.nodes.messages.stamp import stamp_from_message

TOPIC = "image"


def publish(side: Side) -> None:
    """Publish the images of ``side`` from a timer."""
    node = Node("stock_publisher")
    publisher = node.create_publisher(Image if side.raw else CompressedImage, TOPIC, 10)
    pictures, sent = read_pictures(side.pictures), Sent()

    def tick() -> None:
        if not publisher.get_subscription_count():
            return
        picture = pictures[len(sent.stamps) % len(pictures)]
        stamp = node.get_clock().now()
        start = time.perf_counter()
        if side.raw:
            message = Image(height=HEIGHT, width=WIDTH, encoding="rgb8", step=3 * WIDTH)
            message.data = picture.tobytes()
        else:
            bgr = cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)
            message = CompressedImage(format="jpeg")
            message.data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1].tobytes()
        message.header.stamp = stamp.to_msg()
        message.header.frame_id = "front_optical_frame"
        publisher.publish(message)
        sent.build_publish_us.append((time.perf_counter() - start) * 1e6)
        sent.stamps.append(stamp.nanoseconds)

    node.create_timer(1.0 / FPS, tick)
    executor = _executor(node)
    while len(sent.stamps) < side.count:
        executor.spin_once()
    tell(sent)
    time.sleep(SILENCE)


def subscribe(side: Side) -> None:
    """Receive until the images stop coming."""
    node = Node("stock_subscriber")
    received = Received()
    newest = [float("inf")]

    def on_image(message: Image | CompressedImage) -> None:
        data = np.frombuffer(message.data, np.uint8)
        if side.raw:
            data.reshape(message.height, message.width, 3)
        else:
            cv2.cvtColor(cv2.imdecode(data, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
        received.add(stamp_from_message(message.header.stamp))
        newest[0] = time.monotonic()

    node.create_subscription(Image if side.raw else CompressedImage, TOPIC, on_image, 10)
    executor = _executor(node)
    while time.monotonic() < newest[0] + SILENCE:
        executor.spin_once(timeout_sec=0.2)
    tell(received)


def _executor(node: Node) -> SingleThreadedExecutor:
    """Return the executor that ``rclpy.spin`` would use."""
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    return executor


def main() -> None:
    """Run one side."""
    side = Side.parse(__doc__ or "")
    rclpy.init()
    if side.publishes:
        publish(side)
    else:
        subscribe(side)
    rclpy.try_shutdown()


if __name__ == "__main__":
    main()
