"""Small data in the layout of RH20T, for the tests of RoboAct-CLIP's training data."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np

from roboact_train.roboact_clip.classes import ACTIONS
from roboact_train.roboact_clip.reconstruct import RuleAnnotator, reconstruct
from roboact_train.roboact_clip.rules import RuleParser
from roboact_train.roboact_clip.sources import find_clip_sources
from roboact_train.roboact_clip.statistics import Statistics

TEXTS = {
    "task_0001": "Open the middle drawer",
    "task_0002": "Pick up the cup and place it on the shelf",
    "task_0003": "Juggle the balls",
    "task_0004": "???",
}


def video(path: Path, frames: int) -> None:
    """Write a video in which frame k is 8 * k grey."""
    path.parent.mkdir(parents=True)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), 10.0, (64, 48))
    for number in range(frames):
        writer.write(np.full((48, 64, 3), min(255, 8 * number), np.uint8))
    writer.release()


def sequence(root: Path, task: int, frames: int, scene: int = 1, human: bool = False, rating: int = 5) -> Path:
    name = f"task_{task:04d}_user_0001_scene_{scene:04d}_cfg_0001{'_human' if human else ''}"
    folder = root / "RH20T_cfg1" / name
    video(folder / "cam_750612070851" / "color.mp4", frames)
    (folder / "metadata.json").write_text(json.dumps({"finish_time": 1, "rating": rating, "calib_quality": 3}))
    return folder


def every_kind(root: Path) -> Path:
    """Every kind of sequence once: good, human, several actions, unknown, no text, short, one frame, damaged."""
    sequence(root, 1, 30)
    sequence(root, 1, 20, human=True)
    sequence(root, 1, 5, scene=2)
    sequence(root, 1, 1, scene=3)
    damaged = sequence(root, 1, 30, scene=4) / "cam_750612070851" / "color.mp4"
    damaged.write_bytes(damaged.read_bytes()[:500])
    (sequence(root, 1, 2, scene=5) / "cam_750612070851" / "color.mp4").unlink()
    for task in (2, 3, 4, 5):
        sequence(root, task, 2)
    described = {
        task: {"task_description_english": text, "task_description_chinese": ""} for task, text in TEXTS.items()
    }
    (root / "task_description.json").write_text(json.dumps(described))
    return root


def by_rules(source: Path, out: Path, with_ray: bool = False) -> Statistics:
    annotator = RuleAnnotator(RuleParser())
    return reconstruct(find_clip_sources([source]), out, annotator, ACTIONS, lambda *_: None, with_ray)
