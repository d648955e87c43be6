"""The camera node as its own process, watched from this one."""

from __future__ import annotations

import json
import math
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
import rclpy
from diagnostic_msgs.msg import DiagnosticArray
from rclpy.experimental import EventsExecutor
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from roboact_ros.cameras.statistics import CameraHealth
from roboact_ros.nodes.camera_node import camera_status
from roboact_ros.nodes.frame_subscription import FrameSubscription
from roboact_ros.nodes.messages.diagnostics import Level, Status, status_from_message
from roboact_ros.nodes.messages.image import depth_from_image
from roboact_ros.nodes.messages.stamp import stamp_from_message
from roboact_ros.types import Frame

sys.path.append(str(Path(__file__).parent.parent / "cameras"))
from orbbec_recording import DEPTH, HEIGHT, WIDTH, write_recording  # noqa: E402

DEADLINE = 20.0
RELIABLE = QoSProfile(depth=10)
BEST_EFFORT = QoSProfile(depth=10, reliability=ReliabilityPolicy.BEST_EFFORT)


class Watcher:
    """A node with an executor that this process turns by hand."""

    def __init__(self) -> None:
        self.context = rclpy.Context()
        rclpy.init(context=self.context)
        self.node = Node("watcher", context=self.context)
        self.executor = EventsExecutor(context=self.context)
        self.executor.add_node(self.node)

    def collect(self, kind: type, topic: str, qos: QoSProfile) -> list:
        """Return the list that messages of ``topic`` are appended to."""
        messages: list = []
        self.node.create_subscription(kind, topic, messages.append, qos)
        return messages

    def until(self, condition: Callable[[], object], what: str, deadline: float = DEADLINE) -> None:
        """Turn the executor until ``condition`` holds."""
        end = time.monotonic() + deadline
        while not condition():
            assert time.monotonic() < end, f"waited {deadline} s for {what}"
            self.executor.spin_once(timeout_sec=0.05)

    def close(self) -> None:
        """Leave ROS."""
        self.node.destroy_node()
        self.executor.shutdown()
        rclpy.shutdown(context=self.context)


@pytest.fixture
def watcher() -> Iterator[Watcher]:
    watcher = Watcher()
    yield watcher
    watcher.close()


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number, red in enumerate((250, 150)):
        cv2.imwrite(str(folder / f"{number}.png"), np.full((48, 64, 3), (0, 0, red), np.uint8))
    return folder


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start camera nodes that end with the test."""
    nodes: list[subprocess.Popen[str]] = []

    def start_node(camera: dict[str, object], *arguments: str) -> subprocess.Popen[str]:
        system = tmp_path / "cell.yaml"
        system.write_text(json.dumps({"cameras": {"front": camera}}))
        command = [sys.executable, "-m", "roboact_ros.nodes.camera_node", str(system), "--camera", "front", *arguments]
        nodes.append(subprocess.Popen(command, stderr=subprocess.PIPE, text=True))
        return nodes[-1]

    yield start_node
    for node in nodes:
        # Not killed: a killed process leaves its shared memory behind.
        node.terminate()
        node.communicate(timeout=DEADLINE)


def folder_camera(folder: Path, **changes: object) -> dict[str, object]:
    return {"kind": "opencv", "source": str(folder), "width": 64, "height": 48, "fps": 20, **changes}


def newest_status(messages: list[DiagnosticArray]) -> Status | None:
    return status_from_message(messages[-1].status[0]) if messages else None


def test_every_topic_carries_every_frame(watcher: Watcher, start: Callable, pictures: Path) -> None:
    compressed = watcher.collect(CompressedImage, "camera/front/image/compressed", RELIABLE)
    raw = watcher.collect(Image, "camera/front/image_raw", BEST_EFFORT)
    info = watcher.collect(CameraInfo, "camera/front/camera_info", BEST_EFFORT)
    strict = watcher.collect(CameraInfo, "camera/front/camera_info", RELIABLE)
    diagnostics = watcher.collect(DiagnosticArray, "/diagnostics", RELIABLE)
    started_ns = time.time_ns()
    node = start(folder_camera(pictures, raw=True))
    watcher.until(lambda: min(map(len, (compressed, raw, info, strict))) >= 10 and diagnostics, "images")

    assert {m.header.frame_id for m in (*compressed, *raw, *info)} == {"front_optical_frame"}
    assert {(m.width, m.height) for m in (*raw, *info)} == {(64, 48)}
    stamps = [stamp_from_message(m.header.stamp) for m in info]
    assert stamps == sorted(set(stamps)) and started_ns < stamps[0] <= stamps[-1] < time.time_ns()
    # All the messages of one frame carry its stamp.
    assert len(set(stamps) & {stamp_from_message(m.header.stamp) for m in raw}) >= 9
    assert len(set(stamps) & {stamp_from_message(m.header.stamp) for m in compressed}) >= 9

    watcher.until(lambda: newest_status(diagnostics).level is Level.OK, "a good status")
    status = newest_status(diagnostics)
    assert status.name == "camera/front"
    assert status.values["expected_hz"] == "20" and 16 < float(status.values["rate_hz"]) < 24
    assert float(status.values["encode_ms"]) > 0 and int(status.values["replaced"]) == 0
    node.send_signal(signal.SIGTERM)
    _, errors = node.communicate(timeout=DEADLINE)
    assert node.returncode == 0 and "Traceback" not in errors


@pytest.mark.parametrize("raw", [True, False])
def test_subscription_decodes_and_ages(watcher: Watcher, start: Callable, pictures: Path, raw: bool) -> None:
    frames: list[Frame] = []
    subscription = FrameSubscription(watcher.node, "front", frames.append, raw=raw)
    assert math.isinf(subscription.age)
    node = start(folder_camera(pictures, raw=True))
    watcher.until(lambda: len(frames) >= 4, "frames")
    assert subscription.newest is frames[-1] and subscription.age < DEADLINE
    assert {frame.camera for frame in frames} == {"front"}
    reds = np.array([frame.image[24, 32, 0] for frame in frames], int)
    assert np.minimum(abs(reds - 250), abs(reds - 150)).max() <= 3 and np.ptp(reds) > 90
    node.terminate()
    node.wait(DEADLINE)
    watcher.until(lambda: subscription.age > 0.3, "the age to grow")


def test_foreign_garbage_is_counted_and_never_becomes_the_newest(watcher: Watcher) -> None:
    frames: list[Frame] = []
    subscription = FrameSubscription(watcher.node, "front", frames.append)
    publisher = watcher.node.create_publisher(CompressedImage, "camera/front/image/compressed", 1)
    garbage = CompressedImage(data=b"\xff\xd8 garbage", format="jpeg")
    watcher.until(lambda: publisher.get_subscription_count(), "a match")
    publisher.publish(garbage)
    watcher.until(lambda: subscription.refused, "the garbage")
    assert subscription.newest is None and not frames


def test_lost_source_is_told_nothing_is_repeated_and_it_recovers(
    watcher: Watcher, start: Callable, pictures: Path
) -> None:
    info = watcher.collect(CameraInfo, "camera/front/camera_info", RELIABLE)
    diagnostics = watcher.collect(DiagnosticArray, "/diagnostics", RELIABLE)
    start(folder_camera(pictures))
    watcher.until(lambda: info, "images")

    away = pictures.with_name("away")
    pictures.rename(away)
    watcher.until(lambda: diagnostics and newest_status(diagnostics).level is Level.ERROR, "an error")
    assert str(pictures) in newest_status(diagnostics).message
    silent = len(info)
    seen = len(diagnostics)
    watcher.until(lambda: len(diagnostics) >= seen + 2, "more statuses")
    assert len(info) == silent

    away.rename(pictures)
    watcher.until(lambda: len(info) > silent + 5, "images after the outage")
    watcher.until(lambda: newest_status(diagnostics).level is not Level.ERROR, "the error to end")
    assert str(pictures) in newest_status(diagnostics).values["last_error"]


def test_recording_with_depth_plays(watcher: Watcher, start: Callable, tmp_path: Path) -> None:
    write_recording(tmp_path / "scene.bag", frames=900)  # long enough to be found while it plays
    depth = watcher.collect(Image, "camera/front/depth/image_raw", RELIABLE)
    depth_info = watcher.collect(CameraInfo, "camera/front/depth/camera_info", RELIABLE)
    info = watcher.collect(CameraInfo, "camera/front/camera_info", RELIABLE)
    camera = {"kind": "orbbec", "source": str(tmp_path / "scene.bag"), "width": WIDTH, "height": HEIGHT, "fps": 30}
    node = start({**camera, "depth": True})
    watcher.until(lambda: len(depth) > 5 and len(depth_info) > 5 and len(info) > 5, "depth")
    assert set(np.unique(depth_from_image(depth[-1]))) == {0, DEPTH}
    assert {m.header.frame_id for m in depth} == {"front_optical_frame"}
    assert {stamp_from_message(m.header.stamp) for m in depth} <= {stamp_from_message(m.header.stamp) for m in info}
    assert depth_info[-1].distortion_model == "rational_polynomial" and list(depth_info[-1].k) == list(info[-1].k)
    node.send_signal(signal.SIGTERM)
    _, errors = node.communicate(timeout=DEADLINE)
    assert node.returncode == 0 and "Traceback" not in errors


def test_corrupt_image_costs_one_frame(watcher: Watcher, start: Callable, pictures: Path) -> None:
    (pictures / "0.broken.jpg").write_bytes(b"no picture")
    info = watcher.collect(CameraInfo, "camera/front/camera_info", RELIABLE)
    diagnostics = watcher.collect(DiagnosticArray, "/diagnostics", RELIABLE)
    start(folder_camera(pictures))
    watcher.until(lambda: len(info) >= 6 and diagnostics, "images around the corrupt one")
    assert "0.broken.jpg" in newest_status(diagnostics).values["last_error"]


def test_camera_that_is_not_there_is_reported_until_it_comes(watcher: Watcher, start: Callable) -> None:
    diagnostics = watcher.collect(DiagnosticArray, "/diagnostics", RELIABLE)
    start({"kind": "opencv", "source": "97"})
    watcher.until(lambda: diagnostics, "a status")
    status = newest_status(diagnostics)
    assert status.level is not Level.OK and "no device /dev/video97" in status.message


def test_qos_can_be_overridden(watcher: Watcher, start: Callable, pictures: Path) -> None:
    topic = "camera/front/camera_info"
    parameter = f"qos_overrides./{topic}.publisher.reliability:=best_effort"
    info = watcher.collect(CameraInfo, topic, BEST_EFFORT)
    start(folder_camera(pictures), "--ros-args", "-p", parameter)
    watcher.until(lambda: info, "images")
    (publisher,) = watcher.node.get_publishers_info_by_topic(f"/{topic}")
    assert publisher.qos_profile.reliability is ReliabilityPolicy.BEST_EFFORT


def test_unknown_camera_and_source_are_refused(start: Callable, pictures: Path) -> None:
    node = start(folder_camera(pictures), "--camera", "frnt")
    _, errors = node.communicate(timeout=DEADLINE)
    assert node.returncode == 2 and 'did you mean "front"?' in errors
    shutil.rmtree(pictures)
    node = start(folder_camera(pictures))
    _, errors = node.communicate(timeout=DEADLINE)
    assert node.returncode == 2 and "Valid: a device index" in errors


@pytest.mark.parametrize(
    ("rate", "age", "error", "level"),
    [
        (10.0, 0.1, "", Level.OK),
        (5.0, 0.1, "", Level.WARN),
        (10.0, 3.0, "", Level.ERROR),
        (0.0, math.inf, "", Level.ERROR),
        (10.0, 0.1, "unplugged", Level.ERROR),
    ],
)
def test_status_levels(rate: float, age: float, error: str, level: Level) -> None:
    health = CameraHealth(rate, age, delivered=5, missed=1, replaced=2, failures=0, error=error, last_error=error)
    status = camera_status("front", health, 10.0, 1.5)
    assert status.level is level and status.message
    assert status.values["drops"] == "3"


@pytest.mark.parametrize("error", ["", "unplugged"])
def test_having_no_image_yet_is_no_error(error: str) -> None:
    health = CameraHealth(0.0, math.inf, delivered=0, missed=0, replaced=0, failures=0, error=error, last_error=error)
    status = camera_status("front", health, 10.0, 0.0, starting=True)
    assert status.level is Level.WARN and (error or "no image yet") in status.message
