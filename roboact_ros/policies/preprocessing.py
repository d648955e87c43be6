"""Images as CLIP models want them: resized with antialiasing, cropped and normalised as open_clip itself does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from roboact_ros.errors import PolicyError

RESIZE_MODES = ("shortest", "longest", "squash")


class Preprocessing:
    """Turns an image into what an image tower takes.

    Args:
        description: open_clip's description of the transform: ``size``, ``mean``, ``std``, ``interpolation``,
            ``resize_mode`` (``shortest`` edge and centre crop, ``longest`` edge and padding, or ``squash``) and
            ``fill_color``.
        device: Where images are processed.

    Raises:
        PolicyError: The resize mode is unknown.
    """

    def __init__(self, description: Mapping[str, Any], device: torch.device) -> None:
        size = description["size"]
        self._size: tuple[int, int] = (size, size) if isinstance(size, int) else (size[0], size[1])
        self._mode = str(description.get("resize_mode") or "shortest")
        if self._mode not in RESIZE_MODES:
            raise PolicyError(f'resize mode "{self._mode}" is not one of {", ".join(RESIZE_MODES)}')
        self._interpolation = "bilinear" if description.get("interpolation") == "bilinear" else "bicubic"
        self._fill = float(description.get("fill_color") or 0)
        mean, std = (_per_channel(description[name], device) for name in ("mean", "std"))
        self._scale, self._shift = 1.0 / (255.0 * std), -mean / std

    def __call__(self, image: Tensor) -> Tensor:
        """Return the (1, 3, height, width) float32 input of the tower.

        Args:
            image: (height, width, 3) uint8, RGB, on the device.
        """
        if image.device.type == "cpu":
            # In NumPy, as PyTorch would split so little work and wait for a thread on a busy core.
            normalised = self.sized(image).numpy().astype(np.float32)
            normalised *= self._scale.numpy()
            normalised += self._shift.numpy()
            return torch.from_numpy(normalised)
        return self.normalised(self.sized(image))

    def sized(self, image: Tensor) -> Tensor:
        """Return the (1, 3, height, width) image, resized and cropped: uint8 on the CPU, else float32 in whole numbers.

        Args:
            image: (height, width, 3) uint8, RGB, on the device.
        """
        size = resized(image.shape[0], image.shape[1], self._size, self._mode)
        pixels = image.permute(2, 0, 1)[None]
        same = size == tuple(image.shape[:2])
        if image.device.type == "cpu":
            # For bytes there is a vectorised kernel with the filter and the rounding of PIL.
            return self._crop(pixels if same else self._resize(pixels, size))
        pixels = pixels.float()
        return self._crop(pixels if same else self._resize(pixels, size).round().clamp(0.0, 255.0))

    def normalised(self, pixels: Tensor) -> Tensor:
        """Return the float32 input of the tower for (n, 3, height, width) pixels 0 … 255 on the device."""
        return pixels.float() * self._scale + self._shift

    def _resize(self, pixels: Tensor, size: tuple[int, int]) -> Tensor:
        return functional.interpolate(pixels, size, mode=self._interpolation, antialias=True)

    def _crop(self, pixels: Tensor) -> Tensor:
        """Cut the centre out, or pad around it."""
        for axis, wanted in ((-2, self._size[0]), (-1, self._size[1])):
            lack = wanted - pixels.shape[axis]
            if lack > 0:
                padding = [lack // 2, lack - lack // 2]
                pixels = functional.pad(pixels, padding if axis == -1 else [0, 0, *padding], value=self._fill)
            elif lack < 0:
                pixels = pixels.narrow(axis, round(-lack / 2.0), wanted)
        return pixels


def resized(height: int, width: int, size: tuple[int, int], mode: str) -> tuple[int, int]:
    """Return the (height, width) that an image has after resizing and before cropping, as open_clip computes it.

    Args:
        height: Height of the image [px].
        width: Width of the image [px].
        size: (height, width) that the tower takes [px].
        mode: One of ``RESIZE_MODES``.
    """
    if mode == "squash":
        return size
    if mode == "shortest" and size[0] == size[1]:
        if height <= width:
            return size[0], int(size[0] * width / height)
        return int(size[0] * height / width), size[0]
    ratios = height / size[0], width / size[1]
    ratio = max(ratios) if mode == "longest" else min(ratios)
    return round(height / ratio), round(width / ratio)


def _per_channel(value: Any, device: torch.device) -> Tensor:
    return torch.tensor([value] * 3 if isinstance(value, float) else list(value), device=device).view(1, 3, 1, 1)
