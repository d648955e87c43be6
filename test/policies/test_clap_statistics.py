"""Statistics of robots: normalisation, its inverse, and statistics that do not fit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from clap_released import Notes, released, statistics_file

from roboact_ros.errors import PolicyError
from roboact_ros.policies.clap.robots import ROBOTS
from roboact_ros.policies.clap.statistics import Quantiles, read_statistics, write_statistics

S1, DROID = ROBOTS["S1-stationary"], ROBOTS["droid"]


def test_the_released_statistics_scale_poses_and_leave_grippers(tmp_path: Path) -> None:
    s1 = read_statistics(statistics_file(tmp_path), S1)
    ends = s1.normalised_actions(s1.action)
    poses = [c for c in range(14) if c not in (6, 13)]
    np.testing.assert_allclose(ends[:, poses], np.array([[-1.0], [1.0]]) * np.ones(12), atol=1e-12)
    np.testing.assert_array_equal(ends[:, [6, 13]], s1.action[:, [6, 13]])
    np.testing.assert_array_equal(s1.normalised_state(s1.state)[:, [6, 13]], s1.state[:, [6, 13]])
    rows = np.random.default_rng(0).normal(size=(2, 32, 14))
    assert np.abs(s1.normalised_actions(rows)).max() > 2.0  # nothing is clipped
    np.testing.assert_allclose(s1.actions(s1.normalised_actions(rows)), rows, atol=1e-12)
    middle = s1.state.mean(axis=0)
    np.testing.assert_allclose(s1.states(s1.normalised_state(middle)), middle, atol=1e-12)


def test_the_arm_that_is_not_there_is_zero(tmp_path: Path) -> None:
    droid = read_statistics(statistics_file(tmp_path), DROID)
    rows = DROID.layout.padded(np.random.default_rng(0).uniform(-0.1, 0.1, (32, 7)))
    normalised = droid.normalised_actions(rows)
    assert (normalised[:, :7] == 0.0).all() and (normalised[:, 7:] != 0.0).all()
    np.testing.assert_allclose(droid.actions(normalised), rows, atol=1e-7)
    assert (droid.normalised_state(droid.state)[:, :7] == 0.0).all()


def test_what_never_changes_does_not_explode() -> None:
    bounds = np.tile(np.linspace(0.1, 0.5, 14), (2, 1))
    quantiles = Quantiles(S1, bounds, bounds)
    np.testing.assert_array_equal(quantiles.normalised_actions(bounds)[:, :6], -1.0)
    np.testing.assert_allclose(quantiles.actions(quantiles.normalised_actions(bounds)), bounds)


def test_statistics_are_written_as_they_are_read(tmp_path: Path) -> None:
    both = [read_statistics(statistics_file(tmp_path), robot) for robot in (S1, DROID)]
    write_statistics(tmp_path / "again.json", both)
    for one in both:
        again = read_statistics(tmp_path / "again.json", one.robot)
        np.testing.assert_array_equal(again.action, one.action)
        np.testing.assert_array_equal(again.state, one.state)


def broken(robot: str, what: str, quantile: str, values: list[float]) -> Notes:
    notes = released()
    notes[robot][what][quantile] = values
    return notes


@pytest.mark.parametrize(
    ("notes", "robot", "told"),
    [
        (released(), "agibot-go1", 'no statistics of agibot-go1: key "agibot-go1".*S1-stationary, droid'),
        (released(), "google_robot", 'key "fractal"'),
        ({"droid": released()["S1-stationary"]}, "droid", "another robot: action is not zero for the left arm, but dr"),
        ({"S1-stationary": released()["droid"]}, "S1-stationary", r"another robot: action is zero .* \(dual\) has one"),
        (broken("droid", "state", "q01", [0.0] * 34), "droid", r"droid: state has .* shape \(34,\), not of 14 columns"),
        (broken("droid", "action", "q99", [0.0] * 7), "droid", r"action has .* \(7,\), not of 14 columns \(left/x"),
        (broken("droid", "action", "q99", [-9.0] * 14), "droid", "99 % quantile -9 is below the 1 % one"),
        (broken("S1-stationary", "state", "q99", [np.nan] * 14), "S1-stationary", "finite numbers"),
        ({"droid": {"action": {}}}, "droid", "action should have the lists q01 and q99"),
        ({}, "droid", "an object with an entry for each robot"),
        (released(), "human", "has no actions"),
    ],
)
def test_statistics_that_cannot_be_used_are_refused(tmp_path: Path, notes: Notes, robot: str, told: str) -> None:
    with pytest.raises(PolicyError, match=told):
        read_statistics(statistics_file(tmp_path, notes), ROBOTS[robot])


def test_other_files_and_other_robots_are_refused(tmp_path: Path) -> None:
    path = statistics_file(tmp_path)
    s1, droid = (read_statistics(path, robot) for robot in (S1, DROID))
    with pytest.raises(
        PolicyError, match=r"state left/z = 0\.1 is far .* S1-stationary .*\(0\.8 … 1\.03\).*another robot"
    ):
        s1.normalised_state(np.full(14, 0.1))
    with pytest.raises(PolicyError, match="state right/yaw = nan is far"):
        droid.normalised_state(np.array([0.0] * 12 + [np.nan, 0.0]))
    for columns in (7, 13, 34):
        with pytest.raises(PolicyError, match=rf"14 columns .* not the shape \(32, {columns}\)"):
            s1.normalised_actions(np.zeros((32, columns)))
        with pytest.raises(PolicyError, match="14 columns"):
            s1.actions(np.zeros(columns))
    path.write_text("{")
    with pytest.raises(PolicyError, match="is no statistics file"):
        read_statistics(path, S1)
    with pytest.raises(PolicyError, match="nowhere.json is no statistics file"):
        read_statistics(tmp_path / "nowhere.json", S1)
