"""Transformers over the tokens of images: within an image, and from an image to those before it."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class Attention(nn.Module):
    """Attention whose queries, keys and values have no bias."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self._heads = heads
        self.to_q, self.to_k, self.to_v = (nn.Linear(width, width, bias=False) for _ in range(3))
        self.to_out = nn.Sequential(nn.Linear(width, width))

    def forward(self, tokens: Tensor, causal: bool = False) -> Tensor:
        """Return (…, tokens, width) for (…, tokens, width); with ``causal`` no token sees a later one."""
        split = tokens.reshape(-1, *tokens.shape[-2:])
        q, k, v = (
            layer(split).unflatten(-1, (self._heads, -1)).transpose(1, 2) for layer in (self.to_q, self.to_k, self.to_v)
        )
        seen = functional.scaled_dot_product_attention(q, k, v, is_causal=causal)
        out: Tensor = self.to_out(seen.transpose(1, 2).flatten(2))
        return out.reshape(tokens.shape)


class Block(nn.Module):
    """Attention within each image, from image to image where ``temporal``, and a feed-forward layer."""

    def __init__(self, width: int, heads: int, temporal: bool) -> None:
        super().__init__()
        self.spatial_attn = Attention(width, heads)
        self.temporal_attn = Attention(width, heads) if temporal else None
        self.ffn = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Identity(), nn.Linear(4 * width, width))
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        if temporal:
            self.norm3 = nn.LayerNorm(width)

    def forward(self, tokens: Tensor) -> Tensor:
        """Return (n, images, tokens, width) for (n, images, tokens, width)."""
        tokens = tokens + self.spatial_attn(self.norm1(tokens))
        if self.temporal_attn is not None:
            tokens = tokens + self.temporal_attn(self.norm2(tokens).transpose(1, 2), causal=True).transpose(1, 2)
        last = self.norm2 if self.temporal_attn is None else self.norm3
        out: Tensor = tokens + self.ffn(last(tokens))
        return out


class SpaceTime(nn.Module):
    """A stem, the places of the tokens in their image, and blocks.

    Args:
        width: Of the tokens.
        heads: Of the attention.
        layers: Number of blocks.
        tokens: Of an image.
        temporal: Whether images see those before them; where not, a last layer follows.
    """

    position: Tensor

    def __init__(self, width: int, heads: int, layers: int, tokens: int, temporal: bool) -> None:
        super().__init__()
        self.ffn = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, width), nn.LayerNorm(width))
        self.transformer_blocks = nn.ModuleList(Block(width, heads, temporal) for _ in range(layers))
        self.out = nn.Identity() if temporal else nn.Linear(width, width)
        self.register_buffer("position", sinusoids(tokens, width), persistent=False)

    def forward(self, tokens: Tensor) -> Tensor:
        """Return (n, images, tokens, width) for (n, images, tokens, width)."""
        tokens = self.ffn(tokens) + self.position
        for block in self.transformer_blocks:
            tokens = block(tokens)
        out: Tensor = self.out(tokens)
        return out


def sinusoids(count: int, width: int) -> Tensor:
    """Return the (count, width) position code of the first transformers: sines and cosines by turns."""
    rates = torch.exp(-torch.arange(0, width, 2, dtype=torch.float64) / width * torch.log(torch.tensor(1e4).double()))
    angles = torch.arange(count, dtype=torch.float64)[:, None] * rates
    return torch.stack((angles.sin(), angles.cos()), dim=-1).flatten(1).float()
