"""Listens to the ROS network for a moment: whether it carries messages, who is there, and how old what they send is."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import rclpy
from geometry_msgs.msg import PoseStamped
from rclpy.executors import SingleThreadedExecutor
from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import CameraInfo
from std_msgs.msg import String

from roboact_ros.cells.description import Cell
from roboact_ros.doctor.network import Heard
from roboact_ros.nodes.messages.stamp import stamp_from_message

PATIENCE_SECONDS = 5.0
LISTEN_SECONDS = 2.0
_NAME = "roboact_doctor"


def listen(cell: Cell) -> Heard:
    """Let another process be found and heard, then listen to what ``cell`` sends if it runs."""
    context = rclpy.Context()
    rclpy.init(args=[], context=context)
    node = rclpy.create_node(_NAME, context=context)
    executor = SingleThreadedExecutor(context=context)
    executor.add_node(node)
    topic = f"{_NAME}_{os.getpid()}"
    command = [sys.executable, "-m", "roboact_ros.nodes.listen", topic]
    speaker = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        heard: list[String] = []
        node.create_subscription(String, topic, heard.append, 10)
        _line(speaker)  # it speaks from now on
        begun = time.monotonic()
        while not heard and time.monotonic() - begun < PATIENCE_SECONDS:
            executor.spin_once(timeout_sec=0.02)
        found = time.monotonic() - begun if heard else None
        ages = _ages(cell, node, executor)
        names = sorted({f"{space.rstrip('/')}/{name}" for name, space in node.get_node_names_and_namespaces()})
        others = tuple(name for name in names if _NAME not in name)
        return Heard("", rclpy.get_rmw_implementation_identifier(), found, others, ages)
    finally:
        speaker.communicate()
        executor.shutdown()
        node.destroy_node()
        context.try_shutdown()


def speak(topic: str) -> None:
    """Say something on ``topic`` again and again until standard input ends."""
    context = rclpy.Context()
    rclpy.init(args=[], context=context)
    node = rclpy.create_node(f"{_NAME}_speaker", context=context)
    publisher = node.create_publisher(String, topic, 10)
    print("ready", flush=True)
    while not select.select([sys.stdin], [], [], 0.02)[0]:
        publisher.publish(String(data="hello"))
    node.destroy_node()
    context.try_shutdown()


def _line(process: subprocess.Popen[str]) -> str:
    return process.stdout.readline() if process.stdout is not None else ""


def _ages(cell: Cell, node: Any, executor: SingleThreadedExecutor) -> dict[str, float]:
    space = cell.namespace.strip("/")
    kinds = {f"camera/{name}/camera_info": CameraInfo for name in cell.cameras} | {"tcp_pose": PoseStamped}
    ages: dict[str, list[float]] = {f"/{space}/{name}".replace("//", "/"): [] for name in kinds}

    def noted(into: list[float]) -> Callable[[Any], None]:
        return lambda message: into.append((time.time_ns() - stamp_from_message(message.header.stamp)) / 1e9)

    for topic, kind in zip(ages, kinds.values(), strict=True):
        node.create_subscription(kind, topic, noted(ages[topic]), qos_profile_sensor_data)
    end = time.monotonic() + LISTEN_SECONDS
    while time.monotonic() < end:
        executor.spin_once(timeout_sec=0.05)
    return {topic: min(values) for topic, values in ages.items() if values}


if __name__ == "__main__":
    speak(sys.argv[1])
