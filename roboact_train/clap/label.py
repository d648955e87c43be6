"""Codes of what happens in videos of which nobody knows the actions: what CLAP-NTP learns from people."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import torch
from torch import Tensor

from roboact_ros.errors import ConfigurationError
from roboact_ros.policies.clip_step import torch_device
from roboact_ros.recording.whole_file import write_whole
from roboact_ros.types import ImageArray
from roboact_train.clap.looks import image_pairs
from roboact_train.clap.pairs import frames_of_video
from roboact_train.clap.sources import Source, find_sources
from roboact_train.clap.trained import TrainedVdVae, codebook_id, read_trained_vd_vae

_AT_ONCE = 16


def label(
    sources: Sequence[Path],
    output: Path,
    model: Path,
    encoder: str,
    camera: str,
    stride: int,
    device: str,
    tell: Callable[[str], None],
) -> str:
    """Write a line of JSON for each labelled pair of images, and return what was done in words.

    A line has the ``source``, its ``frame``, the codes of the ``left`` and the ``right`` arm, the ``tokens`` as a
    language model writes them (right arm first), and whose codes they are, ``codebook``.

    Args:
        sources: Videos and data sets.
        output: File to write.
        model: Folder of a trained VD-VAE; its student looks, at the images as they are.
        encoder: Folder of its encoder of patches, if it was moved.
        camera: View of LeRobot data, camera of bags; empty: that which the model learned from.
        stride: Frames from label to label.
        device: ``auto``, ``cpu`` or ``cuda``.
        tell: Gets lines of progress.

    Raises:
        RoboactError: A source or the model cannot be used, or the file cannot be written.
    """
    if stride < 1:
        raise ConfigurationError(f"--stride is at least 1, not {stride}")
    trained = read_trained_vd_vae(model, encoder, torch_device(device))
    if camera and camera != trained.camera:
        tell(f"{model} learned from {trained.camera or 'the head view'}; labelled is {camera}")
    camera = camera or trained.camera
    videos = [source for source in find_sources(sources, camera) if source.look is not None]
    names = [source.look.name for source in videos if source.look is not None]
    if not names:
        raise ConfigurationError(
            f"{', '.join(map(str, sources))}: nothing here has images, so there is nothing to label"
        )
    if twice := {name for name in names if names.count(name) > 1}:
        raise ConfigurationError(
            f'two sources are called "{min(twice)}", so their labels could not be told apart; rename a folder'
        )
    codebook = codebook_id(trained.model)
    counts = {"labels": 0, "short": 0}

    def lines() -> Iterator[str]:
        for source, name in zip(videos, names, strict=True):
            found = 0
            for frame, codes in labels(trained, source, stride):
                found += 1
                left, right = codes.tolist()
                tokens = "".join(f"<ACT_{code}>" for code in (*right, *left))
                line = {"source": name, "frame": frame, "left": left, "right": right, "tokens": tokens}
                yield json.dumps(line | {"codebook": codebook}) + "\n"
            counts["labels"] += found
            counts["short"] += not found
            tell(f"{name}: {found} labels")

    write_whole(output, lines())
    short = f"; {counts['short']} are too short" if counts["short"] else ""
    return f"{output}: {counts['labels']} labels of {len(videos)} videos{short}"


def labels(trained: TrainedVdVae, source: Source, stride: int) -> Iterator[tuple[int, Tensor]]:
    """Yield frames of a video and (2, tokens) codes of the left and the right arm in the 32 frames from there.

    Raises:
        RecordingError: The video cannot be read.
    """
    if source.look is None:
        return
    frames = frames_of_video(source, stride)
    images = image_pairs(source.look, frames)
    while some := list(islice(images, _AT_ONCE)):
        codes = _codes(trained, [pair for _, pair in some])
        yield from zip((int(frames[number, 0]) for number, _ in some), codes, strict=True)


@torch.no_grad()
def _codes(trained: TrainedVdVae, pairs: Sequence[tuple[ImageArray, ImageArray]]) -> Tensor:
    """Return (n, 2, tokens) codes of n pairs of images."""
    pixels = trained.encoder.size.pixels([image for pair in pairs for image in pair])
    features = trained.encoder(pixels)
    _, indices = trained.model.quantised_change(features.reshape(len(pairs), 2, *features.shape[1:]))
    return indices[:, trained.model.visual.irrelevant :].reshape(len(pairs), 2, -1).cpu()
