"""Behaviour cloning for tests: pictures whose colour says what to do, and an arm that stands still."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tiny_training import colour_samples

from roboact_train.data.samples import ArmTrace, Sample
from roboact_train.data.shards import ShardWriter
from roboact_train.data.sources import Choices
from roboact_train.roboact.settings import RoboActSettings
from roboact_train.roboact.train import CloningRequest

SMALL = {"epochs": 12, "batch": 16, "learning_rate": 3e-3, "warmup": 2, "validation": 0.2, "hidden": 32, "layers": 1}


def measured(count: int = 96) -> list[Sample]:
    """Return samples of one task for each episode whose arm stands still at the origin."""
    pose, joints = (0.0,) * 6, (0.0,) * 6
    arm = ArmTrace(pose, pose, joints, joints)
    return [
        replace(sample, arm=arm, instruction=f"task {sample.episode[-1]}")
        for sample in colour_samples(count, episodes=6)
    ]


def measured_shard(path: Path) -> Path:
    """Write them as a shard and return its path."""
    with ShardWriter(path) as shard:
        for sample in measured():
            shard.write(sample)
    return path


def request(folder: Path, data: Path, clip: str, **settings: object) -> CloningRequest:
    """Return a training that takes a second."""
    chosen = RoboActSettings(model=clip, **{**SMALL, **settings})  # type: ignore[arg-type]
    return CloningRequest([data], folder, chosen, Choices("", "", "standard", 3.0, 0), device="cpu")
