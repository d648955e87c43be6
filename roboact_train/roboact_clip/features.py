"""Features of a frozen CLIP, computed once and memory-mapped from then on.

A folder for each combination of model and clips holds ``frames.npy``, (clips, 16, embedding) float32; see
:mod:`roboact_train.data.row_cache`.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from roboact_ros.errors import RecordingError
from roboact_ros.policies.nets.roboact_clip.clip_features import FrozenClip
from roboact_ros.recording.whole_file import writing_whole
from roboact_ros.types import ImageArray
from roboact_train.data.row_cache import RowCache
from roboact_train.roboact_clip.clips import FRAMES, Clip
from roboact_train.roboact_clip.frames import read_frames
from roboact_train.training.order import Place

FRAMES_FILE = "frames.npy"
_AT_ONCE = 256
"""Texts that are embedded together."""

Features = NDArray[np.float32]
Read = Callable[[Clip, int], list[ImageArray]]


class FrameCache:
    """The features of the frames of some clips.

    Args:
        folder: Where all caches of a data set are.
        clips: The clips, in the order of the rows.
        model: Fingerprint of the CLIP.
        embedding: Width of its features.

    Raises:
        RecordingError: A clip has fewer than two frames, or is not where it was.
    """

    def __init__(self, folder: Path, clips: Sequence[Clip], model: str, embedding: int) -> None:
        self._clips = clips
        self.fingerprint = _fingerprint(clips, model)
        self.folder = folder / self.fingerprint
        self._rows = RowCache(self.folder, FRAMES_FILE, np.float32, (len(clips), FRAMES, embedding))

    def create(self) -> None:
        """See :meth:`~roboact_train.data.row_cache.RowCache.create`."""
        self._rows.create()

    def fill(self, clip: FrozenClip, place: Place, tell: Callable[[str], None], read: Read = read_frames) -> None:
        """Compute this process's share of the rows that are missing.

        Args:
            clip: The model.
            place: This process.
            tell: Gets lines of progress.
            read: Returns the frames of a clip.

        Raises:
            RecordingError: A clip cannot be read, or the cache is damaged; what was computed is kept.
        """
        self._rows.fill(lambda row: clip.frames(read(self._clips[row], FRAMES)).cpu().numpy(), place, "videos", tell)

    def read(self) -> Features:
        """Return the (clips, 16, embedding) features, memory-mapped.

        Raises:
            RecordingError: The cache is damaged or was not filled.
        """
        return self._rows.read("videos")


def cached_texts(folder: Path, texts: Sequence[str], clip: FrozenClip, model: str) -> Features:
    """Return the (texts, embedding) features of texts; only those that no training needed before are computed.

    Args:
        folder: Where all caches of a data set are.
        texts: The texts.
        clip: The model.
        model: Its fingerprint.

    Raises:
        PolicyError: A text is too long for the model.
        RecordingError: The cache is damaged, or the disk refused.
    """
    path = folder / f"texts-{model}.npz"
    known: dict[str, NDArray[np.float32]] = {}
    if path.is_file():
        try:
            with np.load(path) as content:
                known = dict(zip(content["texts"].tolist(), content["features"], strict=True))
        except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
            raise RecordingError(f"{path} cannot be read; delete it to compute it again: {error}") from error
    missing = sorted(set(texts) - set(known))
    for begin in range(0, len(missing), _AT_ONCE):
        some = missing[begin : begin + _AT_ONCE]
        known.update(zip(some, clip.texts(some).cpu().numpy(), strict=True))
    if missing:
        _save_texts(path, known)
    return np.stack([known[text] for text in texts])


def _save_texts(path: Path, known: dict[str, NDArray[np.float32]]) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with writing_whole(path) as file:
            np.savez(file, texts=np.array(list(known)), features=np.stack(list(known.values())))
    except OSError as error:
        raise RecordingError(f"{path} cannot be written: {error.strerror or error}") from error


def _fingerprint(clips: Sequence[Clip], model: str) -> str:
    digest = hashlib.sha256(f"{model} {FRAMES}".encode())
    for clip in clips:
        if clip.frames < 2:
            raise RecordingError(f"{clip.name} has {max(clip.frames, 0)} frame(s); an action takes at least 2")
        try:
            found = Path(clip.path).stat()
        except OSError as error:
            raise RecordingError(f"{clip.name}: {clip.path} is not there any more: {error.strerror}") from error
        digest.update(json.dumps([dataclasses.asdict(clip), found.st_mtime_ns, found.st_size]).encode())
    return digest.hexdigest()[:16]
