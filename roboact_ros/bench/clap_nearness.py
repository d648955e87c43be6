"""How near the chunks of one procedure are to those of another.

A chunk is noise and what the flow adds to it, so its cosine hardly falls when images are not seen at all; the error is
counted in what other images change.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from roboact_ros.bench.clap_models import Released

if TYPE_CHECKING:
    from torch import Tensor

    from roboact_ros.policies.nets.clap.flow_head import FlowHead


def cosine(made: Sequence[Tensor], expected: Sequence[Tensor]) -> float:
    """Return the smallest cosine between two chunks."""
    import torch

    pairs = zip(made, expected, strict=True)
    return min(float(torch.cosine_similarity(a.flatten(), b.flatten(), dim=0)) for a, b in pairs)


def error_of(made: Sequence[Tensor], expected: Sequence[Tensor], unlike: Sequence[Tensor]) -> float:
    """Return the largest distance from a chunk to the expected one, as part of that of the chunk for other images."""
    return max(float((a - b).norm() / (c - b).norm()) for a, b, c in zip(made, expected, unlike, strict=True))


def in_float32(
    model: Any, head: FlowHead, taps: tuple[int, ...], ids: Tensor, pixels: Tensor, noises: Sequence[Tensor]
) -> list[Tensor]:
    """Return the (1, steps, columns) chunks of the released procedure in float32.

    Args:
        model: The language model; its weights are made float32.
        head: Likewise.
        taps: Blocks that the head listens to.
        ids: Tokens of the prompt.
        pixels: Patches of the images.
        noises: Of the chunks.
    """
    released = Released(model.float(), head.float(), taps, ids)
    return [released(pixels, noise).cpu() for noise in noises]
