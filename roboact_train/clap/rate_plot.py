"""Draws what a code more is worth: PSNR over the bits of a chunk."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from roboact_ros.types import ImageArray
from roboact_train.clap.sweep import Point, elbow

PAPER = ((12, 128, 32.40), (12, 256, 36.02), (12, 512, 37.57), (36, 256, 43.01), (20, 256, 41.25), (16, 256, 40.00))
PAPER += ((8, 256, 29.89), (4, 256, 15.93))
"""Table V: N_q, K, PSNR [dB]."""
_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 860, 520, 70, 30, 50, 60
_INK, _LIGHT, _GREY, _RED = (40, 40, 40), (225, 225, 225), (170, 170, 170), (40, 40, 210)
_COLOURS = ((190, 110, 30), (60, 150, 60), (150, 60, 150), (30, 130, 210))


def draw(points: Sequence[Point], title: str) -> ImageArray:
    """Return the (H, W, 3) BGR picture; a line joins the sizes of a codebook, grey are the numbers of the paper."""
    image = np.full((_HEIGHT, _WIDTH, 3), 255, np.uint8)
    paper = [Point(tokens, codes, 0.0, psnr, psnr, {}) for tokens, codes, psnr in PAPER]
    every = [*points, *paper]
    most = 10.0 * np.ceil(1.1 * max(point.bits for point in every) / 10.0)
    values = [value for point in every for value in (point.psnr, point.learned_psnr)]
    low, high = 5.0 * np.floor(min(values) / 5.0), 5.0 * np.ceil(max(values) / 5.0)

    def place(bits: float, decibels: float) -> tuple[int, int]:
        x = _LEFT + (_WIDTH - _LEFT - _RIGHT) * bits / most
        y = _TOP + (_HEIGHT - _TOP - _BOTTOM) * (high - decibels) / (high - low)
        return round(x), round(y)

    for decibels in np.arange(low, high + 1.0, 5.0):
        cv2.line(image, place(0.0, decibels), place(most, decibels), _LIGHT, 1)
        _text(image, f"{decibels:.0f}", 36, place(0.0, decibels)[1] + 5)
    for bits in np.arange(0.0, most + 1.0, 40.0):
        _text(image, f"{bits:.0f}", place(bits, low)[0] - 8, _HEIGHT - _BOTTOM + 20)
    _text(image, title, 16, 26, size=0.55)
    _text(image, "bits for a chunk of one arm, N_q x log2 K", _LEFT + 180, _HEIGHT - 14)
    _text(image, "PSNR dB", 8, 44)
    _line(image, [place(p.bits, p.psnr) for p in sorted(paper, key=lambda p: p.bits) if p.codes == 256], _GREY)
    for point in paper:
        cv2.circle(image, place(point.bits, point.psnr), 3, _GREY, cv2.FILLED, cv2.LINE_AA)
    sizes = sorted({point.codes for point in points})
    for number, size in enumerate(sizes):
        colour = _COLOURS[number % len(_COLOURS)]
        own = sorted((point for point in points if point.codes == size), key=lambda point: point.bits)
        _line(image, [place(point.bits, point.psnr) for point in own], colour)
        _line(image, [place(point.bits, point.learned_psnr) for point in own], colour, 1)
        for point in own:
            at = place(point.bits, point.psnr)
            cv2.circle(image, at, 5, colour, cv2.FILLED, cv2.LINE_AA)
            cv2.drawMarker(image, place(point.bits, point.learned_psnr), colour, cv2.MARKER_TILTED_CROSS, 9, 1)
            below = 16 if len(own) > 1 else -8 - 14 * number  # one alone stands among those of another line
            _text(image, f"{point.tokens} x {point.codes}", at[0] + 8, at[1] + below, colour)
    chosen = elbow(points)
    if chosen is not None:
        at = place(chosen.bits, chosen.psnr)
        cv2.circle(image, at, 11, _RED, 2, cv2.LINE_AA)
        _text(image, "elbow", at[0] - 20, at[1] - 16, _RED)
    legend = "dot: episodes kept aside   x: chunks learned from   grey: Table V of the paper (K = 256 joined)"
    _text(image, legend, _LEFT + 110, _TOP - 8)
    return image


def _line(image: ImageArray, places: Sequence[tuple[int, int]], colour: tuple[int, int, int], width: int = 2) -> None:
    cv2.polylines(image, [np.array(places, dtype=np.int32)], False, colour, width, cv2.LINE_AA)


def _text(
    image: ImageArray, text: str, x: int, y: int, colour: tuple[int, int, int] = _INK, size: float = 0.42
) -> None:
    cv2.putText(image, text, (x, y), cv2.FONT_HERSHEY_SIMPLEX, size, colour, 1, cv2.LINE_AA)
