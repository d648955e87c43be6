"""The picture of branches keeps neighbours together."""

from __future__ import annotations

import numpy as np
import pytest

from roboact_train.roboact_clip.pictures import scatter
from roboact_train.roboact_clip.tsne import tsne


def test_clusters_stay_apart_and_equal_points_give_equal_pictures() -> None:
    random = np.random.default_rng(0)
    labels = np.repeat(np.arange(3), 15)
    points = 4.0 * np.eye(3, 10)[labels] + random.normal(0.0, 0.3, (45, 10))
    places = tsne(points, perplexity=8.0)
    distances = np.linalg.norm(places[:, None] - places[None], axis=-1) + 1e9 * np.eye(45)
    assert (labels[distances.argmin(1)] == labels).all()
    within, between = (distances[same & (distances < 1e8)].mean() for same in _pairs(labels))
    assert between > 3.0 * within
    np.testing.assert_array_equal(tsne(points, perplexity=8.0), places)
    picture = scatter(places, labels, ("open", "close", "push"), "action branch")
    assert picture.dtype == np.uint8 and picture.shape[2] == 3 and len(np.unique(picture.reshape(-1, 3), axis=0)) > 4


def _pairs(labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    same = labels[:, None] == labels[None]
    return same, ~same


def test_points_that_are_all_the_same_or_few() -> None:
    assert np.isfinite(tsne(np.ones((6, 3)))).all()
    assert tsne(np.random.default_rng(0).normal(size=(5, 1))).shape == (5, 2)
    with pytest.raises(ValueError, match="at least 4 points, not 3"):
        tsne(np.ones((3, 2)))
