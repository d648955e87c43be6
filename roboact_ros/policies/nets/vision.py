"""The image tower of an open_clip vision transformer, reduced to what one image's embedding needs.

The same mathematics as open_clip on the same weights, with less work: weights are laid out once for the machine,
x·σ(1.702 x) becomes SiLU with the factor moved into the weights around it, LayerScale moves into the weights before it,
and the last block computes only the class token, the one that is read.
"""

from __future__ import annotations

from typing import Any

import torch
from open_clip.transformer import LayerScale, QuickGELU, ResidualAttentionBlock, VisionTransformer
from torch import Tensor, nn
from torch.nn import functional

from roboact_ros.policies.nets.linear import Linear, linear

_QUICK_GELU = 1.702


def can_reduce(visual: nn.Module) -> bool:
    """Return whether :class:`ReducedVisionTransformer` computes the same as ``visual``."""
    return (
        type(visual) is VisionTransformer
        and visual.attn_pool is None
        and visual.pool_type == "tok"
        and not visual.output_tokens
        and visual.proj is not None
        and isinstance(visual.ln_pre, nn.LayerNorm | nn.Identity)
        and all(_plain(block) for block in visual.transformer.resblocks)
    )


def _plain(block: Any) -> bool:
    return (
        type(block) is ResidualAttentionBlock
        and isinstance(block.mlp.gelu, QuickGELU | nn.GELU)
        and getattr(block.mlp.gelu, "approximate", "none") == "none"
        and block.attn.in_proj_bias is not None
        and all(isinstance(scale, nn.Identity | LayerScale) for scale in (block.ls_1, block.ls_2))
    )


class ReducedVisionTransformer:
    """Embeds one image.

    Args:
        visual: Tower that :func:`can_reduce`; its weights are copied.
        device: Where to run.
        dtype: Precision of everything but the last normalisation and projection, which are float32.
    """

    def __init__(self, visual: Any, device: torch.device, dtype: torch.dtype) -> None:
        self._device, self._dtype = device, dtype
        self._grid, self._patch = visual.grid_size, visual.patch_size
        position = visual.positional_embedding.detach()
        filters = visual.conv1.weight.flatten(1)
        self._embed = linear(filters, torch.zeros(len(filters)), len(position) - 1, device, dtype)
        self._position = position[1:].to(device, dtype)
        self._class_token = (visual.class_embedding.detach() + position[0])[None].to(device, dtype)
        self._before = None if isinstance(visual.ln_pre, nn.Identity) else _Norm(visual.ln_pre, device, dtype)
        *blocks, last = visual.transformer.resblocks
        self._blocks = [_Block(block, len(position), len(position), device, dtype) for block in blocks]
        self._last = _Block(last, len(position), 1, device, dtype)
        self._after = _Norm(visual.ln_post, device, torch.float32)
        self._projection = visual.proj.detach().to(device, torch.float32)

    def __call__(self, pixels: Tensor) -> Tensor:
        """Return the (1, embedding) float32 embedding of a normalised image (1, 3, height, width)."""
        (rows, columns), (height, width) = self._grid, self._patch
        # A convolution drops the border that does not fill a patch.
        pixels = pixels[..., : rows * height, : columns * width].to(self._dtype)
        patches = pixels.reshape(3, rows, height, columns, width).permute(1, 3, 0, 2, 4).reshape(rows * columns, -1)
        x = torch.cat([self._class_token, self._embed.onto(self._position, patches)])
        if self._before is not None:
            x = self._before(x)
        for block in self._blocks:
            x = block(x)
        embedding: Tensor = self._after(self._last(x).float()) @ self._projection
        return embedding


class _Norm:
    """Layer normalisation."""

    def __init__(self, norm: nn.LayerNorm, device: torch.device, dtype: torch.dtype) -> None:
        self._weight, self._bias = norm.weight.detach().to(device, dtype), norm.bias.detach().to(device, dtype)
        self._shape, self._eps = norm.normalized_shape, norm.eps

    def __call__(self, x: Tensor) -> Tensor:
        return functional.layer_norm(x, self._shape, self._weight, self._bias, self._eps)


class _Block:
    """One residual attention block that attends from the first ``queries`` of ``tokens`` tokens to all of them."""

    def __init__(self, block: Any, tokens: int, queries: int, device: torch.device, dtype: torch.dtype) -> None:
        width = block.attn.embed_dim
        self._heads, self._queries, self._whole = block.attn.num_heads, queries, tokens == queries
        self._norm_1, self._norm_2 = _Norm(block.ln_1, device, dtype), _Norm(block.ln_2, device, dtype)
        weight, bias = block.attn.in_proj_weight, block.attn.in_proj_bias

        def layer(weight: Tensor, bias: Tensor, rows: int = queries, activation: str = "none") -> Linear:
            return linear(weight, bias, rows, device, dtype, activation)

        if self._whole:
            self._query_key_value = layer(weight, bias)
        else:
            self._query = layer(weight[:width], bias[:width])
            self._key_value = layer(weight[width:], bias[width:], tokens)
        self._out = layer(*_scaled(block.attn.out_proj, block.ls_1))
        quick = isinstance(block.mlp.gelu, QuickGELU)
        factor = _QUICK_GELU if quick else 1.0
        rise = block.mlp.c_fc
        self._rise = layer(rise.weight * factor, rise.bias * factor, activation="silu" if quick else "gelu")
        fall_weight, fall_bias = _scaled(block.mlp.c_proj, block.ls_2)
        self._fall = layer(fall_weight / factor, fall_bias)

    def __call__(self, x: Tensor) -> Tensor:
        """Return (queries, width) for (tokens, width)."""
        h = self._norm_1(x)
        if self._whole:
            query, key, value = self._split(self._query_key_value(h), 3)
        else:
            x = x[: self._queries]
            (query,) = self._split(self._query(h[: self._queries]), 1)
            key, value = self._split(self._key_value(h), 2)
        attended = functional.scaled_dot_product_attention(query, key, value)
        x = self._out.onto(x, attended.squeeze(0).transpose(0, 1).reshape(self._queries, -1))
        return self._fall.onto(x, self._rise(self._norm_2(x)))

    def _split(self, x: Tensor, parts: int) -> tuple[Tensor, ...]:
        """Split (rows, parts · width) into ``parts`` tensors (1, heads, rows, width / heads)."""
        return x.view(1, len(x), parts, self._heads, -1).permute(2, 0, 3, 1, 4).unbind()


def _scaled(layer: Any, scale: nn.Module) -> tuple[Tensor, Tensor]:
    if isinstance(scale, LayerScale):
        return layer.weight * scale.gamma[:, None], layer.bias * scale.gamma
    return layer.weight, layer.bias
