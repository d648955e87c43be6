"""A cell's policy: random weights only on purpose."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from tiny_clip import tiny_model

from roboact_ros.cells.description import Cell, PolicyDescription
from roboact_ros.errors import PolicyError
from roboact_ros.policies.clip_rt import ClipRt
from roboact_ros.policies.load import policy_from_description
from roboact_ros.policies.steadied import Steadied


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
