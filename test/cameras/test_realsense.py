"""The RealSense driver on the real SDK: its software device, and recordings made of it."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pyrealsense2 as rs
import pytest
from software_realsense import BASELINE, CX, CY, DEPTH, FPS, FX, HEIGHT, WIDTH, SoftwareRealSense, record

from roboact_ros.cameras.camera import SourceEnded
from roboact_ros.cameras.capture import Capture
from roboact_ros.cameras.found import FoundCamera
from roboact_ros.cameras.open import camera_opener
from roboact_ros.cameras.realsense import RealSenseCamera, connected, found
from roboact_ros.cells.description import CameraDescription
from roboact_ros.errors import CameraError
from roboact_ros.types import Frame

SIZE = (WIDTH, HEIGHT, FPS)
LATE_NS = 300_000_000
"""How late a frame may be on a busy machine."""


def frames_of(camera: RealSenseCamera, count: int) -> list[Frame]:
    return [camera.read() for _ in range(count)]


@pytest.mark.parametrize("depth", [False, True])
def test_colour_depth_and_pinhole_model(depth: bool) -> None:
    with SoftwareRealSense(unit=0.0005).running() as rig:
        camera = RealSenseCamera("front", rig.find, *SIZE, depth=depth)
        frames = frames_of(camera, 8)
        camera.close()
    for frame in frames:
        assert frame.camera == "front" and frame.image.shape == (HEIGHT, WIDTH, 3) and frame.image.dtype == np.uint8
        assert (frame.image[:, : WIDTH // 2, 1] == 200).all() and (frame.image[:, WIDTH // 2 :, 1] == 0).all()
        model = frame.intrinsics
        assert model is not None and (model.width, model.height) == (WIDTH, HEIGHT)
        assert (model.fx, model.cx, model.cy) == (FX, CX, CY)
        assert model.distortion == pytest.approx((0.1, 0.2, 0.01, 0.02, 0.3))
        assert (frame.depth is not None) == depth
    numbers = [int(frame.image[0, 0, 0]) for frame in frames]
    assert numbers == sorted(set(numbers))


def test_depth_lies_where_the_colour_camera_sees_it() -> None:
    with SoftwareRealSense(unit=0.0005).running() as rig:
        camera = RealSenseCamera("front", rig.find, *SIZE, depth=True)
        depth = camera.read().depth
        camera.close()
    assert depth is not None and depth.dtype == np.uint16 and depth.shape == (HEIGHT, WIDTH)
    distance = DEPTH * 0.5  # the step is half a millimetre
    assert set(np.unique(depth)) == {0, int(distance)}
    # The colour camera sits to the right, so what the right-most depth pixel sees lies further left in its image.
    shift = FX * BASELINE / (distance / 1000)
    unseen = np.nonzero(depth[HEIGHT // 2] == 0)[0]
    assert len(unseen) == pytest.approx(shift, abs=1.5) and unseen.min() > WIDTH / 2


@pytest.mark.parametrize("clock_ms", [5_000.0, 4_294_960.0, None])
def test_stamps_of_the_device_clock_become_ros_time(clock_ms: float | None) -> None:
    with SoftwareRealSense(clock_ms=clock_ms).running() as rig:
        camera = RealSenseCamera("front", rig.find, *SIZE)
        frames = frames_of(camera, 15)
        camera.close()
    made = sorted(rig.exposures.values())
    assert all(min(abs(frame.stamp_ns - at) for at in made) < LATE_NS for frame in frames)
    stamps = [frame.stamp_ns for frame in frames]
    assert stamps == sorted(set(stamps)) and stamps[-1] < time.time_ns()


def test_global_time_of_the_sdk_is_taken_as_it_is() -> None:
    with SoftwareRealSense(domain=rs.timestamp_domain.global_time).running() as rig:
        camera = RealSenseCamera("front", rig.find, *SIZE)
        stamps = [frame.stamp_ns for frame in frames_of(camera, 5)]
        camera.close()
    assert {round(stamp / 1e6, 2) for stamp in stamps} <= {round(stamp, 2) for stamp in rig.exposures}


def test_unplugged_and_plugged_in_again() -> None:
    delivered: list[Frame] = []
    with SoftwareRealSense().running() as rig:
        capture = Capture(lambda: RealSenseCamera("front", rig.find, *SIZE), delivered.append, FPS)
        wait(lambda: len(delivered) > 3)
        rig.plugged.clear()
        wait(lambda: "no RealSense camera" in capture.statistics.health(time.monotonic_ns()).error)
        silent = len(delivered)
        rig.plugged.set()
        wait(lambda: len(delivered) > silent + 3)
        assert capture.statistics.health(time.monotonic_ns()).error == ""
        capture.stop()
    gap = np.diff([frame.stamp_ns for frame in delivered])
    assert (gap > 0).all() and gap.max() > 1e9


def test_profiles_that_are_not_offered_are_named() -> None:
    rig = SoftwareRealSense()
    with pytest.raises(CameraError, match='camera "front": does not offer .* 640x480 at 15 Hz; valid: 64x48 at 30 Hz'):
        RealSenseCamera("front", rig.find, 640, 480, 15)


def test_search_tells_what_a_system_file_needs() -> None:
    device = SoftwareRealSense("831612073525").device
    device.register_info(rs.camera_info.usb_type_descriptor, "3.2")
    camera = FoundCamera("realsense", "831612073525", "Software D435", "831612073525", "USB 3.2", ("64x48 at 30 Hz",))
    assert found(device) == camera


def test_nothing_plugged_in() -> None:
    with pytest.raises(CameraError, match='camera "front": no RealSense camera "831612" is plugged in: '):
        RealSenseCamera("front", connected("831612"), *SIZE)


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("recorded") / "scene.bag"
    with SoftwareRealSense(clock_ms=77_000.0).running() as rig:
        record(rig, path, 1.0)
    return path


def test_recording_is_played_once_now_with_depth_at_the_promised_size(recording: Path) -> None:
    described = CameraDescription("realsense", str(recording), width=32, height=24, fps=FPS, depth=True)
    started_ns = time.time_ns()
    camera = camera_opener("front", described, "")()
    frames: list[Frame] = []
    with pytest.raises(SourceEnded, match="ended"):
        while True:
            frames.append(camera.read())
    assert len(frames) > 10
    assert {frame.image.shape for frame in frames} == {(24, 32, 3)}
    assert all(frame.depth is not None and frame.depth.shape == (24, 32) for frame in frames)
    stamps = [frame.stamp_ns for frame in frames]
    assert started_ns < stamps[0] and stamps == sorted(set(stamps)) and stamps[-1] < time.time_ns()
    assert np.median(np.diff(stamps)) == pytest.approx(1e9 / FPS, rel=0.5)


def test_damaged_recording(tmp_path: Path) -> None:
    (tmp_path / "broken.bag").write_bytes(b"#ROSBAG V2.0\n broken")
    described = CameraDescription("realsense", str(tmp_path / "broken.bag"))
    with pytest.raises(CameraError, match='camera "front" cannot be opened'):
        camera_opener("front", described, "")()


def wait(condition, seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)
