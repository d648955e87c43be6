"""What a frozen encoder makes of every frame of some samples, computed once for all trainings on them."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from roboact_ros.errors import RecordingError
from roboact_ros.policies.encoders.encoder import VisualEncoder
from roboact_ros.recording.whole_file import writing_whole
from roboact_train.data.pictures import jpeg
from roboact_train.data.samples import Sample

_TOLD_S = 10.0
_AT_ONCE = 1024


def frame_features(
    folder: Path, samples: Sequence[Sample], encoder: VisualEncoder, name: str, tell: Callable[[str], None]
) -> Tensor:
    """Return the (samples, embedding) features of all images, from ``folder`` if they are there.

    Args:
        folder: Of the cache.
        samples: The samples.
        encoder: What embeds them.
        name: Changes with what embeds single images.
        tell: Gets lines of progress.

    Raises:
        RecordingError: An image or the cache cannot be read, or the disk refused.
        PolicyError: An image is none.
    """
    digest = hashlib.sha256(name.encode())
    for sample in samples:
        digest.update(jpeg(sample.picture))
    path = folder / f"frames-{digest.hexdigest()[:16]}.npy"
    if path.is_file():
        try:
            return torch.from_numpy(np.load(path, allow_pickle=False))
        except (OSError, ValueError) as error:
            raise RecordingError(f"{path} cannot be read; delete it to compute it again: {error}") from error
    tell(f"{len(samples)} images go through the frozen encoder once")
    rows: list[NDArray[np.float32]] = []
    told = time.monotonic()
    for number, sample in enumerate(samples):
        rows.append(encoder.embed(sample.image).cpu().numpy())
        if time.monotonic() - told > _TOLD_S:
            told = time.monotonic()
            tell(f"features of {number + 1} of {len(samples)} images")
    features = np.stack(rows)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with writing_whole(path) as file:
            np.save(file, features)
    except OSError as error:
        raise RecordingError(f"{path} cannot be written: {error.strerror or error}") from error
    return torch.from_numpy(features)


def visual_features(
    features: Tensor, windows: NDArray[np.int64], encoder: VisualEncoder, device: torch.device
) -> Tensor:
    """Return (n, width): what the encoder makes of each (n, frames) window of (samples, embedding) features."""
    places = torch.from_numpy(windows)
    return torch.cat([encoder.encode(features[some].to(device)).cpu() for some in places.split(_AT_ONCE)])
