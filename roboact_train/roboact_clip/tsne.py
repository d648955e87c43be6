"""t-SNE of a few hundred points, exactly (van der Maaten and Hinton, 2008)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import pdist, squareform

FloatArray = NDArray[np.float64]
_EXAGGERATION, _EXAGGERATED = 12.0, 100
"""How much nearer neighbours seem in the first steps, and how many."""


def tsne(points: FloatArray, perplexity: float = 30.0, steps: int = 400) -> FloatArray:
    """Return (n, 2) places of (n, width) points whose neighbours stay neighbours.

    It starts from the first two principal components, so that equal points give equal pictures.

    Args:
        points: At least 4.
        perplexity: Neighbours that count; fewer where there are few points.
        steps: Of the descent.

    Raises:
        ValueError: There are fewer points.
    """
    n = len(points)
    if n < 4:
        raise ValueError(f"t-SNE takes at least 4 points, not {n}")
    near = _neighbourhood(squareform(pdist(points, "sqeuclidean")), min(perplexity, (n - 1) / 3.0))
    near = np.maximum((near + near.T) / (2.0 * n), 1e-12)
    centred = points - points.mean(0)
    directions = np.linalg.svd(centred, full_matrices=False)[2]
    places = centred @ np.resize(directions[:2], (2, points.shape[1])).T
    places *= 1e-4 / max(places[:, 0].std(), 1e-12)
    speed, gain = np.zeros_like(places), np.ones_like(places)
    rate = max(n / _EXAGGERATION / 4.0, 10.0)
    for step in range(steps):
        kernel = 1.0 / (1.0 + squareform(pdist(places, "sqeuclidean")))
        np.fill_diagonal(kernel, 0.0)
        pull = (near * (_EXAGGERATION if step < _EXAGGERATED else 1.0) - kernel / kernel.sum()) * kernel
        gradient = 4.0 * (pull.sum(1)[:, None] * places - pull @ places)
        gain = np.clip(np.where(gradient * speed < 0.0, gain + 0.2, gain * 0.8), 0.01, None)
        speed = (0.5 if step < _EXAGGERATED else 0.8) * speed - rate * gain * gradient
        places = places + speed
    return np.asarray(places - places.mean(0))


def _neighbourhood(distances: FloatArray, perplexity: float) -> FloatArray:
    """Return (n, n) rows of probabilities whose perplexity is the one that was asked for."""
    rows = np.zeros_like(distances)
    scale = np.median(distances[distances > 0.0]) if (distances > 0.0).any() else 1.0
    for row, squares in enumerate(distances / scale):
        others = np.arange(len(distances)) != row
        low, high = 1e-6, 1e6
        for _ in range(60):
            sharpness = np.sqrt(low * high)
            weight = np.exp(-sharpness * (squares[others] - squares[others].min()))
            weight /= weight.sum()
            entropy = -(weight * np.log(np.maximum(weight, 1e-300))).sum()
            low, high = (sharpness, high) if entropy > np.log(perplexity) else (low, sharpness)
        rows[row, others] = weight
    return rows
