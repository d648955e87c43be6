"""A small image tower that looks at an image with the instruction in mind.

CLIP-RT adds the embeddings of image and prompt, so the score of a motion is what the image says for it plus what the
words say for it: where a picture shows a red and a blue block, no words can turn its one embedding towards either. Here
the prompt's embedding scales and shifts the features of a convolutional network (FiLM, https://arxiv.org/abs/1709.07871).
Scoring, vocabulary and loss stay the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from roboact_ros.errors import PolicyError

CONFIG_KEY = "prompted_vision_cfg"
"""Where ``open_clip_config.json`` describes this tower, beside ``model_cfg``."""

_GROUPS = 8
_STEM = 4
"""Pixels per step of the first convolution."""


class PromptedTower(nn.Module):
    """Embeds images of a fixed size, given the embedding of the prompt.

    Args:
        image_size: (height, width) [px], multiples of 4.
        embedding: Size of the joint embedding.
        widths: Channels of the stem and of each stage; every stage halves the resolution. Multiples of 8.
        blocks: Residual blocks of each stage, one number fewer than ``widths``.
        summary: Channels that are kept at every place of the last stage for the embedding.
        hidden: Width of the layer before the embedding.

    Raises:
        PolicyError: The numbers do not fit together.
    """

    def __init__(
        self,
        image_size: tuple[int, int],
        embedding: int,
        widths: Sequence[int] = (24, 48, 96, 128),
        blocks: Sequence[int] = (0, 1, 1),
        summary: int = 32,
        hidden: int = 256,
    ) -> None:
        super().__init__()
        if len(blocks) != len(widths) - 1 or any(width % _GROUPS for width in (*widths, summary)):
            raise PolicyError(
                f"a prompted tower has one number of blocks per stage and widths in multiples of {_GROUPS}, "
                f"not widths {list(widths)}, blocks {list(blocks)} and summary {summary}"
            )
        if any(size % _STEM for size in image_size):
            raise PolicyError(f"a prompted tower takes images in multiples of {_STEM} pixels, not {list(image_size)}")
        self.stem = nn.Sequential(nn.Conv2d(3, widths[0], 7, _STEM, 3, bias=False), _norm(widths[0]), nn.SiLU())
        stages: list[nn.Module] = []
        rows, columns = image_size[0] // _STEM, image_size[1] // _STEM
        for before, width, count in zip(widths, widths[1:], blocks, strict=False):
            stages.append(_Halving(before, width, embedding))
            stages += [_Block(width, embedding) for _ in range(count)]
            rows, columns = (rows + 1) // 2, (columns + 1) // 2
        self.stages = nn.ModuleList(stages)
        self.summary = nn.Sequential(nn.Conv2d(widths[-1], summary, 1, bias=False), _norm(summary), nn.SiLU())
        self.head = nn.Sequential(nn.Linear(summary * rows * columns, hidden), nn.LayerNorm(hidden), nn.SiLU())
        self.proj = nn.Linear(hidden, embedding)

    def forward(self, pixels: Tensor, prompt: Tensor) -> Tensor:
        """Return (n, embedding) for normalised (n, 3, height, width) pixels and (n, embedding) prompts."""
        x = self.stem(pixels.contiguous(memory_format=torch.channels_last))
        prompt = functional.normalize(prompt, dim=-1)
        for stage in self.stages:
            x = stage(x, prompt)
        embedding: Tensor = self.proj(self.head(self.summary(x).flatten(1)))
        return embedding


class _Film(nn.Module):
    """Scales and shifts each channel as the prompt says; does nothing at first."""

    def __init__(self, width: int, embedding: int) -> None:
        super().__init__()
        self.linear = nn.Linear(embedding, 2 * width)
        nn.init.zeros_(self.linear.weight)
        nn.init.zeros_(self.linear.bias)

    def forward(self, x: Tensor, prompt: Tensor) -> Tensor:
        scale, shift = self.linear(prompt)[:, :, None, None].chunk(2, dim=1)
        modulated: Tensor = x * (1.0 + scale) + shift
        return modulated


class _Halving(nn.Module):
    def __init__(self, before: int, width: int, embedding: int) -> None:
        super().__init__()
        self.conv, self.norm = nn.Conv2d(before, width, 3, 2, 1, bias=False), _norm(width)
        self.film = _Film(width, embedding)

    def forward(self, x: Tensor, prompt: Tensor) -> Tensor:
        return functional.silu(self.film(self.norm(self.conv(x)), prompt))


class _Block(nn.Module):
    def __init__(self, width: int, embedding: int) -> None:
        super().__init__()
        self.conv_1, self.norm_1 = nn.Conv2d(width, width, 3, 1, 1, bias=False), _norm(width)
        self.conv_2, self.norm_2 = nn.Conv2d(width, width, 3, 1, 1, bias=False), _norm(width)
        self.film = _Film(width, embedding)

    def forward(self, x: Tensor, prompt: Tensor) -> Tensor:
        y = functional.silu(self.norm_1(self.conv_1(x)))
        return functional.silu(x + self.film(self.norm_2(self.conv_2(y)), prompt))


def prompted_tower(settings: Mapping[str, Any], image_size: Any, embedding: int) -> PromptedTower:
    """Make the tower that a configuration describes.

    Args:
        settings: The value of ``CONFIG_KEY``.
        image_size: Size of the model's images, one number or (height, width) [px].
        embedding: Size of the joint embedding.

    Raises:
        PolicyError: A setting is unknown or cannot be used.
    """
    height, width = (image_size, image_size) if isinstance(image_size, int) else image_size
    try:
        return PromptedTower((height, width), embedding, **settings)
    except TypeError as error:
        raise PolicyError(f"{CONFIG_KEY}: {error}") from error


def _norm(width: int) -> nn.GroupNorm:
    return nn.GroupNorm(_GROUPS, width)
