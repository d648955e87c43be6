"""Keeps what the next chunk has to go on from: the chunk that the arms follow, and how long choosing takes."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import numpy as np
from scipy.spatial.transform import Rotation

from roboact_ros.policies.underway import Underway, arms_in, places
from roboact_ros.types import ActionChunk, FloatArray

LOST = 0.05
"""A tool that is so far from all places of its chunk does not follow it any more [m]."""

_BEHIND, _FINE, _ARM = 0.6, 8, 0.1
"""How far behind its chunk a tool may be [s], places looked at in a step, and what a turn counts [m/rad]."""

_REMEMBERED = 8
_BEGINNING_NS = 40_000_000
"""Time from handing a chunk over until moving arms follow it, 32 ms of them planning (two arms) [ns]."""


class Continuation:
    """Pure: times come from outside, all of one clock [ns].

    Args:
        latency: What the first choice is expected to take [s].
    """

    def __init__(self, latency: float = 0.1) -> None:
        self._chunk: ActionChunk | None = None
        self._took_ns: deque[int] = deque([round(latency * 1e9)], _REMEMBERED)

    @property
    def latency_ns(self) -> int:
        """What a choice is expected to take [ns]: as long as the slowest of the last ones."""
        return max(self._took_ns)

    def took(self, elapsed_ns: int) -> None:
        """Note how long it took from asking the policy to handing its chunk over [ns]."""
        self._took_ns.append(elapsed_ns)

    def gave(self, chunk: ActionChunk) -> None:
        """Note the chunk that was handed over."""
        self._chunk = chunk

    def underway(self, stamp_ns: int, now_ns: int, poses_at: Callable[[int], FloatArray | None]) -> Underway | None:
        """Return what the arms do; None when they do not do what the last chunk says.

        Args:
            stamp_ns: When the image was exposed that the next chunk is for [ns].
            now_ns: Now.
            poses_at: Returns the (arms, 4, 4) poses of the tools at a time, None where they are not known.
        """
        chunk = self._chunk
        if chunk is None or stamp_ns >= chunk.stamp_ns + len(chunk.steps) * chunk.period_ns:
            return None
        before, now = poses_at(chunk.stamp_ns), poses_at(stamp_ns)
        if before is None or now is None:
            return None
        moved = np.tile(np.eye(4), (len(now), 1, 1))
        moved[:, :3, 3] = now[:, :3, 3] - before[:, :3, 3]
        moved[:, :3, :3] = now[:, :3, :3] @ before[:, :3, :3].swapaxes(-1, -2)
        place, off = _place(chunk, moved, (stamp_ns - chunk.stamp_ns) / chunk.period_ns)
        return None if off > LOST else Underway(chunk, moved, place, now_ns + self.latency_ns + _BEGINNING_NS)


def _place(chunk: ActionChunk, moved: FloatArray, due: float) -> tuple[float, float]:
    """Return how many steps of a chunk tools have made that have moved so far, and how far off it they are [m].

    Arms trail their chunk, and are behind it where steps took longer or a gripper was waited for.

    Args:
        chunk: The chunk.
        moved: (arms, 4, 4) since its image.
        due: How many steps they should have made.
    """
    earliest = max(0.0, due - _BEHIND * 1e9 / chunk.period_ns)
    at = np.linspace(due, earliest, max(2, round((due - earliest) * _FINE)))
    off = np.zeros(len(at))
    for rows, pose in zip(arms_in(chunk), moved, strict=True):
        way = places(rows, at)
        turned = Rotation.from_matrix(way[:, :3, :3] @ pose[:3, :3].T).magnitude()
        off = np.maximum(off, np.linalg.norm(way[:, :3, 3] - pose[:3, 3], axis=1) + _ARM * turned)
    best = int(off.argmin())
    return float(at[best]), float(off[best])
