"""Pictures of what a model learned: its branches by t-SNE, and the videos that texts find."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from roboact_ros.policies.nets.roboact_clip.disentangle import Branches
from roboact_ros.policies.nets.roboact_clip.model import RoboActClip
from roboact_ros.types import ImageArray
from roboact_train.data.picture_file import write_picture
from roboact_train.roboact_clip.banks import KINDS
from roboact_train.roboact_clip.corpus import Corpus
from roboact_train.roboact_clip.features import Features
from roboact_train.roboact_clip.frames import read_frames
from roboact_train.roboact_clip.judge import TextFeatures
from roboact_train.roboact_clip.tsne import tsne

BRANCHES_FILE, RETRIEVAL_FILE = "branches_tsne.png", "retrieval.png"
_POINTS, _NAMED = 400, 12
"""Most videos in the picture of branches, and most classes that it names."""
_TEXTS, _FOUND = 8, 5
"""Texts in the picture of retrieval, and videos for each."""
_PANEL, _LINE = 420, 16
_FRAME = 96, 72
"""Width and height of a frame in the picture of retrieval [px]."""
_INK, _RIGHT, _WRONG = (40, 40, 40), (60, 160, 60), (60, 60, 210)


@torch.no_grad()
def draw(
    folder: Path, model: RoboActClip, corpus: Corpus, frames: Features, texts: TextFeatures, rows: Sequence[int]
) -> list[Path]:
    """Draw the pictures of some clips and return their files; a few clips have no picture of branches.

    Args:
        folder: Where.
        model: What sees the clips.
        corpus: All clips.
        frames: Features of their frames.
        texts: Features of their texts.
        rows: Which clips.

    Raises:
        RecordingError: A picture cannot be written, or a clip cannot be read.
    """
    device = model.frame_mean.device
    rows = [rows[int(at)] for at in np.linspace(0, len(rows) - 1, min(len(rows), _POINTS))]
    video = model.encode_video(torch.from_numpy(np.asarray(frames[rows])).to(device))
    files = []
    if video.branches is not None and len(rows) >= 4:
        files.append(_written(folder / BRANCHES_FILE, _branches(video.branches, corpus, rows)))
    text = model.encode_text(texts.descriptions.to(device)).joined
    scores = functional.normalize(text, dim=-1) @ functional.normalize(video.joined, dim=-1).T
    asked = np.unique(corpus.text_of[rows])
    asked = asked[np.linspace(0, len(asked) - 1, min(len(asked), _TEXTS)).astype(int)]
    lines = []
    for number in asked.tolist():
        best = scores[number].topk(min(_FOUND, len(rows))).indices.tolist()
        thumbs = [_thumb(corpus, rows[place], corpus.text_of[rows[place]] == number) for place in best]
        lines.append((corpus.descriptions[number], thumbs))
    return [*files, _written(folder / RETRIEVAL_FILE, _retrieval(lines))]


def _branches(branches: Branches, corpus: Corpus, rows: Sequence[int]) -> ImageArray:
    panels = []
    for column, kind in enumerate(KINDS):
        names = (corpus.classes.subjects, corpus.classes.actions, corpus.classes.objects)[column]
        features = getattr(branches, kind).double().cpu().numpy()
        panels.append(scatter(tsne(features), corpus.labels[rows, column], names, f"{kind} branch (t-SNE)"))
    return np.concatenate(panels, axis=1)


def scatter(places: NDArray[np.float64], labels: NDArray[np.int64], names: Sequence[str], title: str) -> ImageArray:
    """Return a BGR picture of (n, 2) points in the colours of their classes."""
    image = np.full((_PANEL + _LINE * (_NAMED // 2 + 1), _PANEL, 3), 255, np.uint8)
    _say(image, title, 10, 20)
    low, high = places.min(0), places.max(0)
    at = (places - low) / np.maximum(high - low, 1e-9).max() * (_PANEL - 60) + (30, 36)
    for (x, y), label in zip(at.round().astype(int), labels, strict=True):
        cv2.circle(image, (int(x), int(y)), 4, _colour(int(label)), cv2.FILLED, cv2.LINE_AA)
    for line, label in enumerate(np.unique(labels)[:_NAMED].tolist()):
        x, y = 14 + (line % 2) * (_PANEL // 2), _PANEL + _LINE * (line // 2)
        cv2.circle(image, (x, y - 4), 4, _colour(label), cv2.FILLED, cv2.LINE_AA)
        _say(image, names[label], x + 10, y)
    return image


def _retrieval(lines: Sequence[tuple[str, Sequence[ImageArray]]]) -> ImageArray:
    each, tall = 3 * _FRAME[0], _FRAME[1]
    height, width = tall + _LINE + 10, _FOUND * (each + 6) + 10
    image = np.full((height * max(len(lines), 1), width, 3), 255, np.uint8)
    for row, (text, thumbs) in enumerate(lines):
        _say(image, text, 8, row * height + _LINE)
        for column, thumb in enumerate(thumbs):
            top, left = row * height + _LINE + 6, 8 + column * (each + 6)
            image[top : top + tall, left : left + each] = thumb
    return image


def _thumb(corpus: Corpus, row: int, right: bool) -> ImageArray:
    """Return first, middle and last frame of a clip beside one another, framed green when it is right and red else."""
    width, height = _FRAME
    thumb = np.full((height, 3 * width, 3), 255, np.uint8)
    for number, image in enumerate(read_frames(corpus.clips[row].clip, 3)):
        scale = min(width / image.shape[1], height / image.shape[0])
        size = max(round(image.shape[1] * scale), 1), max(round(image.shape[0] * scale), 1)
        small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)[..., ::-1]
        thumb[: size[1], number * width : number * width + size[0]] = small
    cv2.rectangle(thumb, (0, 0), (3 * width - 1, height - 1), _RIGHT if right else _WRONG, 3)
    return thumb


def _colour(label: int) -> tuple[int, int, int]:
    hue = np.array([[[label * 67 % 180, 200, 200 - 40 * (label // 8 % 3)]]], np.uint8)
    blue, green, red = cv2.cvtColor(hue, cv2.COLOR_HSV2BGR)[0, 0].tolist()
    return blue, green, red


def _say(image: Any, text: str, x: int, y: int) -> None:
    cv2.putText(image, text, (x, y), cv2.FONT_HERSHEY_SIMPLEX, 0.42, _INK, 1, cv2.LINE_AA)


def _written(path: Path, image: ImageArray) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_picture(path, image)
    return path
