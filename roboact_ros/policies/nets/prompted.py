"""A small image tower that looks at an image with the instruction in mind.

CLIP-RT adds the embeddings of image and prompt, so the score of a motion is what the image says for it plus what the
words say for it: where a picture shows a red and a blue block, no words can turn its one embedding towards either. Here
the prompt's embedding scales and shifts the features of a convolutional network (FiLM, https://arxiv.org/abs/1709.07871).
Scoring, vocabulary and loss stay the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from roboact_ros.errors import PolicyError

CONFIG_KEY = "prompted_vision_cfg"
"""Where ``open_clip_config.json`` describes this tower, beside ``model_cfg``."""

_STRIDE = 8
"""Pixels per step of the grid that points are found on."""
_LOUDNESS = 3.0
_POINTS_GAIN = 4.0
_LOOKED_AT = 4
"""Points at which the features themselves are looked at, not only where they are."""


class Looked(NamedTuple):
    """What the tower makes of n images.

    Attributes:
        embedding: (n, embedding).
        features: (n, hidden), of what was seen, before anything is decided.
        maps: (n, points, rows, columns) logits; their softmax is where the points are.
    """

    embedding: Tensor
    features: Tensor
    maps: Tensor


class PromptedTower(nn.Module):
    """Embeds images of a fixed size, given the embedding of the prompt.

    A motion depends on where things are, to a centimetre, and on what is going on. So the tower ends in two summaries:
    the mean places of a few soft maps over the image (spatial softmax, https://arxiv.org/abs/1504.00702), and what is
    seen there, around there and anywhere. Nothing but the places depends on where in the image it is, so that what was
    learned in one place holds in others.

    Args:
        image_size: (height, width) [px], multiples of 8.
        embedding: Size of the joint embedding.
        stem: Channels of the first convolution.
        width: Channels of the grid.
        dilations: Of the residual blocks on the grid, one each.
        points: Soft maps, at least 4, each of which becomes a place and how certain it is.
        coarse: Channels of a coarser grid, of which only mean and maximum over the image are used.
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
        if min(stem, width, coarse, hidden) < 1 or points < _LOOKED_AT:
            raise PolicyError(
                f"a prompted tower has at least 1 channel and {_LOOKED_AT} points, not stem {stem}, width {width}, "
                f"coarse {coarse}, hidden {hidden} and {points} points"
            )
        if any(size % _STRIDE for size in image_size):
            raise PolicyError(f"a prompted tower takes images in multiples of {_STRIDE} pixels, not {list(image_size)}")
        rows, columns = (size // _STRIDE for size in image_size)
        self.stem = nn.Sequential(nn.Conv2d(3, stem, 7, 4, 3, bias=False), _Norm(stem), nn.SiLU())
        self.halving = _Halving(stem, width, embedding)
        self.blocks = nn.ModuleList(_Block(width, embedding, dilation) for dilation in dilations)
        self.maps = nn.Conv2d(width, points, 1)
        self.sharpness = nn.Parameter(torch.ones(points, 1))
        self.coarse = nn.ModuleList([_Halving(width, width, embedding), _Halving(width, coarse, embedding)])
        self.register_buffer("places", _places(rows, columns), persistent=False)
        summary = _LOOKED_AT * width + 2 * coarse
        self.summary = nn.LayerNorm(summary)
        self.seen = _layer(summary + 3 * points + embedding, hidden)
        self.decide = nn.Sequential(_layer(hidden, hidden), _layer(hidden, hidden))
        self.proj = nn.Linear(hidden, embedding)
        # As long as the prompt's embedding, to which it is added, would leave the image little to say.
        nn.init.normal_(self.proj.weight, std=_LOUDNESS * hidden**-0.5)

    def forward(self, pixels: Tensor, prompt: Tensor) -> Looked:
        """Look at normalised (n, 3, height, width) pixels with (n, embedding) prompts in mind."""
        x = self.stem(pixels.contiguous(memory_format=torch.channels_last))
        prompt = functional.normalize(prompt, dim=-1)
        x = self.halving(x, prompt)
        for block in self.blocks:
            x = block(x, prompt)
        maps = self.maps(x).float() * self.sharpness[..., None]
        grid = x.float()
        for halving in self.coarse:
            x = halving(x, prompt)
        # Half a percent of the image is a centimetre: too much for bf16, which cannot tell them apart.
        with torch.autocast(x.device.type, enabled=False):
            chance = torch.softmax(maps.flatten(2), dim=-1)
            points = torch.cat([(chance @ self.places.float()).flatten(1), chance.square().sum(-1)], dim=-1)
            there, anywhere = chance[:, :_LOOKED_AT] @ grid.flatten(2).transpose(1, 2), x.float().flatten(2)
            summary = torch.cat([anywhere.mean(-1), anywhere.amax(-1), there.flatten(1)], dim=-1)
            kind = self.summary.weight.dtype
            parts = (self.summary(summary.to(kind)), (_POINTS_GAIN * points).to(kind), prompt.to(kind))
            features = self.seen(torch.cat(parts, dim=-1))
            return Looked(self.proj(self.decide(features)), features, maps)


def _layer(before: int, width: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(before, width), nn.LayerNorm(width), nn.SiLU())


def _places(rows: int, columns: int) -> Tensor:
    """Return the (rows * columns, 2) places of a grid, from -1 to 1."""
    down, right = torch.linspace(-1.0, 1.0, rows), torch.linspace(-1.0, 1.0, columns)
    return torch.stack(torch.meshgrid(down, right, indexing="ij"), dim=-1).flatten(0, 1)


class _Norm(nn.LayerNorm):
    """Normalises the channels of each place by themselves."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


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
        self.conv, self.norm = nn.Conv2d(before, width, 3, 2, 1, bias=False), _Norm(width)
        self.film = _Film(width, embedding)

    def forward(self, x: Tensor, prompt: Tensor) -> Tensor:
        return functional.silu(self.film(self.norm(self.conv(x)), prompt))


class _Block(nn.Module):
    def __init__(self, width: int, embedding: int, dilation: int) -> None:
        super().__init__()
        self.conv_1, self.norm_1 = nn.Conv2d(width, width, 3, 1, 1, bias=False), _Norm(width)
        self.conv_2 = nn.Conv2d(width, width, 3, 1, dilation, dilation, bias=False)
        self.norm_2, self.film = _Norm(width), _Film(width, embedding)

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
