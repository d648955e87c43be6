"""Joints that turn without end, by numbers and in an arm: no whole turn is ever made, or undone, for nothing."""

from __future__ import annotations

from math import inf, pi, tau
from pathlib import Path

import numpy as np
import pytest
from seven_joints import HOME, JOINTS, urdf_text, written_cell
from test_urdf_executor import Rig

from roboact_ros.cells.load import load_cell
from roboact_ros.execution.whole_turns import nearest_turn
from roboact_ros.types import FloatArray

ENDLESS = [name for name, *_ in JOINTS][::2]
LAST = len(JOINTS) - 1


def endless_rig(folder: Path, home: FloatArray, q: FloatArray) -> Rig:
    """Every other joint turns without end, and the arm stands at ``q``."""
    path, text = written_cell(folder, home=home.tolist()), urdf_text()
    for name in ENDLESS:
        text = text.replace(f'<joint name="{name}" type="revolute">', f'<joint name="{name}" type="continuous">')
    (folder / "seven.urdf").write_text(text)
    rig = Rig(load_cell(path), q)
    assert np.isinf(rig.kinematics.joint_limits[:2, ::2]).all()
    return rig


def at(joint: int, position: float) -> FloatArray:
    return np.where(np.arange(len(HOME)) == joint, position, HOME)


def test_only_joints_without_ends_are_counted_anew_and_stay_where_they_are() -> None:
    random = np.random.default_rng(0)
    lowest, highest = np.array([-inf, -4.0, -inf, 0.0]), np.array([inf, 4.0, inf, 9.0])
    for _ in range(200):
        q, near = random.uniform(-30.0, 30.0, (2, 4))
        found = nearest_turn(q, near, lowest, highest)
        np.testing.assert_array_equal(found[[1, 3]], q[[1, 3]])
        assert (np.abs(found - near)[[0, 2]] <= pi + 1e-9).all()
        np.testing.assert_allclose(np.remainder(found - q + 1.0, tau), 1.0, atol=1e-9)


@pytest.mark.parametrize("joint", [0, 4, LAST])
def test_home_is_never_a_whole_turn_away(tmp_path: Path, joint: int) -> None:
    rig = endless_rig(tmp_path, at(joint, -3.1), at(joint, 3.1))
    rig.single.home()
    rig.until_idle()
    turned = np.array(rig.streams[0])[:, joint]
    assert turned.min() > 3.0 and turned.max() < 3.3
    np.testing.assert_allclose(rig.arms[0].q, at(joint, tau - 3.1), atol=1e-6)


def test_postures_are_not_drawn_to_a_home_that_is_a_whole_turn_away(tmp_path: Path) -> None:
    rig = endless_rig(tmp_path, np.array(HOME) + tau * (np.arange(len(HOME)) % 2 == 0), np.array(HOME))
    for _ in range(3):
        rig.say("move the arm to the left by ten centimeters")
        rig.say("move the arm to the right by ten centimeters")
    np.testing.assert_allclose(rig.arms[0].q, HOME, atol=0.1)


def test_what_is_no_number_is_outside_of_every_boundary(tmp_path: Path) -> None:
    limits = endless_rig(tmp_path, np.array(HOME), np.array(HOME)).single.limits
    frames = limits.kinematics.chain(np.array(HOME))
    assert limits.boundary.crossed(frames, frames) is None
    frames[-1, 2, 3] = np.nan
    assert limits.boundary.crossed(frames, limits.kinematics.chain(np.array(HOME)))
