"""The Temporal Diff-Transformer: what changed between the frames of a video (eq. 4-7)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from roboact_ros.policies.nets.roboact_clip.shape import EncoderShape, FrameFeatures, Parts


class RelativeAttention(nn.Module):
    """Self-attention in which a bias for each head says how much the distance i - j of two tokens counts.

    The paper only says "relative positional encoding"; this is the form of T5 (https://arxiv.org/abs/1910.10683),
    without its buckets, as there are few tokens.

    Args:
        width: Of a token.
        heads: Number of heads.
        length: Largest number of tokens.
    """

    distance: Tensor

    def __init__(self, width: int, heads: int, length: int) -> None:
        super().__init__()
        self._heads = heads
        self.query_key_value, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.bias = nn.Parameter(torch.zeros(heads, 2 * length - 1))
        place = torch.arange(length)
        self.register_buffer("distance", place[:, None] - place[None] + length - 1, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return (n, tokens, width) for (n, tokens, width)."""
        n, tokens, width = x.shape
        split = self.query_key_value(x).view(n, tokens, 3, self._heads, width // self._heads)
        query, key, value = split.permute(2, 0, 3, 1, 4).unbind()
        bias = self.bias[:, self.distance[:tokens, :tokens]].to(query.dtype)
        attended = functional.scaled_dot_product_attention(query, key, value, attn_mask=bias)
        y: Tensor = self.out(attended.transpose(1, 2).reshape(n, tokens, width))
        return y


class _Block(nn.Module):
    """A pre-norm Transformer block."""

    def __init__(self, width: int, heads: int, length: int) -> None:
        super().__init__()
        self.norm_1, self.norm_2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = RelativeAttention(width, heads, length)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attention(self.norm_1(x))
        y: Tensor = x + self.mlp(self.norm_2(x))
        return y


class TemporalDiff(nn.Module):
    """Turns the frames of a video into the vectors that eq. 8 puts together.

    Args:
        shape: Of the network; without ``temporal`` there is nothing to learn here.
    """

    def __init__(self, shape: EncoderShape) -> None:
        super().__init__()
        self._temporal = shape.temporal
        layers = shape.layers if shape.temporal else 0
        self.blocks = nn.Sequential(
            *(_Block(shape.embedding, shape.heads, shape.frames - 1) for _ in range(layers)),
            nn.LayerNorm(shape.embedding) if layers else nn.Identity(),
        )

    def forward(self, frames: FrameFeatures) -> Parts:
        """Return ``[Tem, F_n - F_1, F_1, F_n]``, or ``[F_1, F_n]`` without the temporal module."""
        first, last = frames[:, 0], frames[:, -1]
        if not self._temporal:
            return torch.stack([first, last], dim=1)
        changes = frames[:, 1:] - frames[:, :-1]
        tem = self.blocks(changes)[:, -1]
        return torch.stack([tem.to(frames.dtype), last - first, first, last], dim=1)
