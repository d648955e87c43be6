"""Features of the images of pairs, computed once and memory-mapped from then on.

A folder for each combination of encoder, pairs and lights holds ``patches.npy``, (pairs, looks, 2, patches, width)
float16, of which the first look is the clean one; see :mod:`roboact_train.data.row_cache`. The pairs of an episode are
marked together.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from roboact_ros.types import ImageArray
from roboact_train.clap.light import in_other_light
from roboact_train.clap.looks import image_pairs
from roboact_train.clap.pairs import Pairs
from roboact_train.clap.patches import PatchEncoder
from roboact_train.data.row_cache import RowCache, mark
from roboact_train.training.order import Place

PATCHES_FILE = "patches.npy"

Features = NDArray[np.float16]


class PatchCache:
    """The features of some pairs.

    Args:
        folder: Where all caches are.
        pairs: The pairs, in the order of the rows.
        encoder: What looks at them.
        augmented: Looks in other light beside the clean one.
        seed: Of the lights.
    """

    def __init__(self, folder: Path, pairs: Pairs, encoder: PatchEncoder, augmented: int, seed: int) -> None:
        self._pairs, self._encoder, self._seed = pairs, encoder, seed
        self._shape = (len(pairs.frames), 1 + augmented, 2, encoder.patches, encoder.width)
        digest = hashlib.sha256(f"{encoder.fingerprint} {augmented} {seed}".encode())
        digest.update("\n".join(look.stamp for look in pairs.looks).encode())
        digest.update(pairs.look_of.tobytes() + pairs.frames.tobytes())
        self.folder = folder / digest.hexdigest()[:16]
        self._rows = RowCache(self.folder, PATCHES_FILE, np.float16, self._shape)

    def create(self) -> None:
        """See :meth:`~roboact_train.data.row_cache.RowCache.create`."""
        self._rows.create()

    def fill(self, place: Place, tell: Callable[[str], None]) -> None:
        """Compute the features of this process's share of the episodes and videos, as far as they are missing.

        Raises:
            RecordingError: One cannot be read, or the cache is damaged; the episodes before are kept.
        """
        patches, done = self._rows.open("r+")
        for number in range(place.rank, len(self._pairs.looks), place.processes):
            rows = np.flatnonzero((self._pairs.look_of == number) & ~done)
            if not len(rows):
                continue
            look = self._pairs.looks[number]
            tell(f"{look.name}: {len(rows)} pairs of images go through the frozen encoder once")
            for pair, images in image_pairs(look, self._pairs.frames[rows]):
                patches[rows[pair]] = self._looks(int(rows[pair]), *images)
            mark(patches, done, rows.tolist())

    def read(self) -> Features:
        """Return the (pairs, looks, 2, patches, width) features, memory-mapped.

        Raises:
            RecordingError: The cache is damaged or was not filled.
        """
        return self._rows.read("pairs")

    def _looks(self, row: int, first: ImageArray, later: ImageArray) -> Features:
        pixels = self._encoder.size.pixels([first, later])
        generator = torch.Generator().manual_seed(self._seed * 1_000_003 + row)
        lights = [pixels] + [in_other_light(pixels, generator) for _ in range(self._shape[1] - 1)]
        features = self._encoder(torch.cat(lights)).cpu().numpy().astype(np.float16)
        return features.reshape(self._shape[1:])
