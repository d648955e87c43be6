"""Features of the images of pairs, computed once and memory-mapped from then on.

A folder for each combination of encoder, pairs and lights holds ``patches.npy``, (pairs, looks, 2, patches, width)
float16, of which the first look is the clean one, and ``done.npy``, which says of each pair whether it is there. The
pairs of an episode are marked after they are on the disk, so that whatever ends the computation, the next one goes on.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.lib.format import open_memmap
from numpy.typing import NDArray

from roboact_ros.errors import RecordingError
from roboact_ros.types import ImageArray
from roboact_train.clap.light import in_other_light
from roboact_train.clap.pairs import Pairs
from roboact_train.clap.patches import PatchEncoder
from roboact_train.clip_rt.loading import Place

PATCHES_FILE, DONE_FILE = "patches.npy", "done.npy"

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

    def create(self) -> None:
        """Make an empty cache unless there is one; in one process only.

        Raises:
            RecordingError: The disk refused.
        """
        if self.folder.exists():
            return
        unfinished = self.folder.with_name(f".{self.folder.name}.writing-{os.getpid()}")
        try:
            unfinished.mkdir(parents=True)
            open_memmap(unfinished / PATCHES_FILE, "w+", np.float16, self._shape).flush()
            open_memmap(unfinished / DONE_FILE, "w+", np.bool_, self._shape[:1]).flush()
            unfinished.rename(self.folder)
        except OSError as error:
            raise RecordingError(f"{self.folder} cannot be written: {error.strerror or error}") from error
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)

    def fill(self, place: Place, tell: Callable[[str], None]) -> None:
        """Compute the features of this process's share of the episodes and videos, as far as they are missing.

        Raises:
            RecordingError: One cannot be read, or the cache is damaged; the episodes before are kept.
        """
        patches, done = self._open(PATCHES_FILE, "r+", self._shape), self._open(DONE_FILE, "r+", self._shape[:1])
        for number in range(place.rank, len(self._pairs.looks), place.processes):
            rows = np.flatnonzero((self._pairs.look_of == number) & ~done)
            if not len(rows):
                continue
            look = self._pairs.looks[number]
            tell(f"{look.name}: {len(rows)} pairs of images go through the frozen encoder once")
            frames = self._pairs.frames
            waiting = rows[np.argsort(frames[rows, 1], kind="stable")].tolist()
            wanted, held = np.unique(frames[rows]).tolist(), {}
            for frame, image in zip(wanted, look.images(wanted), strict=True):
                held[frame] = image
                while waiting and frames[waiting[0], 1] <= frame:
                    row = waiting.pop(0)
                    patches[row] = self._looks(row, held[int(frames[row, 0])], held[int(frames[row, 1])])
                    # No more images are held than pairs have open.
                    held = {f: held[f] for f in held if waiting and f >= frames[waiting[0], 0]}
            _flush(patches)
            done[rows] = True
            _flush(done)

    def read(self) -> Features:
        """Return the (pairs, looks, 2, patches, width) features, memory-mapped.

        Raises:
            RecordingError: The cache is damaged or was not filled.
        """
        patches, done = self._open(PATCHES_FILE, "r", self._shape), self._open(DONE_FILE, "r", self._shape[:1])
        if not done.all():
            raise RecordingError(f"{self.folder} lacks the features of {np.count_nonzero(~done)} of {len(done)} pairs")
        return patches

    def _looks(self, row: int, first: ImageArray, later: ImageArray) -> Features:
        pixels = self._encoder.size.pixels([first, later])
        generator = torch.Generator().manual_seed(self._seed * 1_000_003 + row)
        lights = [pixels] + [in_other_light(pixels, generator) for _ in range(self._shape[1] - 1)]
        features = self._encoder(torch.cat(lights)).cpu().numpy().astype(np.float16)
        return features.reshape(self._shape[1:])

    def _open(self, name: str, mode: str, shape: tuple[int, ...]) -> NDArray[np.float16]:
        path = self.folder / name
        try:
            array = open_memmap(path, mode)
        except (OSError, ValueError) as error:
            raise RecordingError(f"{path} cannot be read; delete {self.folder} to compute it again: {error}") from error
        if array.shape != shape:
            raise RecordingError(f"{path} holds {array.shape}, not {shape}; delete {self.folder} to compute it again")
        return array


def _flush(array: NDArray[np.float16]) -> None:
    array.flush()  # type: ignore[attr-defined]
