"""Blocks of the flow head of CLAP-RF: attention to what the language model saw, and a feed-forward layer."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

HEAD_WIDTH = 64

Memory = tuple[Tensor, Tensor]
"""Keys and values of one block, (n, heads, tokens, 64) each."""
Scales = tuple[Tensor, Tensor]
"""What a norm multiplies by and adds, (width,) for one time that is common to a batch, or (n, 1, width)."""


class TimedNorm(nn.Module):
    """Norm without weights of its own: the time of the flow says what to multiply by and to add (AdaLN)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.linear = nn.Linear(width, 2 * width)

    def scales(self, time: Tensor) -> Scales:
        """Return what (…, width) embedded times mean, each (…, width)."""
        scale, shift = self.linear(functional.silu(time)).chunk(2, dim=-1)
        return 1.0 + scale, shift

    def forward(self, tokens: Tensor, scales: Scales) -> Tensor:
        """Return (n, tokens, width) for (n, tokens, width)."""
        scale, shift = scales
        if scale.dim() == 1:  # one time for all: a norm with these weights, in one pass
            return functional.layer_norm(tokens, tokens.shape[-1:], scale, shift)
        return functional.layer_norm(tokens, tokens.shape[-1:]) * scale + shift


class Attention(nn.Module):
    """Attention whose keys and values may be computed once and used often."""

    def __init__(self, width: int, dropout: float) -> None:
        super().__init__()
        self.to_q, self.to_k, self.to_v = (nn.Linear(width, width) for _ in range(3))
        self.to_out = nn.Sequential(nn.Linear(width, width), nn.Dropout(dropout))

    def memory(self, seen: Tensor) -> Memory:
        """Return the keys and values of (n, tokens, width)."""
        return _heads(self.to_k(seen)), _heads(self.to_v(seen))

    def forward(self, tokens: Tensor, memory: Memory, mask: Tensor | None = None) -> Tensor:
        """Return (n, tokens, width); ``mask`` (n, 1, 1, keys) is False where a key is padding."""
        found = functional.scaled_dot_product_attention(_heads(self.to_q(tokens)), *memory, attn_mask=mask)
        out: Tensor = self.to_out(found.transpose(1, 2).flatten(2))
        return out


class _Gelu(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.proj = nn.Linear(width, 4 * width)

    def forward(self, tokens: Tensor) -> Tensor:
        return functional.gelu(self.proj(tokens), approximate="tanh")


class _FeedForward(nn.Module):
    def __init__(self, width: int, dropout: float) -> None:
        super().__init__()
        last = nn.Linear(4 * width, width)
        self.net = nn.Sequential(_Gelu(width), nn.Dropout(dropout), last, nn.Dropout(dropout))

    def forward(self, tokens: Tensor) -> Tensor:
        out: Tensor = self.net(tokens)
        return out


class FlowBlock(nn.Module):
    """Attention to features of the language model and a feed-forward layer.

    Args:
        width: Of the tokens and features.
        dropout: In training.
        self_attention: Whether the tokens also see each other, as in the paper but not in the released head. A new
            block does as if they did not, so that training can go on from released weights.
    """

    def __init__(self, width: int, dropout: float, self_attention: bool) -> None:
        super().__init__()
        self.norm1, self.attn1 = TimedNorm(width), Attention(width, dropout)
        self.norm2 = TimedNorm(width) if self_attention else None
        self.attn2 = Attention(width, dropout) if self_attention else None
        if self.attn2 is not None:
            for weights in self.attn2.to_out.parameters():
                nn.init.zeros_(weights)
        self.norm3 = nn.LayerNorm(width, elementwise_affine=False)
        self.ff = _FeedForward(width, dropout)
        self._dropout = nn.Dropout(dropout)

    def scales(self, time: Tensor) -> list[Scales]:
        """Return those of each norm for (…, width) embedded times."""
        return [norm.scales(time) for norm in (self.norm1, self.norm2) if norm is not None]

    def forward(self, tokens: Tensor, memory: Memory, scales: list[Scales], mask: Tensor | None) -> Tensor:
        """Return (n, tokens, width).

        Args:
            tokens: (n, tokens, width).
            memory: Keys and values of the features, of :attr:`attn1`.
            scales: Of the norms, of :meth:`scales`.
            mask: (n, 1, 1, features), False where a feature is padding; None if none is.
        """
        tokens = tokens + self._dropout(self.attn1(self.norm1(tokens, scales[0]), memory, mask))
        if self.norm2 is not None and self.attn2 is not None:
            normed = self.norm2(tokens, scales[1])
            tokens = tokens + self._dropout(self.attn2(normed, self.attn2.memory(normed)))
        out: Tensor = tokens + self.ff(self.norm3(tokens))
        return out


def _heads(tokens: Tensor) -> Tensor:
    """Return (n, heads, tokens, 64) for (n, tokens, width)."""
    return tokens.reshape(*tokens.shape[:2], -1, HEAD_WIDTH).transpose(1, 2)
