from __future__ import annotations

from math import pi

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from roboact_ros.execution.poses import inverse_pose, pose_from_vector, rotation_from_vector, vector_from_pose

AXES = [*np.eye(3), *-np.eye(3), np.ones(3) / 3**0.5, np.array([0.6, -0.8, 0.0]), np.array([-0.36, 0.48, 0.8])]


@pytest.mark.parametrize("angle", [0.0, 1e-12, 1e-8, 1e-4, 1.0, pi - 1e-4, pi - 1e-8, pi - 1e-12, pi])
def test_rotation_vectors_survive_the_round_trip_at_every_angle(angle: float) -> None:
    for axis in AXES:
        pose = pose_from_vector(0.1, -0.2, 0.3, *(angle * axis))
        vector = vector_from_pose(pose)
        assert np.linalg.norm(vector[3:]) <= pi + 1e-12
        np.testing.assert_allclose(pose_from_vector(*vector), pose, atol=1e-14)
        if angle < pi - 1e-6:
            np.testing.assert_allclose(vector[3:], angle * axis, rtol=1e-9, atol=1e-15)


def test_rotations_agree_with_scipy() -> None:
    for vector in np.random.default_rng(0).uniform(-4.0, 4.0, (500, 3)):
        rotation = rotation_from_vector(*vector)
        np.testing.assert_allclose(rotation, Rotation.from_rotvec(vector).as_matrix(), atol=1e-14)
        pose = pose_from_vector(0.0, 0.0, 0.0, *vector)
        np.testing.assert_allclose(vector_from_pose(pose)[3:], Rotation.from_matrix(rotation).as_rotvec(), atol=1e-12)


def test_a_pose_times_its_inverse_is_the_identity() -> None:
    for vector in np.random.default_rng(1).uniform(-2.0, 2.0, (50, 6)):
        pose = pose_from_vector(*vector)
        np.testing.assert_allclose(inverse_pose(pose) @ pose, np.eye(4), atol=1e-14)
