"""Images in another light, as VD-VAE is trained with them."""

from __future__ import annotations

import torch
from torch import Tensor

_CHANGE, _GREY, _NOISE = 0.2, 0.1, 0.02


def in_other_light(pixels: Tensor, generator: torch.Generator) -> Tensor:
    """Return (frames, 3, H, W) images in 0 … 1 in one random light for all; only the noise differs between frames."""
    brightness, contrast, grey = torch.rand(3, generator=generator).tolist()
    pixels = pixels.clamp(0.0, 1.0) * (1.0 - _CHANGE + 2.0 * _CHANGE * brightness)
    mean = pixels.mean(dim=(1, 2, 3), keepdim=True)
    pixels = mean + (pixels - mean) * (1.0 - _CHANGE + 2.0 * _CHANGE * contrast)
    if grey < _GREY:
        pixels = pixels.mean(dim=1, keepdim=True).expand_as(pixels)
    return (pixels + _NOISE * torch.randn(pixels.shape, generator=generator)).clamp(0.0, 1.0)
