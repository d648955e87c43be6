"""How the flow head of CLAP-RF is told the time of the flow: two codes of the same number."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

BUCKETS = 1000
"""Times 0 (noise) … 1 (actions) are told as whole numbers of a thousandth."""
_CODE_WIDTH = 256
_SLOWEST = 10_000.0


def bucket(times: Tensor) -> Tensor:
    """Return the whole numbers for times 0 … 1."""
    return (times * BUCKETS).long()


def euler_buckets(steps: int) -> list[int]:
    """Return the numbers of the times at which so many steps of Euler's method begin."""
    return [BUCKETS * step // steps for step in range(steps)]


def sines_cosines(buckets: Tensor, width: int) -> Tensor:
    """Return the (n, width) code that the actions get: sines, then cosines."""
    half = width // 2
    rates = torch.arange(half, device=buckets.device, dtype=torch.float32) * (-math.log(_SLOWEST) / half)
    angles = buckets[:, None].float() * rates.exp()
    return torch.cat((angles.sin(), angles.cos()), dim=-1)


class _TwoLayers(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.linear_1, self.linear_2 = nn.Linear(_CODE_WIDTH, width), nn.Linear(width, width)

    def forward(self, code: Tensor) -> Tensor:
        out: Tensor = self.linear_2(functional.silu(self.linear_1(code.to(self.linear_1.weight.dtype))))
        return out


class TimestepEncoder(nn.Module):
    """The code from which the blocks make the scales and shifts of their norms."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.timestep_embedder = _TwoLayers(width)

    def forward(self, buckets: Tensor) -> Tensor:
        """Return (n, width) for n numbers of times."""
        half = _CODE_WIDTH // 2
        rates = torch.arange(half, device=buckets.device, dtype=torch.float32) * (-math.log(_SLOWEST) / (half - 1))
        angles = buckets[:, None].float() * rates.exp()
        code = torch.cat((angles.cos(), angles.sin()), dim=-1)
        embedded: Tensor = self.timestep_embedder(code)
        return embedded
