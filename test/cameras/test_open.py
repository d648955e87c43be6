"""Every description finds its driver, or a refusal that names the valid sources."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from pictures import write_picture, write_video

from roboact_ros.cameras.open import camera_opener
from roboact_ros.cells.description import CameraDescription
from roboact_ros.errors import CameraError, ConfigurationError


def describe(source: Path | str) -> CameraDescription:
    return CameraDescription(kind="opencv", source=str(source), width=32, height=24, fps=100.0)


def test_folder_and_video_give_frames_of_the_promised_size(tmp_path: Path) -> None:
    write_picture(tmp_path / "1.png", (255, 0, 0))
    write_video(tmp_path / "film.avi", frames=3, fps=100.0)
    for source in (tmp_path, tmp_path / "film.avi"):
        camera = camera_opener("front", describe(source), "127.0.0.1")()
        frame = camera.read()
        assert (frame.camera, frame.image.shape) == ("front", (24, 32, 3))
        camera.close()


@pytest.mark.parametrize("source", ["97", "/dev/video97"])
def test_a_device_may_come_later(source: str) -> None:
    opener = camera_opener("front", describe(source), "127.0.0.1")
    with pytest.raises(CameraError, match="video97"):
        opener()


@pytest.mark.parametrize("source", ["nowhere", "nowhere.mp4", "rtsp://10.0.0.1"])
def test_unknown_sources_are_refused_at_once(source: str) -> None:
    with pytest.raises(ConfigurationError, match="does not exist. Valid: a device index"):
        camera_opener("front", describe(source), "127.0.0.1")


def test_file_that_is_no_video_is_refused(tmp_path: Path) -> None:
    (tmp_path / "scene.doc").write_text("words")
    with pytest.raises(ConfigurationError, match=r"no known suffix.*\.mp4"):
        camera_opener("front", describe(tmp_path / "scene.doc"), "127.0.0.1")


def test_depth_is_refused_where_there_is_none() -> None:
    with pytest.raises(ConfigurationError, match='camera "front": opencv has no depth; valid kinds: realsense, orbbec'):
        camera_opener("front", CameraDescription(kind="opencv", source="0", depth=True), "127.0.0.1")


@pytest.mark.parametrize(
    ("kind", "module", "command"),
    [
        ("realsense", "pyrealsense2", r"pip install 'roboact_ros\[realsense\]'"),
        ("orbbec", "pyorbbecsdk", "pip install --no-deps pyorbbecsdk2"),
    ],
)
def test_a_missing_sdk_is_told_with_the_command_that_installs_it(
    kind: str, module: str, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)  # as if it were not installed
    with pytest.raises(ConfigurationError, match=f"{kind} cameras need {module}.*{command}$"):
        camera_opener("front", CameraDescription(kind=kind, source="any"), "127.0.0.1")
