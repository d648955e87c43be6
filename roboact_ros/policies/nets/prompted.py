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
_STRIDE = 8
"""Pixels per step of the grid that points are found on."""
_LOUDNESS = 3.0
_POINTS_GAIN = 4.0


class PromptedTower(nn.Module):
    """Embeds images of a fixed size, given the embedding of the prompt.

    A motion depends on where things are, to a centimetre, and on what is going on. So the tower ends in two summaries:
    the mean places of a few soft maps over the image (spatial softmax, https://arxiv.org/abs/1504.00702), and a coarse
    picture.

    Args:
        image_size: (height, width) [px], multiples of 8.
        embedding: Size of the joint embedding.
        stem: Channels of the first convolution. Multiples of 8, like all widths.
        width: Channels of the grid.
        dilations: Of the residual blocks on the grid, one each.
        points: Soft maps, each of which becomes a place and how certain it is.
        coarse: Channels of the coarse picture, which is 8 times smaller than the grid.
        hidden: Width of the layers before the embedding.

    Raises:
        PolicyError: The numbers do not fit together.
    """

    places: Tensor

    def __init__(
        self,
        image_size: tuple[int, int],
        embedding: int,
        stem: int = 24,
        width: int = 48,
        dilations: Sequence[int] = (1, 2, 4),
        points: int = 32,
        coarse: int = 32,
        hidden: int = 256,
    ) -> None:
        super().__init__()
        if any(channels % _GROUPS or channels <= 0 for channels in (stem, width, coarse)):
            raise PolicyError(
                f"the widths of a prompted tower are multiples of {_GROUPS}, not {stem}, {width} and {coarse}"
            )
        if any(size % _STRIDE for size in image_size):
            raise PolicyError(f"a prompted tower takes images in multiples of {_STRIDE} pixels, not {list(image_size)}")
        rows, columns = (size // _STRIDE for size in image_size)
        self.stem = nn.Sequential(nn.Conv2d(3, stem, 7, 4, 3, bias=False), _norm(stem), nn.SiLU())
        self.halving = _Halving(stem, width, embedding)
        self.blocks = nn.ModuleList(_Block(width, embedding, dilation) for dilation in dilations)
        self.maps = nn.Conv2d(width, points, 1)
        self.sharpness = nn.Parameter(torch.ones(points, 1))
        self.coarse = nn.ModuleList([_Halving(width, width, embedding), _Halving(width, coarse, embedding)])
        rest = coarse * -(-rows // 4) * -(-columns // 4)
        self.register_buffer("places", _places(rows, columns), persistent=False)
        self.head = _layer(rest, hidden)
        self.seen = _layer(hidden + 3 * points + embedding, hidden)
        self.decide = nn.Sequential(_layer(hidden, hidden), _layer(hidden, hidden))
        self.proj = nn.Linear(hidden, embedding)
        # As long as the prompt's embedding, to which it is added, would leave the image little to say.
        nn.init.normal_(self.proj.weight, std=_LOUDNESS * hidden**-0.5)

    def forward(self, pixels: Tensor, prompt: Tensor) -> tuple[Tensor, Tensor]:
        """Look at normalised (n, 3, height, width) pixels with (n, embedding) prompts in mind.

        Returns:
            (n, embedding) embeddings, and the (n, hidden) features of what was seen.
        """
        x = self.stem(pixels.contiguous(memory_format=torch.channels_last))
        prompt = functional.normalize(prompt, dim=-1)
        x = self.halving(x, prompt)
        for block in self.blocks:
            x = block(x, prompt)
        chance = torch.softmax(self.maps(x).flatten(2).float() * self.sharpness, dim=-1)
        points = torch.cat([(chance @ self.places).flatten(1), chance.square().sum(-1)], dim=-1)
        for halving in self.coarse:
            x = halving(x, prompt)
        seen = self.seen(torch.cat([self.head(x.flatten(1)), _POINTS_GAIN * points, prompt], dim=-1))
        return self.proj(self.decide(seen)), seen


def _layer(before: int, width: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(before, width), nn.LayerNorm(width), nn.SiLU())


def _places(rows: int, columns: int) -> Tensor:
    """Return the (rows * columns, 2) places of a grid, from -1 to 1."""
    down, right = torch.linspace(-1.0, 1.0, rows), torch.linspace(-1.0, 1.0, columns)
    return torch.stack(torch.meshgrid(down, right, indexing="ij"), dim=-1).flatten(0, 1)


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
    def __init__(self, width: int, embedding: int, dilation: int) -> None:
        super().__init__()
        self.conv_1, self.norm_1 = nn.Conv2d(width, width, 3, 1, 1, bias=False), _norm(width)
        self.conv_2 = nn.Conv2d(width, width, 3, 1, dilation, dilation, bias=False)
        self.norm_2, self.film = _norm(width), _Film(width, embedding)

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
