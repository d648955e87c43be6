"""``roboact parse`` through the command line."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from roboact_ros.cli import main


def test_one_json_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["parse", "move left a lot, then open the gripper"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line) == {
        "motions": [
            {"phrase": "move the arm to the left by twenty centimeters", "action": [0, 0.2, 0, 0, 0, 0, 0, 1]},
            {"phrase": "open the gripper", "action": [0, 0, 0, 0, 0, 0, 0, 1]},
        ],
        "control": None,
    }


def test_exact_amounts_name_the_nearest_primitive(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["parse", "left 7cm"]) == 0
    (motion,) = json.loads(capsys.readouterr().out)["motions"]
    assert motion["action"][1] == 0.07
    assert motion["primitive"] == "move the arm to the left by five centimeters"


def test_a_control(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["parse", "Stop!"]) == 0
    assert json.loads(capsys.readouterr().out) == {"motions": [], "control": "stop"}


def test_a_refusal(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["parse", "paint the fence"]) == 2
    captured = capsys.readouterr()
    assert not captured.out and '"paint"' in captured.err and captured.err.strip().endswith("?")


def test_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "said.txt"
    file.write_text("left\npaint\n\nstop\u2028now\r\nundo")
    assert main(["parse", "--file", str(file)]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["control"] for line in lines] == [None, None, None, "stop", "undo"]
    assert [len(line["motions"]) for line in lines] == [1, 0, 0, 0, 0]
    assert ["refused" in line for line in lines] == [False, True, True, False, False]


def test_standard_input(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"up\n\xff\xfe\n")))
    assert main(["parse", "--file", "-"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_a_missing_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["parse", "--file", "/nowhere/said.txt"]) == 2
    assert "/nowhere/said.txt" in capsys.readouterr().err
