"""Clearance of the arm from itself and from the table, with every link as a capsule (a thick line).

Radii are those of the outer shells, rounded up from the maker's drawings; the lines run through the link centres. The
upper arm and the forearm lie beside the plane of the Denavit-Hartenberg frames by the offsets below.
"""

from __future__ import annotations

from math import inf, sqrt

import numpy as np
from numpy.typing import NDArray

from roboact_ros.errors import ConfigurationError, did_you_mean
from roboact_ros.execution.compiled import compiled
from roboact_ros.types import FloatArray

NAMES = ("base", "shoulder", "upper arm", "elbow", "forearm", "wrist 1", "wrist 2", "wrist 3", "gripper")

RADII = (0.075, 0.065, 0.057, 0.060, 0.045, 0.045, 0.045, 0.045, 0.045)
"""Radius of each capsule [m], in the order of ``NAMES``."""

LINK_OFFSETS = {"ur5": (0.136, 0.016), "ur5e": (0.138, 0.007)}
"""Distance of the centre lines of upper arm and forearm from the shoulder's axis along the axis of joint 2 [m]."""

TABLE, NOTHING = 9, -1
_RADII = np.array(RADII)

# Pairs that the joints can bring together; neighbours always touch and the others never meet.
_PAIRS = np.array(
    [(4, 0), (4, 1)]
    + [(5, 0), (5, 1), (5, 2)]
    + [(moving, still) for moving in (6, 7, 8) for still in (0, 1, 2, 3)]
    + [(7, 4), (8, 4)]
)
_FIRST_ABOVE_TABLE = 3  # base, shoulder and upper arm stand on it; the end of the upper arm is inside the elbow


def link_offsets(model: str) -> FloatArray:
    """Return the two offsets of :data:`LINK_OFFSETS` for a model.

    Raises:
        ConfigurationError: The shape of that model is not known.
    """
    try:
        return np.array(LINK_OFFSETS[model])
    except KeyError:
        raise ConfigurationError(f'no collision shape for "{model}": {did_you_mean(model, LINK_OFFSETS)}') from None


def describe(part: int, other: int) -> str:
    """Return words for the second and third result of :func:`clearance`."""
    return f"{NAMES[part]} and {'table' if other == TABLE else NAMES[other]}"


@compiled("float64(float64[:,::1], float64[:,::1])")
def segment_distance(one: FloatArray, other: FloatArray) -> float:
    """Return the smallest distance between two segments, each (2, 3) end points [m]."""
    u0, u1, u2 = one[1, 0] - one[0, 0], one[1, 1] - one[0, 1], one[1, 2] - one[0, 2]
    v0, v1, v2 = other[1, 0] - other[0, 0], other[1, 1] - other[0, 1], other[1, 2] - other[0, 2]
    w0, w1, w2 = one[0, 0] - other[0, 0], one[0, 1] - other[0, 1], one[0, 2] - other[0, 2]
    uu, vv, uv = u0 * u0 + u1 * u1 + u2 * u2, v0 * v0 + v1 * v1 + v2 * v2, u0 * v0 + u1 * v1 + u2 * v2
    uw, vw = u0 * w0 + u1 * w1 + u2 * w2, v0 * w0 + v1 * w1 + v2 * w2
    # Nearest points of the two lines, then clamped to the segments one after the other (Ericson 2005, 5.1.9).
    determinant = uu * vv - uv * uv
    s = min(max((uv * vw - vv * uw) / determinant, 0.0), 1.0) if determinant > 1e-12 * uu * vv else 0.0
    t = (uv * s + vw) / vv if vv > 0.0 else 0.0
    if t < 0.0 or t > 1.0 or vv == 0.0:
        t = min(max(t, 0.0), 1.0)
        s = min(max((uv * t - uw) / uu, 0.0), 1.0) if uu > 0.0 else 0.0
    x, y, z = w0 + s * u0 - t * v0, w1 + s * u1 - t * v1, w2 + s * u2 - t * v2
    return sqrt(x * x + y * y + z * z)


@compiled("float64[:,:,::1](float64[:,:,::1], float64[::1])")
def capsules(frames: FloatArray, offsets: FloatArray) -> FloatArray:
    """Return the (9, 2, 3) ends of the lines through the parts, in the order of ``NAMES``, in the base [m].

    Args:
        frames: (7, 4, 4) poses in the base of the frames behind joints 1 … 6 and of the tool.
        offsets: What :func:`link_offsets` returned.
    """
    ends = np.empty((9, 2, 3))
    for k in range(3):
        base = frames[0, 2, 3] if k == 2 else 0.0
        z1, upper, fore = frames[0, k, 2], offsets[0], offsets[1]
        o1, o2, o3 = frames[0, k, 3], frames[1, k, 3], frames[2, k, 3]
        ends[0, 0, k], ends[0, 1, k] = 0.0, base
        ends[1, 0, k], ends[1, 1, k] = o1, o1 + upper * z1
        ends[2, 0, k], ends[2, 1, k] = o1 + upper * z1, o2 + upper * z1
        ends[3, 0, k], ends[3, 1, k] = o2 + upper * z1, o2 + fore * z1
        ends[4, 0, k], ends[4, 1, k] = o2 + fore * z1, o3 + fore * z1
        ends[5, 0, k], ends[5, 1, k] = o3 + fore * z1, frames[3, k, 3]
        ends[6, 0, k], ends[6, 1, k] = frames[3, k, 3], frames[4, k, 3]
        ends[7, 0, k], ends[7, 1, k] = frames[4, k, 3], frames[5, k, 3]
        ends[8, 0, k], ends[8, 1, k] = frames[5, k, 3], frames[6, k, 3]
    # The round ends of wrist 3 and gripper must not reach beyond flange and tool point.
    length = 0.0
    for k in range(3):
        length += (ends[8, 1, k] - ends[8, 0, k]) ** 2
    length = sqrt(length)
    for k in range(3):
        along = (ends[8, 1, k] - ends[8, 0, k]) / length if length > RADII[8] else frames[5, k, 2]
        ends[7, 1, k] -= RADII[7] * frames[5, k, 2]
        ends[8, 0, k] -= RADII[8] * along
        ends[8, 1, k] -= RADII[8] * along
    return ends


@compiled("Tuple((float64, int64, int64))(float64[:,:,::1], float64[::1], float64)")
def clearance(frames: FloatArray, offsets: FloatArray, table_z: float) -> tuple[float, int, int]:
    """Return the smallest gap between two parts of the arm, or of the arm and the table [m], and the two parts.

    Args:
        frames: (7, 4, 4) poses in the base of the frames behind joints 1 … 6 and of the tool.
        offsets: What :func:`link_offsets` returned.
        table_z: Height of the table in the base [m].

    Returns:
        The gap, negative inside each other, and the indices into ``NAMES`` of the parts (``TABLE`` for the table).
    """
    ends = capsules(frames, offsets)
    smallest, one, other = inf, TABLE, TABLE
    for n in range(_PAIRS.shape[0]):
        i, j = _PAIRS[n, 0], _PAIRS[n, 1]
        gap = segment_distance(ends[i], ends[j]) - RADII[i] - RADII[j]
        if gap < smallest:
            smallest, one, other = gap, i, j
    for i in range(_FIRST_ABOVE_TABLE, 9):
        gap = min(ends[i, 0, 2], ends[i, 1, 2]) - RADII[i] - table_z
        if gap < smallest:
            smallest, one, other = gap, i, TABLE
    return smallest, one, other


def gap_between(
    one: FloatArray, other: FloatArray, radii: FloatArray = _RADII, radii_of_other: FloatArray = _RADII
) -> tuple[float, int, int]:
    """Return the smallest gap between two arms [m], and the part of each.

    The first part of an arm, which it stands on, never moves; those of both may overlap, as on a torso.

    Args:
        one: (k, 2, 3) ends of the lines through the parts of an arm, in any frame, such as :func:`capsules` returned.
        other: The same for the other arm, in the same frame.
        radii: (k,) radii of the parts [m].
        radii_of_other: Those of the other arm.

    Returns:
        The gap, negative inside each other, and the numbers of the part of the first and of the second.
    """
    return _gap_between(one, other, radii, radii_of_other)


@compiled("Tuple((float64, int64, int64))(float64[:,:,::1], float64[:,:,::1], float64[::1], float64[::1])")
def _gap_between(
    one: FloatArray, other: FloatArray, radii: FloatArray, radii_of_other: FloatArray
) -> tuple[float, int, int]:
    smallest, part, part_of_other = inf, 0, 0
    for i in range(len(one)):
        for j in range(0 if i > 0 else 1, len(other)):
            gap = segment_distance(one[i], other[j]) - radii[i] - radii_of_other[j]
            if gap < smallest:
                smallest, part, part_of_other = gap, i, j
    return smallest, part, part_of_other


@compiled("Tuple((float64, int64, int64))(float64[:,:,::1], float64[::1], int64[:,::1], float64)")
def pairs_clearance(
    ends: FloatArray, radii: FloatArray, pairs: NDArray[np.int64], table_z: float
) -> tuple[float, int, int]:
    """Return the smallest gap between two parts of any arm, or a part and the table [m], and the two parts.

    The first part, which the arm stands on, may be in the table.

    Args:
        ends: (k, 2, 3) ends of the lines through the parts, in the base [m].
        radii: (k,) radii of the parts [m].
        pairs: (p, 2) numbers of the parts that must not meet.
        table_z: Height of the table in the base [m].

    Returns:
        The gap, negative inside each other, and the numbers of the parts (``NOTHING`` for the table).
    """
    smallest, one, other = inf, 0, NOTHING
    for n in range(len(pairs)):
        i, j = pairs[n, 0], pairs[n, 1]
        gap = segment_distance(ends[i], ends[j]) - radii[i] - radii[j]
        if gap < smallest:
            smallest, one, other = gap, i, j
    for i in range(1, len(ends)):
        gap = min(ends[i, 0, 2], ends[i, 1, 2]) - radii[i] - table_z
        if gap < smallest:
            smallest, one, other = gap, i, NOTHING
    return smallest, one, other
