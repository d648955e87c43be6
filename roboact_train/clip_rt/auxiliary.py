"""What a model that learns to see from nothing is also asked, so that it looks where it matters; see ``ways``."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

_METRES_PER_UNIT = 0.1
_CENTIMETRE = 0.01


def way_loss(told: Tensor, ways: Tensor) -> Tensor:
    """Return the mean error of (n, 3) ways in centimetres, squared below one; NaN among ``ways`` [m] is left out."""
    known = ~ways.isnan()
    error = functional.smooth_l1_loss(_METRES_PER_UNIT * told, ways.nan_to_num(), reduction="none", beta=_CENTIMETRE)
    return (error * known).sum() / known.sum().clamp(min=1) / _CENTIMETRE


def place_loss(maps: Tensor, places: Tensor) -> Tensor:
    """Return the mean cross-entropy of maps with what is at known places.

    A place between grid points belongs to its four neighbours, so that the mean of the map is exactly there. Places
    outside the grid, or NaN, are left out.

    Args:
        maps: (n, k, rows, columns) logits.
        places: (n, k, 2) x, y in parts of the image.
    """
    rows, columns = maps.shape[-2:]
    size = torch.tensor([columns, rows], device=maps.device)
    place = places * size - 0.5
    inside = ((place >= 0) & (place < size - 1)).all(-1)  # NaN is not
    place = torch.where(inside[..., None], place, 0.0)
    first, part = place.floor().long(), place - place.floor()
    logs = torch.log_softmax(maps.flatten(2).float(), dim=-1)
    loss = torch.zeros_like(logs[..., 0])
    for down in (0, 1):
        for right in (0, 1):
            weight = (part[..., 0] if right else 1 - part[..., 0]) * (part[..., 1] if down else 1 - part[..., 1])
            cell = (first[..., 1] + down) * columns + first[..., 0] + right
            loss = loss - weight * logs.gather(-1, cell[..., None])[..., 0]
    return (loss * inside).sum() / inside.sum().clamp(min=1)
