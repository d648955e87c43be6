"""What behaviour cloning learns on top of a frozen encoder: from what is seen, asked and felt to actions.

What is asked scales and shifts what is seen (FiLM), so that the same picture means another motion for another task.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from roboact_ros.errors import PolicyError

TOOL = 10
"""Numbers that say where the tool is; see :func:`~roboact_ros.policies.proprioception.proprioception`."""
_SMALLEST = 1e-6
"""Deviation below which a number does not vary; it is not divided by."""


@dataclass(frozen=True, slots=True)
class BehaviourShape:
    """Size of a network.

    Attributes:
        visual: Width of what is seen.
        text: Width of what is asked.
        outputs: Numbers that come out.
        hidden: Width inside.
        layers: Residual layers.

    Raises:
        PolicyError: One is below 1.
    """

    visual: int
    text: int
    outputs: int
    hidden: int = 512
    layers: int = 2

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            if getattr(self, field.name) < 1:
                raise PolicyError(f"{field.name} of a behaviour network is at least 1, not {getattr(self, field.name)}")


def behaviour_shape_from(mapping: Mapping[str, Any], origin: str) -> BehaviourShape:
    """Return the shape that ``dataclasses.asdict`` gave.

    Raises:
        PolicyError: It holds something else; the message begins with ``origin``.
    """
    try:
        return BehaviourShape(**mapping)
    except TypeError as error:
        names = ", ".join(field.name for field in dataclasses.fields(BehaviourShape))
        raise PolicyError(f"{origin}: {error}. Valid: {names}") from error


class Behaviour(nn.Module):
    """Inputs are centred and scaled by the statistics of the training data, which are saved with the weights.

    Args:
        shape: Of the network.
        dropout: Part of what is seen that a training leaves out.
    """

    def __init__(self, shape: BehaviourShape, dropout: float = 0.0) -> None:
        super().__init__()
        self.shape = shape
        for name, width in self._inputs():
            self.register_buffer(f"{name}_mean", torch.zeros(width))
            self.register_buffer(f"{name}_deviation", torch.ones(width))
        hidden = shape.hidden
        self.dropout = nn.Dropout(dropout)
        self.visual, self.tool = nn.Linear(shape.visual, hidden), nn.Linear(TOOL, hidden)
        self.film = nn.Linear(shape.text, 2 * hidden)
        self.blocks = nn.ModuleList(
            nn.Sequential(nn.LayerNorm(hidden), nn.Linear(hidden, hidden), nn.GELU(), nn.Linear(hidden, hidden))
            for _ in range(shape.layers)
        )
        self.out = nn.Sequential(nn.LayerNorm(hidden), nn.Linear(hidden, shape.outputs))

    @torch.no_grad()
    def standardise(self, visual: Tensor, text: Tensor, tool: Tensor) -> None:
        """Take mean and deviation of (n, width) inputs over."""
        for (name, _), values in zip(self._inputs(), (visual, text, tool), strict=True):
            deviation = values.std(0, correction=0)
            getattr(self, f"{name}_mean").copy_(values.mean(0))
            getattr(self, f"{name}_deviation").copy_(torch.where(deviation > _SMALLEST, deviation, 1.0))

    def forward(self, visual: Tensor, text: Tensor, tool: Tensor) -> Tensor:
        """Return (n, outputs) for (n, visual), (n, text) and (n, 10)."""
        seen, asked, felt = (
            (values - getattr(self, f"{name}_mean")) / getattr(self, f"{name}_deviation")
            for (name, _), values in zip(self._inputs(), (visual, text, tool), strict=True)
        )
        scale, shift = self.film(asked).chunk(2, dim=-1)
        x = (self.visual(self.dropout(seen)) + self.tool(felt)) * (1.0 + scale) + shift
        for block in self.blocks:
            x = x + block(x)
        output: Tensor = self.out(x)
        return output

    def _inputs(self) -> tuple[tuple[str, int], ...]:
        return ("seen", self.shape.visual), ("asked", self.shape.text), ("felt", TOOL)
