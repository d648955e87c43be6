"""The action head of CLAP-RF: a rectified flow from noise to a chunk, told by hidden states of a language model.

In the released head tokens see hidden states only, never each other. The state of the arms and the "future" tokens
therefore change nothing, though their weights are there. ``self_attention`` makes it the transformer of the paper.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from roboact_ros.policies.nets.clap.flow_blocks import FlowBlock
from roboact_ros.policies.nets.clap.flow_time import TimestepEncoder, euler_buckets, sines_cosines

STEPS = 4
"""Of Euler's method, from noise to actions."""
_HIDDEN = 1024


@dataclass(frozen=True, slots=True)
class FlowHeadShape:
    """Size of a flow head; the default is the one released for LIBERO.

    Attributes:
        width: Of its tokens and of the hidden states, a multiple of 64.
        layers: Blocks, and lists of hidden states.
        actions: Columns of an action.
        state: Columns of a state.
        horizon: Steps of a chunk.
        future: Tokens beside those of the actions.
        positions: Most steps of a chunk.
        unused: Rows of a last layer that is in the released weights and in no computation.
        dropout: In training.
        self_attention: Whether tokens see each other.
    """

    width: int = 2560
    layers: int = 16
    actions: int = 7
    state: int = 7
    horizon: int = 8
    future: int = 32
    positions: int = 1024
    unused: int = 26
    dropout: float = 0.2
    self_attention: bool = False


class ActionEncoder(nn.Module):
    """Noisy actions and the time of the flow to tokens."""

    def __init__(self, actions: int, width: int) -> None:
        super().__init__()
        self.layer1, self.layer2 = nn.Linear(actions, width), nn.Linear(2 * width, width)
        self.layer3 = nn.Linear(width, width)

    def time(self, buckets: Tensor) -> Tensor:
        """Return the (n, width) share that numbers of times have in the second layer."""
        width = self.layer1.out_features
        code = sines_cosines(buckets, width).to(self.layer2.weight.dtype)
        return functional.linear(code, self.layer2.weight[:, width:], self.layer2.bias)

    def forward(self, actions: Tensor, time: Tensor) -> Tensor:
        """Return (n, steps, width) for (n, steps, actions) and what :meth:`time` says, (n, 1, width) or (width,)."""
        own = self.layer2.weight[:, : self.layer1.out_features]
        tokens: Tensor = self.layer3(functional.silu(functional.linear(self.layer1(actions), own) + time))
        return tokens


class _TwoLayers(nn.Module):
    def __init__(self, first: int, last: int) -> None:
        super().__init__()
        self.layer1, self.layer2 = nn.Linear(first, _HIDDEN), nn.Linear(_HIDDEN, last)

    def forward(self, rows: Tensor) -> Tensor:
        out: Tensor = self.layer2(functional.relu(self.layer1(rows)))
        return out


class _Transformer(nn.Module):
    def __init__(self, shape: FlowHeadShape) -> None:
        super().__init__()
        width = shape.width
        self.timestep_encoder = TimestepEncoder(width)
        self.transformer_blocks = nn.ModuleList(
            FlowBlock(width, shape.dropout, shape.self_attention) for _ in range(shape.layers)
        )
        self.proj_out_1, self.proj_out_2 = nn.Linear(width, 2 * width), nn.Linear(width, shape.unused)


class FlowHead(nn.Module):
    """See above; the names of the weights are the released ones without ``action_model.`` in front."""

    def __init__(self, shape: FlowHeadShape | None = None) -> None:
        super().__init__()
        self.shape = shape = shape or FlowHeadShape()
        self.model = _Transformer(shape)
        self.state_encoder = _TwoLayers(shape.state, shape.width)
        self.action_encoder = ActionEncoder(shape.actions, shape.width)
        self.action_decoder = _TwoLayers(shape.width, shape.actions)
        self.future_tokens = nn.Embedding(shape.future, shape.width)
        self.position_embedding = nn.Embedding(shape.positions, shape.width)

    @property
    def blocks(self) -> list[FlowBlock]:
        """The blocks, in order."""
        return [block for block in self.model.transformer_blocks if isinstance(block, FlowBlock)]

    def beside(self, state: Tensor | None, batch: int) -> Tensor:
        """Return the (n, 0 or 1 + future, width) tokens beside the actions; ``state`` is (n, 1, columns)."""
        future = self.future_tokens.weight.expand(batch, -1, -1)
        return future if state is None else torch.cat((self.state_encoder(state), future), dim=1)

    def velocity(
        self, actions: Tensor, buckets: Tensor, features: Sequence[Tensor], mask: Tensor | None, state: Tensor | None
    ) -> Tensor:
        """Return where noisy actions should go, (n, steps, columns) per unit of time.

        Args:
            actions: (n, steps, columns) between noise and actions.
            buckets: (n,) times in thousandths.
            features: (n, tokens, width) hidden states for each block.
            mask: (n, tokens), False where a token is padding; None if none is.
            state: (n, 1, columns) normalised state of the arms, or None.
        """
        time = self.model.timestep_encoder(buckets)[:, None]
        seen = None if mask is None else mask[:, None, None].bool()
        tokens = self.action_encoder(actions, self.action_encoder.time(buckets)[:, None])
        tokens = tokens + self.position_embedding.weight[: actions.shape[1]]
        tokens = torch.cat((self.beside(state, len(tokens)), tokens), dim=1)
        for block, hidden in zip(self.blocks, features, strict=True):
            tokens = block(tokens, block.attn1.memory(hidden), block.scales(time), seen)
        velocity: Tensor = self.action_decoder(tokens[:, -actions.shape[1] :])
        return velocity

    def flowed(
        self,
        noise: Tensor,
        features: Sequence[Tensor],
        mask: Tensor | None = None,
        state: Tensor | None = None,
        steps: int = STEPS,
    ) -> Tensor:
        """Return (n, steps, columns) normalised actions for noise of that shape; see :meth:`velocity`.

        This computes everything again at every step; a :class:`FlowSampler` does not.
        """
        actions = noise
        for bucket in euler_buckets(steps):
            buckets = torch.full((len(noise),), bucket, device=noise.device)
            actions = actions + self.velocity(actions, buckets, features, mask, state) / steps
        return actions
