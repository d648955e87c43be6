"""What a frozen encoder makes of every frame of some samples, computed once for all trainings on them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from accelerate import Accelerator
from numpy.typing import NDArray
from torch import Tensor

from roboact_ros.policies.encoders.encoder import VisualEncoder
from roboact_train.data.pictures import jpeg
from roboact_train.data.row_cache import RowCache
from roboact_train.data.samples import Sample
from roboact_train.training.order import Place

_AT_ONCE = 1024


def frame_features(
    folder: Path,
    samples: Sequence[Sample],
    encoder: VisualEncoder,
    name: str,
    accelerator: Accelerator,
    tell: Callable[[str], None],
) -> Tensor:
    """Return the (samples, embedding) features of all images; those in ``folder`` are not computed again.

    Args:
        folder: Of all caches.
        samples: The samples, at least one.
        encoder: What embeds them.
        name: Changes with what embeds single images.
        accelerator: The processes, which share the images.
        tell: Gets lines of progress.

    Raises:
        RecordingError: An image or the cache cannot be read, or the disk refused.
        PolicyError: An image is none.
    """

    def embed(sample: Sample) -> NDArray[np.float32]:
        feature: NDArray[np.float32] = encoder.embed(sample.image).cpu().numpy()
        return feature

    digest = hashlib.sha256(name.encode())
    for sample in samples:
        digest.update(jpeg(sample.picture))
    shape = (len(samples), len(embed(samples[0])))
    cache = RowCache(folder / f"frames-{digest.hexdigest()[:16]}", "frames.npy", np.float32, shape)
    with accelerator.main_process_first():
        cache.create()
    place = Place(accelerator.process_index, accelerator.num_processes)
    cache.fill(lambda row: embed(samples[row]), place, "images", tell)
    accelerator.wait_for_everyone()
    return torch.from_numpy(np.array(cache.read("images")))


def visual_features(
    features: Tensor, windows: NDArray[np.int64], encoder: VisualEncoder, device: torch.device
) -> Tensor:
    """Return (n, width): what the encoder makes of each (n, frames) window of (samples, embedding) features."""
    places = torch.from_numpy(windows)
    return torch.cat([encoder.encode(features[some].to(device)).cpu() for some in places.split(_AT_ONCE)])
