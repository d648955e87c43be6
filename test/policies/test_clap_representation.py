"""Poses relative to the start of a chunk, their rotations, and what an arm makes of them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from roboact_ros.errors import ConfigurationError, MotionRefused, PolicyError
from roboact_ros.execution.chunks import waypoints
from roboact_ros.policies.clap.euler import euler_from_rotation, rotation_from_euler, rotation_from_rows
from roboact_ros.policies.clap.layout import COLUMNS, ArmLayout, layout_named
from roboact_ros.policies.clap.representation import (
    absolute,
    action_chunk,
    chunk_relative,
    is_static,
    state_of_arm,
    steps_of_arm,
    why_refused,
)
from roboact_ros.policies.clap.robots import robot_named
from roboact_ros.types import CHUNK_AXES, FloatArray

PERIOD_NS = 33_333_333


def walk(seed: int, steps: int = 32) -> tuple[FloatArray, FloatArray]:
    """Return (steps, 14) absolute actions along a smooth path, and the (14,) state that it begins at."""
    generator = np.random.default_rng(seed)
    state = np.concatenate([generator.uniform(-1.0, 1.0, 6), [0.5]] * 2)
    ramp = np.arange(1, steps + 1)[:, None] / steps
    actions = state + ramp * generator.uniform(-0.3, 0.3, 14)
    actions[:, [6, 13]] = np.where(ramp > 0.5, 1.0, -1.0)
    return actions, state


def turns(rows: FloatArray) -> FloatArray:
    return rotation_from_euler(rows[..., 3:6])


@settings(deadline=None)
@given(st.lists(st.floats(-3.0, 3.0), min_size=3, max_size=3))
def test_euler_angles_are_those_of_scipy(angles: list[float]) -> None:
    rotation = rotation_from_euler(np.array(angles))
    np.testing.assert_allclose(rotation, Rotation.from_euler("xyz", angles).as_matrix(), atol=1e-12)
    again = euler_from_rotation(rotation)
    np.testing.assert_allclose(rotation_from_euler(again), rotation, atol=1e-3)  # the pitch stays off pi/2 by 4e-4
    assert abs(again[1]) < np.pi / 2


def test_two_rows_make_a_rotation_even_when_they_are_not_quite_rows() -> None:
    rotations = Rotation.random(20, rng=np.random.default_rng(1)).as_matrix()
    np.testing.assert_allclose(rotation_from_rows(rotations[:, :2].reshape(20, 6)), rotations, atol=1e-12)
    bent = rotations[:, :2].reshape(20, 6) * 1.1
    bent[:, 3:] += 0.2 * bent[:, :3]
    np.testing.assert_allclose(rotation_from_rows(bent), rotations, atol=1e-9)
    with pytest.raises(PolicyError, match=r"not two rows of a rotation: \[1.0, 0.0, 0.0, 2.0"):
        rotation_from_rows(np.array([[1.0, 0.0, 0.0, 2.0, 0.0, 0.0]]))


@pytest.mark.parametrize("seed", range(5))
def test_relative_and_absolute_are_inverse_and_counted_from_one_state(seed: int) -> None:
    actions, state = walk(seed)
    relative = chunk_relative(actions, state)
    again = absolute(relative, state)
    for arm in (slice(0, 7), slice(7, 14)):
        np.testing.assert_allclose(again[:, arm][:, :3], actions[:, arm][:, :3], atol=1e-12)
        np.testing.assert_allclose(turns(again[:, arm]), turns(actions[:, arm]), atol=1e-9)
        turned = turns(actions[:, arm]) @ turns(state[arm]).T
        np.testing.assert_allclose(turns(relative[:, arm]), turned, atol=1e-9)
    np.testing.assert_array_equal(relative[:, [6, 13]], actions[:, [6, 13]])
    np.testing.assert_array_equal(chunk_relative(actions[None], state[None])[0], relative)
    np.testing.assert_array_equal(chunk_relative(actions, state)[10:], chunk_relative(actions[10:], state))
    np.testing.assert_allclose(chunk_relative(np.array([state]), state)[0, :6], 0.0, atol=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_the_arm_goes_where_the_chunk_leads(seed: int) -> None:
    actions, state = walk(seed)
    start = np.eye(4)
    start[:3, :3], start[:3, 3] = turns(state[7:]), state[7:10]
    np.testing.assert_allclose(state_of_arm(start, 0.25), state[7:], atol=1e-12)
    relative = chunk_relative(actions, state)
    for layout, arm in ((ArmLayout.SINGLE_RIGHT, ""), (ArmLayout.DUAL, "right")):
        chunk = action_chunk(relative, layout, PERIOD_NS, 7)
        rows = chunk.of_arm(arm)
        poses = waypoints(start, rows)
        np.testing.assert_allclose(poses[:, :3, 3], actions[:, 7:10], atol=1e-9)
        np.testing.assert_allclose(poses[:, :3, :3], turns(actions[:, 7:]), atol=1e-7)
        np.testing.assert_array_equal(rows[:, 6], np.where(actions[:, 13] > 0.0, 0.0, 1.0))
        assert (chunk.stamp_ns, chunk.period_ns) == (7, PERIOD_NS)
    assert action_chunk(relative, ArmLayout.SINGLE_LEFT, PERIOD_NS, 7).axes == CHUNK_AXES
    assert action_chunk(relative, ArmLayout.DUAL, PERIOD_NS, 7).axes == tuple(
        f"{arm}/{axis}" for arm in ("left", "right") for axis in CHUNK_AXES
    )


def test_what_no_arm_should_do_is_refused_with_the_reason() -> None:
    relative = chunk_relative(*walk(3))
    assert why_refused(relative, ArmLayout.DUAL, 1 / 30) == ""
    for column, value in ((1, np.nan), (11, np.inf)):
        bad = relative.copy()
        bad[4, column] = value
        with pytest.raises(MotionRefused, match=rf"step 4: {COLUMNS[column]} is {value}"):
            action_chunk(bad, ArmLayout.DUAL, PERIOD_NS, 0)
    far = relative.copy()
    far[20:, 8] += 0.25
    with pytest.raises(MotionRefused, match=r"step 20: the right arm jumps by 0\.2\d+ m, more than 0.1 m in 0.0333 s"):
        action_chunk(far, ArmLayout.DUAL, PERIOD_NS, 0)
    assert why_refused(far, ArmLayout.SINGLE_LEFT, 1 / 30) == ""  # there is no such arm
    assert why_refused(far, ArmLayout.DUAL, 0.1) == ""  # slow enough
    turned = relative.copy()
    turned[:, 5] += 1.0  # the first step counts from where the arm is
    assert "step 0: the left arm jumps by 0.995 rad" in why_refused(turned, ArmLayout.DUAL, 1 / 30)
    for rows in (relative[:, :7], relative[0], relative.T, relative[:0]):
        with pytest.raises(PolicyError, match="columns"):
            action_chunk(rows, ArmLayout.DUAL, PERIOD_NS, 0)


def test_going_through_half_a_turn_is_no_jump() -> None:
    relative = np.zeros((32, 14))
    relative[:, 5] = np.arange(1, 33) * 0.15
    relative[:, 5] = np.where(relative[:, 5] > np.pi, relative[:, 5] - 2 * np.pi, relative[:, 5])
    assert why_refused(relative, ArmLayout.DUAL, 1 / 30) == ""
    np.testing.assert_allclose(steps_of_arm(relative[:, :7])[:, 5], 0.15, atol=1e-9)


def test_a_chunk_is_static_when_no_arm_moves() -> None:
    relative = np.zeros((32, 14))
    assert is_static(relative, ArmLayout.DUAL)
    relative[:17, 7] = 0.01
    assert not is_static(relative, ArmLayout.DUAL) and not is_static(relative, ArmLayout.SINGLE_RIGHT)
    assert is_static(relative, ArmLayout.SINGLE_LEFT)
    relative[16, 7] = 0.0
    assert is_static(relative, ArmLayout.SINGLE_RIGHT)


def test_a_single_arm_takes_the_columns_of_its_side() -> None:
    rows = np.arange(1.0, 15.0).reshape(2, 7)
    np.testing.assert_array_equal(ArmLayout.SINGLE_RIGHT.padded(rows), np.hstack((np.zeros((2, 7)), rows)))
    np.testing.assert_array_equal(layout_named("left").padded(rows), np.hstack((rows, np.zeros((2, 7)))))
    assert layout_named("single") is ArmLayout.SINGLE_RIGHT and layout_named("bimanual").mask == (True, True)
    with pytest.raises(PolicyError, match=r"single_right has rows of 7 columns, not \(2, 6\)"):
        ArmLayout.SINGLE_RIGHT.padded(rows[:, :6])
    with pytest.raises(ConfigurationError, match='"singel_left": did you mean "single_left"'):
        layout_named("singel_left")
    with pytest.raises(ConfigurationError, match='robot type "astribot".*S1-stationary'):
        robot_named("astribot")
