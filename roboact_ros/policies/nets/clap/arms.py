"""Batches of chunks for one or two arms as sequences of single arms, and back."""

from __future__ import annotations

from torch import Tensor

from roboact_ros.policies.clap.layout import ARM_WIDTH, ARMS


def active_arms(actions: Tensor, mask: Tensor) -> Tensor:
    """Return (m, steps, 7) actions of the m arms that exist: all left ones in order, then all right ones.

    Args:
        actions: (n, steps, 14) actions.
        mask: (n, 2) which arms exist, left and right.
    """
    arms = actions.reshape(*actions.shape[:-1], len(ARMS), ARM_WIDTH)
    return arms.movedim(-2, 0)[mask.bool().T]


def from_active_arms(arms: Tensor, mask: Tensor) -> Tensor:
    """Inverse of :func:`active_arms`; arms that do not exist are zero."""
    both = arms.new_zeros(len(ARMS), len(mask), *arms.shape[1:])
    both[mask.bool().T] = arms
    return both.movedim(0, -2).flatten(-2)
