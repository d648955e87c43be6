"""``roboact score``, as a person and as a script call it."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from tiny_clip import picture, tiny_model

from roboact_ros.cli import main
from roboact_ros.language.vocabulary import PRIMITIVES
from roboact_ros.policies.nets.clip import clip_with_random_weights


@pytest.fixture
def words(tmp_path: Path) -> list[str]:
    image = tmp_path / "desk.png"
    cv2.imwrite(str(image), picture(48, 64))
    name = tiny_model(tmp_path / "model")
    return ["score", "--model", name, "--image", str(image), "--instruction", "close the laptop", "--device", "cpu"]


def scores(capsys: pytest.CaptureFixture[str]) -> dict[str, float]:
    return dict(json.loads(capsys.readouterr().out.splitlines()[-1])["scores"])


def test_json_line(words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    torch.save(clip_with_random_weights(words[2], seed=3).model.state_dict(), tmp_path / "weights.pt")
    assert main([*words, "--json", "--checkpoint", str(tmp_path / "weights.pt")]) == 0
    from_checkpoint = scores(capsys)
    assert list(from_checkpoint) == [motion.phrase for motion in PRIMITIVES]
    assert main([*words, "--json", "--random", "--seed", "3"]) == 0
    assert scores(capsys) == pytest.approx(from_checkpoint, abs=1e-6)
    assert main([*words, "--json", "--random"]) == 0
    assert scores(capsys) != pytest.approx(from_checkpoint, abs=1e-6)


def test_random_weights_are_said_on_screen(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*words, "--random"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "random weights" in lines[0]
    listed = [float(line.split()[0]) for line in lines[1:]]
    assert listed == sorted(listed, reverse=True) and len(listed) == 10


def test_weights_must_be_named(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    for more, reason in (([], "neither was given"), (["--random", "--checkpoint", "x.pt"], "both were given")):
        assert main([*words, *more]) == 2
        message = capsys.readouterr().err
        assert "--checkpoint" in message and "--random" in message and reason in message


@pytest.mark.parametrize("extension", ["png", "jpg"])
def test_damaged_images(words: list[str], tmp_path: Path, extension: str, capsys: pytest.CaptureFixture[str]) -> None:
    whole = tmp_path / f"whole.{extension}"
    cv2.imwrite(str(whole), picture(240, 320))
    contents = {"half": whole.read_bytes()[: whole.stat().st_size // 2], "empty": b"", "text": b"no image at all"}
    for title, content in contents.items():
        file = tmp_path / f"{title}.{extension}"
        file.write_bytes(content)
        assert main([*words, "--random", "--image", str(file)]) == 2
        assert title in capsys.readouterr().err
    assert main([*words, "--random", "--image", str(whole)]) == 0
    assert main([*words, "--random", "--image", str(tmp_path / "absent.png")]) == 2
    assert "No such file" in capsys.readouterr().err


def test_colours_are_red_green_blue(tmp_path: Path) -> None:
    from roboact_ros.commands.score import read_image

    cv2.imwrite(str(tmp_path / "red.png"), np.full((4, 4, 3), (0, 0, 255), np.uint8))
    assert (read_image(tmp_path / "red.png") == (255, 0, 0)).all()
