"""Round trip of action chunks, and refusal of what is none."""

from __future__ import annotations

import numpy as np
import pytest

from roboact_ros.errors import MotionRefused
from roboact_ros.nodes.messages.chunk import chunk_from_message, chunk_to_message
from roboact_ros.types import CHUNK_AXES, ActionChunk

TWO_ARMS = tuple(f"{arm}/{axis}" for arm in ("left", "right") for axis in CHUNK_AXES)


@pytest.mark.parametrize("axes", [CHUNK_AXES, TWO_ARMS])
@pytest.mark.parametrize("period_ns", [50_000_000, 333_333_333, 2_500_000_000])
def test_round_trip(axes: tuple[str, ...], period_ns: int) -> None:
    steps = np.random.default_rng(0).normal(size=(8, len(axes)))
    chunk = ActionChunk(axes, steps, period_ns, 1_700_000_000_123_456_789)
    back = chunk_from_message(chunk_to_message(chunk))
    np.testing.assert_array_equal(back.steps, steps)
    assert (back.axes, back.period_ns, back.stamp_ns) == (axes, period_ns, chunk.stamp_ns)


def test_each_arm_gets_its_own_axes() -> None:
    steps = np.arange(14.0)[None]
    chunk = ActionChunk(TWO_ARMS, steps, 1, 0)
    np.testing.assert_array_equal(chunk.of_arm("right"), steps[:, 7:])
    with pytest.raises(MotionRefused, match=r"lacks the axes x, .*; it has left/x"):
        chunk.of_arm()


def test_what_is_no_chunk_is_refused() -> None:
    message = chunk_to_message(ActionChunk(CHUNK_AXES, np.zeros((3, 7)), 50_000_000, 0))
    message.points[1].time_from_start.nanosec += 1
    with pytest.raises(MotionRefused, match="regular times"):
        chunk_from_message(message)
    message.points[1].positions = [0.0]
    with pytest.raises(MotionRefused, match=r"sizes \[1, 7\]"):
        chunk_from_message(message)
    message.points = []
    with pytest.raises(MotionRefused, match="not 0"):
        chunk_from_message(message)
    with pytest.raises(MotionRefused, match="positive"):
        ActionChunk(CHUNK_AXES, np.zeros((1, 7)), 0, 0)
    with pytest.raises(MotionRefused, match=r"\(7,\)"):
        ActionChunk(CHUNK_AXES, np.zeros(7), 1, 0)
