"""A video file is a camera that ends."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from pictures import write_video

from roboact_ros.cameras.camera import SourceEnded
from roboact_ros.cameras.video_file import VideoFileCamera
from roboact_ros.errors import CameraError


def test_video_plays_once_at_its_own_rate(tmp_path: Path) -> None:
    path = tmp_path / "film.avi"
    write_video(path, frames=10, fps=50.0)
    start = time.monotonic()
    camera = VideoFileCamera("front", str(path), fps=1.0)
    reds = [int(camera.read().image[0, 0, 0]) for _ in range(10)]
    assert time.monotonic() - start >= 9 / 50
    assert reds == sorted(reds) and reds[-1] > 200
    for _ in range(2):
        with pytest.raises(SourceEnded, match="ended after 10 images"):
            camera.read()
    camera.close()
    camera.close()


def test_what_is_no_video_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "film.avi"
    path.write_bytes(b"no video")
    with pytest.raises(CameraError, match=r"film\.avi is no readable video"):
        VideoFileCamera("front", str(path), fps=10.0)
    with pytest.raises(CameraError, match="does not exist"):
        VideoFileCamera("front", str(tmp_path / "gone.avi"), fps=10.0)
