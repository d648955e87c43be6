"""Codes of what happens in videos of which nobody knows the actions: what CLAP-NTP learns from people."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import torch
from torch import Tensor

from roboact_ros.errors import ConfigurationError
from roboact_ros.policies.clip_step import torch_device
from roboact_ros.recording.whole_file import write_whole
from roboact_ros.types import ImageArray
from roboact_train.clap.chunks import STEPS
from roboact_train.clap.looks import Look
from roboact_train.clap.sources import find_sources
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
        camera: View of LeRobot data, camera of bags.
        stride: Frames from label to label.
        device: ``auto``, ``cpu`` or ``cuda``.
        tell: Gets lines of progress.

    Raises:
        RoboactError: A source or the model cannot be used, or the file cannot be written.
    """
    if stride < 1:
        raise ConfigurationError(f"--stride is at least 1, not {stride}")
    trained = read_trained_vd_vae(model, encoder, torch_device(device))
    looks = [source.look for source in find_sources(sources, camera) if source.look is not None]
    names = [look.name for look in looks]
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
        for look in looks:
            found = 0
            for frame, codes in labels(trained, look, stride):
                found += 1
                left, right = codes.tolist()
                tokens = "".join(f"<ACT_{code}>" for code in (*right, *left))
                line = {"source": look.name, "frame": frame, "left": left, "right": right, "tokens": tokens}
                yield json.dumps(line | {"codebook": codebook}) + "\n"
            counts["labels"] += found
            counts["short"] += not found
            tell(f"{look.name}: {found} labels")

    write_whole(output, lines())
    short = f"; {counts['short']} have less than {STEPS + 1} frames" if counts["short"] else ""
    return f"{output}: {counts['labels']} labels of {len(looks)} videos{short}"


def labels(trained: TrainedVdVae, look: Look, stride: int) -> Iterator[tuple[int, Tensor]]:
    """Yield frames and (2, tokens) codes of the left and the right arm from there to 32 frames later.

    Raises:
        RecordingError: The video cannot be read.
    """
    starts = range(0, look.frames - STEPS, stride)
    wanted = sorted({frame for start in starts for frame in (start, start + STEPS)})
    held: dict[int, ImageArray] = {}
    waiting: list[int] = []
    for frame, image in zip(wanted, look.images(wanted), strict=True):
        held[frame] = image
        if frame - STEPS in starts:
            waiting.append(frame - STEPS)
        if len(waiting) == _AT_ONCE or (waiting and frame == wanted[-1]):
            yield from zip(waiting, _codes(trained, [(held[f], held[f + STEPS]) for f in waiting]), strict=True)
            held = {f: i for f, i in held.items() if f > waiting[-1]}
            waiting = []


@torch.no_grad()
def _codes(trained: TrainedVdVae, pairs: Sequence[tuple[ImageArray, ImageArray]]) -> Tensor:
    """Return (n, 2, tokens) codes of n pairs of images."""
    pixels = trained.encoder.size.pixels([image for pair in pairs for image in pair])
    features = trained.encoder(pixels)
    _, indices = trained.model.quantised_change(features.reshape(len(pairs), 2, *features.shape[1:]))
    return indices[:, trained.model.visual.irrelevant :].reshape(len(pairs), 2, -1).cpu()
