"""A folder of images is a camera."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from pictures import write_picture

from roboact_ros.cameras.image_folder import ImageFolderCamera
from roboact_ros.errors import CameraError

RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)


def test_images_come_in_order_as_rgb_and_again(tmp_path: Path) -> None:
    for name, colour in (("2.png", GREEN), ("1.png", RED), ("3.PNG", BLUE)):
        write_picture(tmp_path / name, colour)
    (tmp_path / "notes.txt").write_text("not an image")
    camera = ImageFolderCamera("front", str(tmp_path), fps=200.0)
    seen = [tuple(camera.read().image[0, 0].tolist()) for _ in range(5)]
    assert seen == [RED, GREEN, BLUE, RED, GREEN]


def test_reads_are_paced_and_stamped_in_order(tmp_path: Path) -> None:
    write_picture(tmp_path / "1.png", RED)
    camera = ImageFolderCamera("front", str(tmp_path), fps=50.0)
    start = time.monotonic()
    frames = [camera.read() for _ in range(6)]
    assert time.monotonic() - start >= 5 / 50
    stamps = [frame.stamp_ns for frame in frames]
    assert stamps == sorted(set(stamps))
    assert abs(stamps[-1] - time.time_ns()) < 5e9


def test_corrupt_image_is_named_and_skipped(tmp_path: Path) -> None:
    write_picture(tmp_path / "1.png", RED)
    (tmp_path / "2.jpg").write_bytes(b"no picture")
    (tmp_path / "3.jpg").write_bytes(b"")
    write_picture(tmp_path / "4.png", BLUE)
    camera = ImageFolderCamera("front", str(tmp_path), fps=200.0)
    camera.read()
    for name in ("2.jpg", "3.jpg"):
        with pytest.raises(CameraError, match=name):
            camera.read()
    assert tuple(camera.read().image[0, 0].tolist()) == BLUE


def test_folder_without_images_names_the_suffixes(tmp_path: Path) -> None:
    with pytest.raises(CameraError, match=r"no image.*\.jpg"):
        ImageFolderCamera("front", str(tmp_path), fps=10.0)
    with pytest.raises(CameraError, match="gone"):
        ImageFolderCamera("front", str(tmp_path / "gone"), fps=10.0)
