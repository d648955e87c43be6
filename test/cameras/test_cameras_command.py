"""roboact cameras tells what is there, and what is missing for looking."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from roboact_ros.cameras.v4l2 import search
from roboact_ros.cli import main
from roboact_ros.commands import cameras


def test_without_cameras_it_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cameras", "--kind", "realsense"]) == 1
    assert capsys.readouterr().out == "no camera found (realsense)\n"


def test_a_missing_sdk_is_told_and_the_others_are_searched(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyrealsense2", None)  # as if it were not installed
    camera = cameras.FoundCamera("orbbec", "CP1", "Gemini 335", "CP1", "USB3.2", ("640x480 at 30 Hz",))
    monkeypatch.setitem(cameras._SEARCHES, "orbbec", lambda: [camera])
    assert main(["cameras", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [found["serial"] for found in told["cameras"] if found["kind"] == "orbbec"] == ["CP1"]
    assert "pip install 'roboact_ros[realsense]'" in told["problems"]["realsense"]
    assert main(["cameras"]) == 0
    printed = capsys.readouterr().out
    assert 'Gemini 335 (serial CP1, USB3.2)\n  {kind: orbbec, source: "CP1"}\n  colour: 640x480 at 30 Hz\n' in printed
    assert "not searched: realsense cameras need pyrealsense2" in printed


def test_its_json_is_all_it_prints() -> None:
    command = [sys.executable, "-m", "roboact_ros.cli", "cameras", "--json"]
    told = json.loads(subprocess.run(command, capture_output=True, text=True, timeout=60).stdout)
    assert told["problems"] == {} and {camera["kind"] for camera in told["cameras"]} <= {"opencv"}


def test_video_devices_that_cannot_be_asked_are_named(tmp_path: Path) -> None:
    (tmp_path / "video0").write_bytes(b"")
    (camera,) = search(tmp_path)
    assert camera.source == str(tmp_path / "video0") and "cannot be opened" in camera.model
