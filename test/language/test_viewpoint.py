"""Whose left is "left"."""

from __future__ import annotations

import numpy as np
import pytest

from roboact_ros.errors import LanguageRefusal
from roboact_ros.language.parse import parse
from roboact_ros.language.viewpoint import BASE, OPERATOR, tool_viewpoint

MIRRORED = ("left", "right", "forward", "back", "towards me", "away from me")
FIXED = (
    "up",
    "down",
    "your left",
    "towards the base",
    "away from the robot",
    "extend",
    "retract",
    "roll clockwise",
    "open",
)


def tool_pose(heading: float) -> np.ndarray:
    """A gripper that points down, turned about the vertical [deg]."""
    c, s = np.cos(np.radians(heading)), np.sin(np.radians(heading))
    pose = np.eye(4)
    pose[:3, :3] = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]) @ np.diag([1.0, -1.0, -1.0])
    return pose


def action(text: str, viewpoint: object = BASE) -> np.ndarray:
    (motion,) = parse(text, viewpoint).motions  # type: ignore[arg-type]
    assert parse(motion.phrase).motions == (motion,)
    return np.array(motion.action)


@pytest.mark.parametrize("text", MIRRORED)
def test_an_operator_sees_the_robot_mirrored(text: str) -> None:
    assert np.allclose(action(text, OPERATOR)[:2], -action(text)[:2])


@pytest.mark.parametrize("text", FIXED)
def test_words_that_name_the_robot_mean_the_same_to_everybody(text: str) -> None:
    for viewpoint in (OPERATOR, tool_viewpoint(tool_pose(90))):
        assert np.array_equal(action(text, viewpoint), action(text))


@pytest.mark.parametrize("heading", [0, 90, 180, -90, 10, -25, 110])
def test_the_gripper_turns_its_directions_along(heading: float) -> None:
    viewpoint = tool_viewpoint(tool_pose(heading))
    turn = np.radians(round(heading / 90) * 90)
    for text in ("forward", "left", "back", "right"):
        x, y = action(text)[:2]
        turned = (x * np.cos(turn) - y * np.sin(turn), x * np.sin(turn) + y * np.cos(turn))
        assert np.allclose(action(text, viewpoint)[:2], turned)


@pytest.mark.parametrize("heading", [45, -45, 135, 40])
def test_a_gripper_between_two_directions_is_asked_about(heading: float) -> None:
    with pytest.raises(LanguageRefusal, match="between two directions"):
        tool_viewpoint(tool_pose(heading))
