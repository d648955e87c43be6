"""A USB camera that is not there says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from roboact_ros.cameras.opencv import OpenCVCamera
from roboact_ros.errors import CameraError


@pytest.mark.parametrize("source", ["97", "/dev/video97"])
def test_missing_device_names_what_is_present(source: str) -> None:
    with pytest.raises(CameraError, match="no device /dev/video97; video devices present: "):
        OpenCVCamera("front", source, 640, 480, 30.0)


def test_what_is_no_camera_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CameraError, match="/dev/null cannot be opened"):
        OpenCVCamera("front", "/dev/null", 640, 480, 30.0)
