"""What training normalises LeRobot data sets by: extremes, means, deviations and quantiles of every column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from roboact_ros.types import ImageArray
from roboact_train.data.pictures import Picture

Statistics = dict[str, dict[str, Any]]

_QUANTILES = {"q01": 0.01, "q10": 0.1, "q50": 0.5, "q90": 0.9, "q99": 0.99}
_IMAGES = 16
_LONGEST_EDGE = 96


def image_samples(pictures: Sequence[Picture]) -> ImageArray:
    """Return the (M, 3) pixels of a few images of an episode, made smaller."""
    chosen = np.unique(np.linspace(0, len(pictures) - 1, _IMAGES).astype(int)).tolist()
    pixels = []
    for number in chosen:
        image = pictures[number].load()
        scale = min(1.0, _LONGEST_EDGE / max(image.shape[:2]))
        small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        pixels.append(np.asarray(small, dtype=np.uint8).reshape(-1, 3))
    return np.concatenate(pixels)


def statistics(numbers: Sequence[Mapping[str, Any]], images: Sequence[Mapping[str, ImageArray]]) -> Statistics:
    """Return the statistics of some episodes by column.

    Args:
        numbers: The numeric columns of each episode.
        images: Pixels of each episode by column; their statistics are in 0 … 1, of the shape (3, 1, 1).
    """
    found: Statistics = {}
    for name in numbers[0]:
        values = np.concatenate([np.asarray(columns[name], dtype=np.float64) for columns in numbers])
        found[name] = {
            **_describe(values.reshape(len(values), -1), lambda row: row.tolist()),
            "count": [len(values)],
        }
    for name in images[0]:
        pixels = np.concatenate([columns[name] for columns in images]) / 255.0
        found[name] = {**_describe(pixels, lambda row: row.reshape(3, 1, 1).tolist()), "count": [len(pixels)]}
    return found


def _describe(values: NDArray[np.float64], shaped: Any) -> dict[str, Any]:
    values = values[~np.isnan(values).any(axis=1)]  # where the tool was not measured
    extremes = {"min": values.min(axis=0), "max": values.max(axis=0)}
    moments = {"mean": values.mean(axis=0), "std": values.std(axis=0)}
    quantiles = {name: np.quantile(values, part, axis=0) for name, part in _QUANTILES.items()}
    return {name: shaped(row) for name, row in {**extremes, **moments, **quantiles}.items()}
