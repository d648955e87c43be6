"""Small trainings for tests: pictures whose colour says what to do, and a model that learns it in seconds."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from roboact_ros.language.vocabulary import PRIMITIVES
from roboact_train.data.pictures import Encoded, Pixels, jpeg
from roboact_train.data.samples import Sample
from roboact_train.data.shards import ShardWriter

LABELS = (4, 15, 23, 56)


def colour_samples(count: int = 48, episodes: int = 6) -> list[Sample]:
    """Return samples: the label's own colour fills the picture, with noise."""
    generator = np.random.default_rng(count)
    made = []
    for number in range(count):
        label = LABELS[number % len(LABELS)]
        colour = np.array([(label * 37) % 200, (label * 91) % 200, (label * 53) % 200])
        image = np.clip(generator.normal(colour, 12.0, (32, 40, 3)), 0, 255).astype(np.uint8)
        motion = PRIMITIVES[label]
        name = f"episode {number * episodes // count}"
        picture = Encoded(jpeg(Pixels(image)), name)
        instruction = f"task {number % 3}"
        made.append(Sample(picture, instruction, motion.phrase, motion.action, label, "teleop", number, name))
    return made


def colour_shard(path: Path, count: int = 48, episodes: int = 6) -> Path:
    """Write them as a shard and return its path."""
    with ShardWriter(path) as shard:
        for sample in colour_samples(count, episodes):
            shard.write(sample)
    return path


def small_model(folder: Path) -> str:
    """Return the name of a model that learns colours."""
    vision = {"image_size": 32, "layers": 1, "width": 32, "head_width": 16, "patch_size": 16}
    text = {"context_length": 77, "vocab_size": 49408, "width": 16, "heads": 2, "layers": 1}
    folder.mkdir(parents=True, exist_ok=True)
    content = {"model_cfg": {"embed_dim": 24, "vision_cfg": vision, "text_cfg": text}, "preprocess_cfg": {}}
    (folder / "open_clip_config.json").write_text(json.dumps(content))
    return f"local-dir:{folder}"


def recorded_losses(train: Callable[[Callable[[int, float], None]], object], until: int = 0) -> list[float]:
    """Return the loss of every batch of a training that is told whom to tell; ``until`` interrupts after that."""
    losses: list[float] = []

    def note(number: int, loss: float) -> None:
        losses.append(loss)
        if number == until:
            os.kill(os.getpid(), signal.SIGINT)

    if until:
        with pytest.raises(KeyboardInterrupt):
            train(note)
    else:
        train(note)
    return losses
