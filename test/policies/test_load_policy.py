"""A cell's policy: random weights only on purpose."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from tiny_clip import tiny_model

from roboact_ros.cells.arm_description import ArmDescription
from roboact_ros.cells.description import Cell
from roboact_ros.cells.load import load_cell
from roboact_ros.cells.policy_description import PolicyDescription
from roboact_ros.errors import PolicyError
from roboact_ros.policies.clip_rt import ClipRt
from roboact_ros.policies.load import policy_from_description
from roboact_ros.policies.steadied import Steadied


def test_a_model_of_a_simulated_cell_never_drives_a_real_arm(tmp_path: Path) -> None:
    (tmp_path / "manifest.yaml").write_text("kind: clip_rt\nsimulated: true\n")
    described = PolicyDescription(kind="clip_rt", checkpoint=str(tmp_path), device="cpu")
    with pytest.raises(PolicyError, match="must not drive the arm at 192.168.1.10"):
        policy_from_description(described, Cell("test", policy=described, arm=ArmDescription(robot_ip="192.168.1.10")))
    two = load_cell("clap_dual_ur5", ["left_ip:=10.0.0.1", "right_ip:=10.0.0.2"])
    with pytest.raises(PolicyError, match="must not drive two ur5e, left and right: 10.0.0.1 and 10.0.0.2"):
        policy_from_description(dataclasses.replace(described, kind="clap"), two)
    with pytest.raises(PolicyError, match="not the folder of a trained model"):  # goes on to read the weights
        policy_from_description(described, Cell("test", policy=described))


def test_policy_of_a_cell(tmp_path: Path) -> None:
    described = PolicyDescription(kind="clip_rt", model=tiny_model(tmp_path), device="cpu")
    cell = Cell("test", policy=described)
    with pytest.raises(PolicyError, match="policy.random:=true"):
        policy_from_description(described, cell)
    on_purpose = dataclasses.replace(described, random=True)
    assert isinstance(policy_from_description(on_purpose, cell), Steadied)
    assert isinstance(policy_from_description(dataclasses.replace(on_purpose, steady=False), cell), ClipRt)
    with pytest.raises(PolicyError, match='no policy "none"'):
        policy_from_description(PolicyDescription(), cell)
