"""Action chunks: what follows a sample, learning it through the command, exact resume, and the policy that runs it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from tiny_training import colour_samples, colour_shard, recorded_losses, small_model

from roboact_ros.cells.description import Cell
from roboact_ros.cells.policy_description import PolicyDescription
from roboact_ros.cli import main
from roboact_ros.errors import PolicyError, RecordingError
from roboact_ros.language.vocabulary import PRIMITIVES
from roboact_ros.policies.load import policy_from_description
from roboact_ros.types import ActionChunk, Frame
from roboact_train.clip_rt.chunks import chunks_of
from roboact_train.clip_rt.exact import exact
from roboact_train.clip_rt.train import Request, train
from roboact_train.data.samples import CORRECTION, DATASET, ArmTrace, Sample, motion_of
from roboact_train.data.shards import ShardWriter
from roboact_train.data.sources import Choices, find_sources
from roboact_train.training.settings import TrainSettings

CLOSE = next(label for label, motion in enumerate(PRIMITIVES) if motion.gripper == 0.0)
QUICK: dict[str, Any] = {"epochs": 2, "batch": 8, "learning_rate": 3e-3, "warmup": 2, "workers": 0, "validation": 0.2}


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def sample(label: int, arm: ArmTrace | None = None, source: str = "teleop", episode: str = "e") -> Sample:
    motion = motion_of(label)
    template = colour_samples(1)[0]
    changes = {"label": label, "supervision": motion.phrase, "action": motion.action, "arm": arm}
    return replace(template, **changes, source=source, episode=episode)


def trace(before: float, after: float, turn: float = 0.0) -> ArmTrace:
    """An arm that moved along x."""
    return ArmTrace((before, 0, 0, 0, 0, 0), (after, 0, 0, 0, 0, turn), (0.0,) * 6, (0.0,) * 6)


def test_a_chunk_is_what_follows_and_ends_at_rest() -> None:
    episode = [sample(15), sample(CLOSE), sample(23), sample(58)]
    chunks = chunks_of([*episode, *(replace(s, episode="f") for s in episode)], 5)
    assert chunks.shape == (8, 5, 7)
    left, up = PRIMITIVES[15].action[:6], PRIMITIVES[23].action[:6]
    nothing = (0.0,) * 6
    expected = [(*left, 1), (*nothing, 0), (*up, 0), (*nothing, 0), (*nothing, 0)]
    np.testing.assert_allclose(chunks[0], expected, atol=1e-6)
    np.testing.assert_allclose(chunks[3], [(*nothing, 0)] * 5)
    np.testing.assert_array_equal(chunks[4:], chunks[:4])


def test_the_way_back_from_a_deviation_is_left_out() -> None:
    forward, back = 7, 0
    steps = [(forward, 0.0, 0.2), (back, 0.3, 0.2), (forward, 0.2, 0.4)]  # a deviation to 0.3 was not recorded
    chunks = chunks_of([sample(label, trace(a, b)) for label, a, b in steps], 2)
    np.testing.assert_allclose(chunks[:, 0, 0], [0.2, -0.2, 0.2], atol=1e-6)
    np.testing.assert_allclose(chunks[:, 1, 0], [0.2, 0.2, 0.0], atol=1e-6)


def test_what_followed_a_correction_is_not_known() -> None:
    chunks = chunks_of([sample(15, source=CORRECTION), sample(CLOSE, source=CORRECTION)], 3)
    np.testing.assert_allclose(chunks[0, 0, :6], PRIMITIVES[15].action[:6], atol=1e-6)
    assert np.isnan(chunks[0, 0, 6]) and chunks[1, 0, 6] == 0.0 and np.isnan(chunks[:, 1:]).all()


def test_a_turn_of_the_last_joint_is_what_the_tool_did() -> None:
    turn = next(label for label, motion in enumerate(PRIMITIVES) if motion.action[6])
    chunks = chunks_of([sample(turn, trace(0.0, 0.0, -0.5))], 1)
    np.testing.assert_allclose(chunks[0, 0, :6], (0, 0, 0, 0, 0, -0.5), atol=1e-6)
    with pytest.raises(RecordingError, match="turns the last joint"):
        chunks_of([sample(turn)], 1)


def test_other_peoples_data_keeps_its_exact_actions(tmp_path: Path) -> None:
    actions = np.random.default_rng(0).uniform(-0.02, 0.02, (5, 7))
    actions[:, 6] = [1, 1, 0, 0, 1]
    images, words = np.zeros((5, 16, 16, 3), np.uint8), np.array("pick up the cup")
    np.savez(tmp_path / "e.npz", image=images, action=actions, language_instruction=words)
    (source,) = find_sources([tmp_path / "e.npz"])
    (kept,) = exact([source])
    chunks = chunks_of(kept.read().samples, 2)
    np.testing.assert_allclose(chunks[:, 0], actions, atol=1e-6)
    np.testing.assert_allclose(chunks[:-1, 1], actions[1:], atol=1e-6)
    in_words = replace(sample(15), source=DATASET)
    with pytest.raises(RecordingError, match="the exact actions are gone"):
        chunks_of([in_words], 2)


def losses_of(tmp_path: Path, name: str, resume: bool = False, until: int = 0, **settings: Any) -> list[float]:
    """Train on colours and return the loss of every batch; ``until`` interrupts after that batch."""
    shard = tmp_path / "data.tar"
    if not shard.exists():
        colour_shard(shard)
    made = TrainSettings(**{"model": small_model(tmp_path / "model"), **QUICK, **settings})
    request = Request("clip_rt_plus", [shard], [], tmp_path / name, made, Choices(), resume, "cpu")
    return recorded_losses(lambda note: train(request, print, note), until)


@pytest.mark.parametrize("workers", [0, 1])
def test_an_interrupted_training_goes_on_exactly(workers: int, tmp_path: Path) -> None:
    settings: dict[str, Any] = {"workers": workers, "image_augmentation": 1.0, "accumulate": 2}
    whole = losses_of(tmp_path, "whole", **settings)
    before = losses_of(tmp_path, "parts", until=5, **settings)
    after = losses_of(tmp_path, "parts", resume=True, **settings)
    assert before + after == whole


def two_ways() -> list[Sample]:
    """Return episodes of one step, up or to the left as the colour says."""
    return [sample for sample in colour_samples(96, 96) if sample.label in (15, 23)]


def test_learns_and_the_policy_runs_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output, model = tmp_path / "out", small_model(tmp_path / "model")
    with ShardWriter(tmp_path / "data.tar") as shard:
        for sample in two_ways():
            shard.write(sample)
    options = "--epochs 40 --batch 8 --learning-rate 5e-3 --warmup 2 --workers 0 --validation 0.2 --chunk 3"
    arguments = ["train", "clip_rt_plus", str(tmp_path / "data.tar"), "--output", str(output), "--model", model]
    assert main([*arguments, "--device", "cpu", "--json", "--period", "0.25", "--executed", "2", *options.split()]) == 0
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert result["validation"]["error_mm"] < 5.0
    manifest = yaml.safe_load((output / "best" / "manifest.yaml").read_text())
    assert manifest["kind"] == "clip_rt_plus" and manifest["action_space"]["period_ns"] == 250_000_000
    assert len(manifest["action_space"]["mean"]) == 7

    described = PolicyDescription(kind="clip_rt_plus", checkpoint=str(output / "best"), device="cpu")
    policy = policy_from_description(described, Cell("test", policy=described))
    policy.instruct("task 1")
    for sample in two_ways()[:6]:
        chunk = policy.act(Frame("front", 7, sample.image))
        assert isinstance(chunk, ActionChunk) and chunk.stamp_ns == 7 and chunk.steps.shape == (2, 7)
        np.testing.assert_allclose(chunk.steps[0, :6], sample.action[:6], atol=0.05)
    wrong = replace(described, kind="clip_rt")
    with pytest.raises(PolicyError, match="of kind clip_rt_plus, not clip_rt"):
        policy_from_description(wrong, Cell("test", policy=wrong))


def test_goes_on_from_a_model_of_words(tmp_path: Path) -> None:
    shard = colour_shard(tmp_path / "data.tar")
    words = TrainSettings(**{**QUICK, "epochs": 1, "model": small_model(tmp_path / "model")})
    train(Request("clip_rt", [shard], [], tmp_path / "words", words, Choices(), False, "cpu"), print)
    plus = replace(words, checkpoint=str(tmp_path / "words" / "best"))
    outcome = train(Request("clip_rt_plus", [shard], [], tmp_path / "plus", plus, Choices(), False, "cpu"), print)
    assert outcome.progress.best is not None
    again = replace(words, checkpoint=str(tmp_path / "plus" / "best"))
    train(Request("clip_rt_plus", [shard], [], tmp_path / "again", again, Choices(), False, "cpu"), print)
