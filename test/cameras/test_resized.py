"""Images get the promised size, and the pinhole model follows."""

from __future__ import annotations

import logging

import numpy as np
import pytest

from roboact_ros.cameras.resized import Resized
from roboact_ros.types import Frame, Intrinsics


class StillCamera:
    """Shows one frame for ever."""

    def __init__(self, frame: Frame) -> None:
        self.frame = frame
        self.closed = False

    def read(self) -> Frame:
        return self.frame

    def close(self) -> None:
        self.closed = True


def still(model: Intrinsics | None = None) -> StillCamera:
    image = np.zeros((48, 64, 3), np.uint8)
    image[:, 32:] = 200
    return StillCamera(Frame("front", 5, image, model, np.full((48, 64), 700, np.uint16)))


def test_right_size_passes_untouched(caplog: pytest.LogCaptureFixture) -> None:
    camera = still()
    assert Resized(camera, 64, 48).read() is camera.frame
    assert not caplog.records


@pytest.mark.parametrize("size", [(32, 24), (128, 96)])
def test_other_size_is_scaled_and_told_once(size: tuple[int, int], caplog: pytest.LogCaptureFixture) -> None:
    width, height = size
    camera = still(Intrinsics(64, 48, 50.0, 50.0, 31.5, 23.5))
    resized = Resized(camera, width, height)
    with caplog.at_level(logging.WARNING):
        frames = [resized.read() for _ in range(3)]
    assert len(caplog.records) == 1 and "64x48" in caplog.text
    frame = frames[-1]
    assert frame.image.shape == (height, width, 3) and frame.stamp_ns == 5
    assert frame.image[0, width // 4, 0] == 0 and frame.image[0, 3 * width // 4, 0] == 200
    assert frame.depth is not None and frame.depth.shape == (height, width) and set(frame.depth.flat) == {700}
    model = frame.intrinsics
    # The centre of the image stays the centre.
    assert model == Intrinsics(width, height, 50.0 * width / 64, 50.0 * width / 64, (width - 1) / 2, (height - 1) / 2)
    resized.close()
    assert camera.closed
