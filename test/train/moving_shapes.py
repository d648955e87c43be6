"""Videos of coloured squares that move: the direction is the action, the colour is the object."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np

from roboact_ros.types import ImageArray
from roboact_train.roboact_clip.annotation import Triplet
from roboact_train.roboact_clip.clips import Clip
from roboact_train.roboact_clip.dataset import AtomicClip, write_dataset

ACTIONS = ("open", "close", "screw", "unscrew")
"""To the right, to the left, a turn clockwise, a turn counter-clockwise."""
OBJECTS = {"drawer": (220, 60, 60), "door": (60, 200, 60), "box": (70, 90, 230), "lid": (220, 210, 70)}
SIZE = 32


def moving_square(action: str, thing: str, seed: int, frames: int = 16) -> list[ImageArray]:
    """Return frames in which a square crosses the picture or goes round in it.

    Actions that are the reverse of one another have the same frames, so that their mean says nothing about them; a
    turn ends where it began, so that its first and last frames say nothing either.
    """
    kind, backwards = divmod(ACTIONS.index(action), 2)
    random = np.random.default_rng((seed, kind))
    side = 8
    if kind == 0:
        left, top = np.linspace(1, SIZE - side - 1, frames), np.full(frames, random.integers(2, SIZE - side - 2))
    else:
        angle, radius, middle = np.linspace(0, 2 * np.pi, frames), random.uniform(8, 11), (SIZE - side) / 2
        left, top = middle + radius * np.cos(angle), middle + radius * np.sin(angle)
    images = []
    for x, y in zip(left.round().astype(int), top.round().astype(int), strict=True):
        image = np.full((SIZE, SIZE, 3), 30, np.uint8)
        image[y : y + side, x : x + side] = OBJECTS[thing]
        images.append(image)
    return images[::-1] if backwards else images


def moving_squares(folder: Path, each: int = 6, frames: int = 16) -> Path:
    """Write a data set of so many videos of each action on each object and return its folder."""
    clips = []
    for action in ACTIONS:
        for thing in OBJECTS:
            for seed in range(each):
                path = folder / "videos" / f"{action}_{thing}_{seed}" / "cam_1" / "color"
                path.mkdir(parents=True)
                for number, image in enumerate(moving_square(action, thing, seed, frames)):
                    cv2.imwrite(str(path / f"{number}.jpg"), image[..., ::-1])
                clip = Clip(str(path), "images", str(path), "1", 0, frames, f"{action} the {thing}")
                clips.append(AtomicClip(clip, Triplet("robot", action, thing)))
    write_dataset(folder, clips, [], {})
    return folder


def tiny_clip(folder: Path) -> str:
    """Return the name of a CLIP with random weights that keeps what is where."""
    vision = {"image_size": SIZE, "layers": 1, "width": 64, "head_width": 32, "patch_size": 8}
    text = {"context_length": 77, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 1}
    folder.mkdir(parents=True, exist_ok=True)
    content = {"model_cfg": {"embed_dim": 48, "vision_cfg": vision, "text_cfg": text}, "preprocess_cfg": {}}
    (folder / "open_clip_config.json").write_text(json.dumps(content))
    return f"local-dir:{folder}"
