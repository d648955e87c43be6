"""The rectified flow that CLAP-RF's head learns (https://arxiv.org/abs/2601.04061)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from roboact_ros.policies.nets.clap.flow_head import FlowHead
from roboact_ros.policies.nets.clap.flow_time import bucket

LATEST = 0.999
"""Times are from 0 (noise) to this (next to actions)."""
ALPHA = 1.5
"""Of the Beta(1.5, 1) distribution: more of the times are early ones."""
REPEATS = 2
"""How often each chunk is learned from in a step, each with noise and a time of its own."""


def flow_times(uniform: Tensor) -> Tensor:
    """Return (n,) times for (n,) numbers that are uniform between 0 and 1."""
    return LATEST * (1.0 - uniform ** (1.0 / ALPHA))


def on_the_way(actions: Tensor, noise: Tensor, times: Tensor) -> tuple[Tensor, Tensor]:
    """Return what is between noise and actions at (n,) times, and the velocity there; all (n, steps, columns)."""
    at = times[:, None, None].to(actions.dtype)
    return (1.0 - at) * noise + at * actions, actions - noise


def flow_loss(
    head: FlowHead,
    actions: Tensor,
    features: Sequence[Tensor],
    mask: Tensor | None = None,
    state: Tensor | None = None,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Return the mean squared error of the head's velocity.

    Args:
        head: In training.
        actions: (n, at least the horizon, columns) normalised; the last steps of the horizon are learned.
        features: (n, tokens, width) hidden states for each block of the head.
        mask: (n, tokens), False where a token is padding; None if none is.
        state: (n, 1, columns) normalised state, or None.
        generator: Of the noise and times, on the device of the actions.
    """
    wanted = actions[:, -head.shape.horizon :].repeat(REPEATS, 1, 1)
    noise = torch.randn(wanted.shape, generator=generator, device=wanted.device, dtype=wanted.dtype)
    times = flow_times(torch.rand(len(wanted), generator=generator, device=wanted.device))
    between, velocity = on_the_way(wanted, noise, times)
    guess = head.velocity(
        between,
        bucket(times),
        [hidden.repeat(REPEATS, 1, 1) for hidden in features],
        None if mask is None else mask.repeat(REPEATS, 1),
        None if state is None else state.repeat(REPEATS, 1, 1),
    )
    return functional.mse_loss(guess, velocity)
