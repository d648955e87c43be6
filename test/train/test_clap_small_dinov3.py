"""The small DINOv3 that learns to see where no pretrained one is at hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from synthetic_motions import squares_dataset

from roboact_ros.errors import ConfigurationError
from roboact_train.clap.patches import ImageSize, patch_encoder
from roboact_train.clap.small_dinov3 import SmallDinov3, small_dinov3

SIZE = ImageSize(32, 48)
HOW = SmallDinov3(SIZE, hidden=32, layers=1, steps=250, batch=32, rate=3e-3, stride=1)


def test_it_learns_where_a_tool_is_and_is_read_like_any_other(tmp_path: Path) -> None:
    data, told = [squares_dataset(tmp_path / "data", episodes=4)], list[str]()
    at_first = small_dinov3(tmp_path / "one", data, replace(HOW, steps=1), told.append)
    learned = small_dinov3(tmp_path / "eyes", data, HOW, told.append)
    again = small_dinov3(tmp_path / "again", data, HOW, lambda line: None)
    # Of the right tool a square is seen, of the left one nothing.
    assert learned[1] < 0.6 * at_first[1] and (again == learned).all() and len(told) == 11
    eyes = patch_encoder(str(tmp_path / "eyes"), SIZE, torch.device("cpu"))
    assert (eyes.patches, eyes.width) == (6, 32)
    assert eyes.fingerprint == patch_encoder(str(tmp_path / "again"), SIZE, torch.device("cpu")).fingerprint


def test_one_episode_is_too_few(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="needs two episodes with images and actions at least"):
        small_dinov3(tmp_path / "eyes", [squares_dataset(tmp_path / "data", episodes=1)], HOW, print)
    assert not (tmp_path / "eyes").exists()
