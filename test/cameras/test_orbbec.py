"""The Orbbec driver on the real SDK, which plays recordings; no device is plugged in where tests run."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pyorbbecsdk as ob
import pytest
from orbbec_recording import BASELINE_MM, CX, CY, DEPTH, DISTORTION, FPS, FX, HEIGHT, WIDTH, write_recording

from roboact_ros.cameras.camera import SourceEnded
from roboact_ros.cameras.capture import Capture
from roboact_ros.cameras.found import FoundCamera
from roboact_ros.cameras.open import camera_opener
from roboact_ros.cameras.orbbec import OrbbecCamera, connected, found, recorded
from roboact_ros.cameras.orbbec_streams import choose, rgb
from roboact_ros.cells.description import CameraDescription
from roboact_ros.errors import CameraError
from roboact_ros.types import Frame

SIZE = (WIDTH, HEIGHT, FPS)


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("orbbec") / "scene.bag"
    write_recording(path, frames=25)
    return path


def test_recording_is_played_once_now_with_depth(recording: Path) -> None:
    started_ns = time.time_ns()
    camera = camera_opener("front", CameraDescription("orbbec", str(recording), *SIZE, depth=True), "")()
    frames: list[Frame] = []
    with pytest.raises(SourceEnded, match='camera "front": the recording ended'):
        while True:
            frames.append(camera.read())
    assert len(frames) > 8
    stamps = [frame.stamp_ns for frame in frames]
    assert started_ns < stamps[0] and stamps == sorted(set(stamps)) and stamps[-1] < time.time_ns()
    assert np.median(np.diff(stamps)) == pytest.approx(1e9 / FPS, rel=0.5)
    for frame in frames:
        assert frame.image.shape == (HEIGHT, WIDTH, 3) and (frame.image[:, : WIDTH // 2, 1] == 200).all()
    model = frames[0].intrinsics
    assert model is not None and (model.width, model.fx, model.cx, model.cy) == (WIDTH, FX, CX, CY)
    assert model.distortion == pytest.approx([DISTORTION[k] for k in ("k1", "k2", "p1", "p2", "k3", "k4", "k5", "k6")])


def test_depth_lies_where_the_colour_camera_sees_it(recording: Path) -> None:
    camera = OrbbecCamera("front", recorded(str(recording)), *SIZE, depth=True)
    depth = camera.read().depth
    camera.close()
    camera.close()
    assert depth is not None and depth.dtype == np.uint16 and set(np.unique(depth)) == {0, DEPTH}
    unseen = np.nonzero(depth[HEIGHT // 2] == 0)[0]
    assert len(unseen) == pytest.approx(FX * BASELINE_MM / DEPTH, abs=1.5) and unseen.min() > WIDTH / 2


@pytest.mark.parametrize("encoding", ["bgr8", "mjpg", "yuyv"])
def test_every_colour_format_becomes_rgb(tmp_path: Path, encoding: str) -> None:
    write_recording(tmp_path / "scene.bag", 15, encoding)
    camera = OrbbecCamera("front", recorded(str(tmp_path / "scene.bag")), *SIZE)
    image = camera.read().image.astype(int)
    camera.close()
    left, right = image[HEIGHT // 2, 10], image[HEIGHT // 2, -10]
    assert abs(left[1] - 200) < 12 and right[1] < 12 and left[2] < 12 and abs(left[0] - right[0]) < 12


def test_damaged_jpeg_is_told() -> None:
    frame = ob.Frame.create_video_frame(ob.OBFrameType.COLOR_FRAME, ob.OBFormat.MJPG, WIDTH, HEIGHT)
    with pytest.raises(CameraError, match="damaged JPEG"):
        rgb(frame.as_color_frame())


def test_unplugged_and_plugged_in_again(recording: Path) -> None:
    delivered: list[Frame] = []
    devices = [ob.PlaybackDevice(str(recording)) for _ in range(2)]
    gone = [True, False]
    played = devices.copy()

    def find() -> ob.PlaybackDevice:
        if len(played) == 1 and gone.pop(0):
            raise CameraError('no Orbbec camera "CL8F25300C1" is plugged in')
        return played.pop(0)

    capture = Capture(lambda: OrbbecCamera("front", find, *SIZE), delivered.append, FPS)
    wait(lambda: len(delivered) > 1)
    devices[0].pause()  # frames end without the recording being over, as when the cable is pulled
    wait(lambda: "gives no images" in capture.statistics.health(time.monotonic_ns()).last_error)
    wait(lambda: "no Orbbec camera" in capture.statistics.health(time.monotonic_ns()).last_error)
    silent = len(delivered)
    wait(lambda: len(delivered) > silent + 1)
    capture.stop()
    stamps = [frame.stamp_ns for frame in delivered]
    assert stamps == sorted(set(stamps))


def test_profiles_that_are_not_offered_are_named(recording: Path) -> None:
    pipeline = ob.Pipeline(ob.PlaybackDevice(str(recording)))
    with pytest.raises(CameraError, match="does not offer colour images of 1280x720 at 5 Hz; valid: 64x48 at 30 Hz"):
        choose(pipeline, (1280, 720, 5), depth=False)
    colour, depth = choose(pipeline, SIZE, depth=True)
    assert colour.get_format() == ob.OBFormat.RGB and depth.get_format() == ob.OBFormat.Y16


def test_search_tells_what_a_system_file_needs(recording: Path) -> None:
    serial = "CL8F25300C1"
    expected = FoundCamera("orbbec", serial, "Orbbec Femto Bolt(Playback)", serial, "USB3.2", ("64x48 at 30 Hz",))
    assert found(ob.PlaybackDevice(str(recording))) == expected


def test_nothing_plugged_in() -> None:
    with pytest.raises(CameraError, match='camera "front": no Orbbec camera "CL8F25300C1" is plugged in: '):
        OrbbecCamera("front", connected("CL8F25300C1"), *SIZE)


def test_missing_and_damaged_recordings(tmp_path: Path) -> None:
    with pytest.raises(CameraError, match="does not exist"):
        OrbbecCamera("front", recorded(str(tmp_path / "none.bag")), *SIZE)
    (tmp_path / "broken.bag").write_bytes(b"#ROSBAG V2.0\n broken")
    with pytest.raises(CameraError, match='camera "front" cannot be opened'):
        OrbbecCamera("front", recorded(str(tmp_path / "broken.bag")), *SIZE)


def wait(condition, seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)
