from __future__ import annotations

from math import pi

import numpy as np
import pytest

from roboact_ros.errors import ConfigurationError, MotionRefused
from roboact_ros.execution.calibrated import CalibratedKinematics, Calibration
from roboact_ros.execution.kinematics import Kinematics
from roboact_ros.execution.poses import pose_from_vector
from roboact_ros.robots import UR5, UR5E, RobotModel, Six

TOOL = pose_from_vector(0.0, 0.0, 0.15, 0.0, 0.0, 0.0)
NONE: Six = (0.0,) * 6


def calibration(seed: int, size: float = 1e-3) -> Calibration:
    rng = np.random.default_rng(seed)
    return Calibration(*(tuple(rng.uniform(-size, size, 6).tolist()) for _ in range(4)))


@pytest.fixture(params=[(UR5, 0), (UR5E, 1), (UR5E, 2)], ids=lambda pair: f"{pair[0].name}-{pair[1]}")
def arm(request: pytest.FixtureRequest) -> CalibratedKinematics:
    model, seed = request.param
    return CalibratedKinematics(model, TOOL, calibration(seed))


def test_no_offsets_give_the_published_arm() -> None:
    plain, calibrated = Kinematics(UR5E, TOOL), CalibratedKinematics(UR5E, TOOL, Calibration(NONE, NONE, NONE, NONE))
    for q in np.random.default_rng(0).uniform(-pi, pi, (200, 6)):
        np.testing.assert_array_equal(calibrated.forward(q), plain.forward(q))
        np.testing.assert_allclose(calibrated.inverse(plain.forward(q), q), q, atol=1e-7)


def test_offsets_move_the_tool_by_millimetres(arm: CalibratedKinematics) -> None:
    plain = Kinematics(arm.model, TOOL)
    for q in np.random.default_rng(1).uniform(-pi, pi, (50, 6)):
        assert 1e-5 < np.linalg.norm(arm.forward(q)[:3, 3] - plain.forward(q)[:3, 3]) < 0.01


def test_inverse_undoes_forward(arm: CalibratedKinematics) -> None:
    for q in np.random.default_rng(2).uniform(-2 * pi, 2 * pi, (1000, 6)):
        pose = arm.forward(q)
        np.testing.assert_allclose(arm.forward(arm.inverse(pose, q)), pose, atol=2e-9)


def test_a_seed_on_another_branch_still_finds_a_solution(arm: CalibratedKinematics) -> None:
    rng = np.random.default_rng(3)
    poses = np.array([arm.forward(q) for q in rng.uniform(-pi, pi, (500, 6))])
    found = arm.inverse_batch(poses, rng.uniform(-pi, pi, (500, 6)))
    np.testing.assert_allclose([arm.forward(q) for q in found], poses, atol=2e-9)


@pytest.mark.parametrize(("joint", "value"), [(4, 0.0), (4, pi), (2, 0.0), (2, pi)])
def test_singular_poses_are_reached(arm: CalibratedKinematics, joint: int, value: float) -> None:
    for q in np.random.default_rng(4).uniform(-pi, pi, (200, 6)):
        q[joint] = value
        pose = arm.forward(q)
        np.testing.assert_allclose(arm.forward(arm.inverse(pose, q)), pose, atol=2e-9)


def test_all_solutions_are_right(arm: CalibratedKinematics) -> None:
    for q in np.random.default_rng(5).uniform(-pi, pi, (100, 6)):
        pose = arm.forward(q)
        for solution in arm.inverse_all(pose):
            assert (np.abs(solution) <= pi + 0.1).all()
            np.testing.assert_allclose(arm.forward(solution), pose, atol=2e-9)


def test_inverse_is_continuous_through_a_singular_wrist(arm: CalibratedKinematics) -> None:
    q = np.array([0.3, -1.2, 1.4, 0.5, -0.2, 0.7])
    for q5 in np.arange(-0.2, 0.2, 0.002):
        wanted = np.array([0.3, -1.2, 1.4, 0.5, q5, 0.7])
        found = arm.inverse(arm.forward(wanted), q)
        assert np.abs(found - q).max() < 0.1
        q = found


def test_huge_offsets_that_cancel_are_no_trouble() -> None:
    """Axes 2 and 3 are nearly parallel, so real tables move the frames along them by many metres."""
    d, a, alpha, theta = list(NONE), list(NONE), list(NONE), list(NONE)
    d[1], d[2] = 150.0, -150.0
    theta[1], alpha[1] = 1e-4, 1e-5
    arm = CalibratedKinematics(UR5E, TOOL, Calibration(tuple(theta), tuple(d), tuple(a), tuple(alpha)))
    for q in np.random.default_rng(6).uniform(-pi, pi, (200, 6)):
        pose = arm.forward(q)
        np.testing.assert_allclose(arm.forward(arm.inverse(pose, q)), pose, atol=2e-9)


def test_a_whole_table_is_turned_into_offsets() -> None:
    model: RobotModel = UR5E
    offsets = calibration(7)
    whole = [np.add(p, o) for p, o in zip((NONE, model.d, model.a, model.alpha), _columns(offsets), strict=True)]
    np.testing.assert_allclose(_columns(Calibration.from_table(model, *whole)), _columns(offsets), atol=1e-15)


def test_out_of_reach_and_no_pose_are_refused(arm: CalibratedKinematics) -> None:
    pose = arm.forward(np.array([0.3, 0.0, 0.0, 0.0, pi / 2, 0.0]))
    pose[:2, 3] *= 1.1
    with pytest.raises(MotionRefused, match="out of the reach"):
        arm.inverse(pose, np.zeros(6))
    with pytest.raises(MotionRefused, match="not a pose"):
        arm.inverse(pose * np.nan, np.zeros(6))
    assert np.isnan(arm.inverse_batch(pose[None], np.zeros((1, 6)))).all()


def test_offsets_must_be_finite() -> None:
    with pytest.raises(ConfigurationError, match="alpha"):
        Calibration(NONE, NONE, NONE, (0.0, 0.0, float("nan"), 0.0, 0.0, 0.0))


def _columns(offsets: Calibration) -> list[Six]:
    return [offsets.theta, offsets.d, offsets.a, offsets.alpha]
