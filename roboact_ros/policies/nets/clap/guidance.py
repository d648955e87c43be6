"""Chunks that go on from what is known already, drawn from a flow.

What the arms will have done when a chunk arrives cannot be changed any more, so the chunk should be one of those that
begin like that. Real-time chunking (https://arxiv.org/abs/2506.07339, III) bends the flow: at each step, where it would
end is pulled to what is known, through the derivative of that end (pseudo-inverse guidance). A simpler way is to draw
several chunks and to take the nearest (backward coherence of https://arxiv.org/abs/2408.17355).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import torch
from torch import Tensor

MOST = 5.0
"""Largest weight of the pull, that of the paper."""


@dataclass(frozen=True, slots=True, eq=False)
class Guide:
    """What a chunk should be like.

    Attributes:
        actions: (1, steps, columns) normalised actions that are known.
        weights: (1, steps, columns) how much each is to be heeded, 0 … 1; actions of weight 0 do not matter.
    """

    actions: Tensor
    weights: Tensor


def nearest(draws: Tensor, guide: Guide) -> Tensor:
    """Return that (1, steps, columns) of (n, steps, columns) actions that is most like what is known."""
    off = ((draws - guide.actions) ** 2 * guide.weights).sum(dim=(1, 2))
    return draws.index_select(0, off.argmin(dim=0, keepdim=True))


class Velocity(Protocol):
    """Where actions should go."""

    def __call__(self, actions: Tensor, number: int) -> Tensor:
        """Return that of (n, steps, columns) actions, per unit of time, at the beginning of a step of the method."""
        ...


def pull(time: float, most: float = MOST) -> float:
    """Return the weight of the pull at a time of the flow, 0 (noise) … 1 (actions)."""
    if time <= 0.0:
        return most
    return min(most, (time**2 + (1.0 - time) ** 2) / (time * (1.0 - time)))


def guided(velocity: Callable[[Tensor], Tensor], actions: Tensor, time: float, guide: Guide) -> Tensor:
    """Return the velocity (n, steps, columns) at ``time`` that also leads to what is known.

    Args:
        velocity: Of the flow at that time; the derivative with respect to the actions is taken.
        actions: (n, steps, columns) between noise and actions.
        time: 0 (noise) … 1 (actions).
        guide: What is known.
    """
    with torch.enable_grad():
        here = actions.detach().requires_grad_()
        plain = velocity(here)
        end = here + (1.0 - time) * plain
        error = (guide.actions - end.detach()) * guide.weights
        (bent,) = torch.autograd.grad(end, here, error)
    return plain.detach() + pull(time) * bent


def flow(velocity: Velocity, noise: Tensor, steps: int, guide: Guide | None = None) -> Tensor:
    """Return (n, steps, columns) actions for noise of that shape, with Euler's method.

    Args:
        velocity: Of the flow.
        noise: (n, steps, columns) normal.
        steps: Of the method.
        guide: What is known of the actions.
    """
    actions = noise
    for number in range(steps):
        if guide is None:
            change = velocity(actions, number)
        else:
            change = guided(partial(velocity, number=number), actions, number / steps, guide)
        actions = actions + change / steps
    return actions
