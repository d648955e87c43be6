"""Condition number of a Jacobian: how close the arm is to a singular pose."""

from __future__ import annotations

from math import inf, sqrt

import numpy as np

from roboact_ros.execution.compiled import compiled
from roboact_ros.types import FloatArray

CHARACTERISTIC_LENGTH = 0.4
"""Length that makes metres and radians comparable [m]: about one link of a UR5."""


@compiled("float64(float64[:,::1], float64)")
def condition_number(jacobian: FloatArray, length: float) -> float:
    """Return the condition number of a (6, 6) Jacobian whose linear rows are divided by ``length`` [m].

    One-sided Jacobi rotations make the columns orthogonal; their norms are then the singular values (Hestenes 1958).
    For a matrix this small that is several times faster than a call into LAPACK.
    """
    a = np.empty((6, 6))  # rows are columns of the Jacobian
    for i in range(6):
        for k in range(6):
            a[i, k] = jacobian[k, i] / length if k < 3 else jacobian[k, i]
    for _ in range(12):
        off = 0.0
        for i in range(5):
            for j in range(i + 1, 6):
                p, q, r = 0.0, 0.0, 0.0
                for k in range(6):
                    p += a[i, k] * a[i, k]
                    q += a[j, k] * a[j, k]
                    r += a[i, k] * a[j, k]
                if r * r <= 1e-20 * p * q:
                    continue
                off = 1.0
                zeta = (q - p) / (2.0 * r)
                t = (1.0 if zeta >= 0.0 else -1.0) / (abs(zeta) + sqrt(1.0 + zeta * zeta))
                c = 1.0 / sqrt(1.0 + t * t)
                s = c * t
                for k in range(6):
                    x, y = a[i, k], a[j, k]
                    a[i, k], a[j, k] = c * x - s * y, s * x + c * y
        if off == 0.0:
            break
    largest, smallest = 0.0, inf
    for i in range(6):
        norm = 0.0
        for k in range(6):
            norm += a[i, k] ** 2
        norm = sqrt(norm)
        largest, smallest = max(largest, norm), min(smallest, norm)
    return largest / smallest if smallest > 0.0 else inf
