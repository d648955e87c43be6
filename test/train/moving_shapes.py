"""Videos of coloured squares that move: the direction is the action, the colour is the object."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np

from roboact_train.roboact_clip.annotation import Triplet
from roboact_train.roboact_clip.clips import Clip
from roboact_train.roboact_clip.dataset import AtomicClip, write_dataset

ACTIONS = {"open": (1, 0), "close": (-1, 0), "push": (0, 1), "pull": (0, -1)}
OBJECTS = {
    "drawer": (220, 60, 60),
    "door": (60, 200, 60),
    "box": (70, 90, 230),
    "cup": (220, 210, 70),
    "lid": (200, 80, 210),
    "plate": (70, 210, 210),
}
SIZE = 32


def moving_square(action: str, thing: str, seed: int, frames: int = 16) -> list[np.ndarray]:
    """Return frames in which a square crosses the picture; there and back again look the same when they are mixed."""
    random = np.random.default_rng((seed, list(ACTIONS).index(action) // 2))
    across, side = random.integers(4, SIZE - 12), 8
    x, y = ACTIONS[action]
    images = []
    for step in np.linspace(2, SIZE - side - 2, frames)[:: 1 if x + y > 0 else -1].round().astype(int):
        image = np.full((SIZE, SIZE, 3), 30, np.uint8)
        left, top = (step, across) if x else (across, step)
        image[top : top + side, left : left + side] = OBJECTS[thing]
        images.append(image)
    return images


def moving_squares(folder: Path, each: int = 8, frames: int = 16) -> Path:
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
