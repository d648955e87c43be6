"""Draws chunks beside those with the codes most like theirs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from roboact_ros.types import ImageArray

_WIDTH, _HEIGHT, _TOP, _GAP, _TITLE = 230, 130, 34, 10, 44
_MOST = 1.6
"""Largest normalised action that a panel shows."""
_INK, _LIGHT = (40, 40, 40), (215, 215, 215)
_CURVES = (
    ("x", 0, (40, 40, 200)),
    ("y", 1, (50, 140, 50)),
    ("z", 2, (200, 110, 30)),
    ("yaw", 5, (160, 60, 160)),
    ("gripper", 6, (120, 120, 120)),
)


@dataclass(frozen=True, slots=True, eq=False)
class Cell:
    """One chunk of one arm: (steps, 7) normalised ``actions``, and ``again`` what its codes mean."""

    title: str
    where: str
    actions: NDArray[np.float32]
    again: NDArray[np.float32]


def draw(rows: Sequence[Sequence[Cell | None]], columns: Sequence[str]) -> ImageArray:
    """Return the (H, W, 3) BGR picture of a grid of chunks; ``columns`` are its heads."""
    wide, high = _WIDTH + _GAP, _HEIGHT + _TOP + _GAP
    image = np.full((_TITLE + high * len(rows), _GAP + wide * len(columns), 3), 255, np.uint8)
    for number, name in enumerate(columns):
        _text(image, name, _GAP + wide * number, 18, size=0.5)
    for number, (name, _, colour) in enumerate(_CURVES):
        _text(image, name, _GAP + 70 * number, 36, colour)
    _text(image, "thin: decoded from the codes", _GAP + 70 * len(_CURVES) + 20, 36)
    for row, cells in enumerate(rows):
        for column, cell in enumerate(cells):
            if cell is not None:
                _panel(image, cell, _GAP + wide * column, _TITLE + high * row)
    return image


def _panel(image: ImageArray, cell: Cell, left: int, top: int) -> None:
    _text(image, cell.title, left, top + 12)
    _text(image, cell.where[-34:], left, top + 27, size=0.36)
    begin = top + _TOP
    cv2.rectangle(image, (left, begin), (left + _WIDTH, begin + _HEIGHT), _LIGHT, 1)
    cv2.line(image, (left, begin + _HEIGHT // 2), (left + _WIDTH, begin + _HEIGHT // 2), _LIGHT, 1)
    across = left + np.linspace(2, _WIDTH - 2, len(cell.actions))
    for values, thick in ((cell.again, 1), (cell.actions, 2)):
        for _, axis, colour in _CURVES:
            down = begin + _HEIGHT / 2 * (1.0 - values[:, axis].clip(-_MOST, _MOST) / _MOST)
            points = np.stack((across, down), axis=1).round().astype(np.int32)
            light = colour if thick == 2 else tuple((255 + 2 * part) // 3 for part in colour)
            cv2.polylines(image, [points], False, light, thick, cv2.LINE_AA)


def _text(image: ImageArray, text: str, x: int, y: int, colour: tuple[int, int, int] = _INK, size: float = 0.4) -> None:
    cv2.putText(image, text, (x, y), cv2.FONT_HERSHEY_SIMPLEX, size, colour, 1, cv2.LINE_AA)
