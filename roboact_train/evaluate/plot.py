"""Scores as a table of text and as a picture."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np

from roboact_ros.types import ImageArray
from roboact_train.data.picture_file import write_picture
from roboact_train.evaluate.score import TaskScore, mean_success

_ROW, _LEFT, _BAR, _RIGHT, _TOP = 28, 150, 500, 90, 44
"""Height of a row, widths of names, of a full bar and of numbers, height of the title [px]."""
_INK, _LIGHT, _FILL = (40, 40, 40), (225, 225, 225), (196, 140, 70)


def table(scores: Mapping[str, TaskScore]) -> str:
    """Return one line per task and one for all."""
    width = max(4, *map(len, scores))
    lines = [f"{'task':<{width}}  success  95 % interval   episodes  motions  refused  interventions"]
    for name, score in scores.items():
        low, high = score.ci
        lines.append(
            f"{name:<{width}}  {score.success:7.1%}  {low:6.1%} - {high:6.1%}  {score.episodes:8d}"
            f"  {score.motions:7.1f}  {score.refused:7.1f}  {score.interventions:13.1f}"
        )
    lines.append(f"{'mean':<{width}}  {mean_success(dict(scores)):7.1%}")
    return "\n".join(lines)


def save_plot(scores: Mapping[str, TaskScore], title: str, path: Path) -> None:
    """Draw a bar with its interval for each task and write it as a picture (PNG, JPEG …).

    Raises:
        RecordingError: It cannot be written there.
    """
    write_picture(path, draw(scores, title))


def draw(scores: Mapping[str, TaskScore], title: str) -> ImageArray:
    """Return the (H, W, 3) BGR picture."""
    height = _TOP + _ROW * len(scores) + 30
    image = np.full((height, _LEFT + _BAR + _RIGHT, 3), 255, np.uint8)
    bottom = _TOP + _ROW * len(scores)
    _text(image, title, 10, 24, 0.55)
    for percent in range(0, 101, 20):
        x = _LEFT + _BAR * percent // 100
        cv2.line(image, (x, _TOP), (x, bottom), _LIGHT, 1)
        _text(image, f"{percent}%", x - 12, bottom + 18, 0.4)
    for row, (name, score) in enumerate(scores.items()):
        middle = _TOP + _ROW * row + _ROW // 2
        low, end, high = (_LEFT + round(_BAR * value) for value in (score.ci[0], score.success, score.ci[1]))
        cv2.rectangle(image, (_LEFT, middle - 9), (end, middle + 9), _FILL, cv2.FILLED)
        cv2.line(image, (low, middle), (high, middle), _INK, 1, cv2.LINE_AA)
        for x in (low, high):
            cv2.line(image, (x, middle - 5), (x, middle + 5), _INK, 1, cv2.LINE_AA)
        _text(image, name, 10, middle + 5, 0.45)
        _text(image, f"{score.success:.0%}", _LEFT + _BAR + 14, middle + 5, 0.45)
    return image


def _text(image: ImageArray, text: str, x: int, y: int, size: float) -> None:
    cv2.putText(image, text, (x, y), cv2.FONT_HERSHEY_SIMPLEX, size, _INK, 1, cv2.LINE_AA)
