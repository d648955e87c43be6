"""A run of CLAP-RF that was trained on LIBERO's own steps acts in LIBERO."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
import torch
from libero_stand_in import write_libero
from tiny_run import write_tiny_run

from roboact_ros.errors import PolicyError
from roboact_ros.policies.clap.layout import ArmLayout
from roboact_ros.policies.clap.rf import ClapRf, meaning_of_steps
from roboact_ros.policies.clap.run_folder import read_run
from roboact_ros.types import Frame
from roboact_train.evaluate.foreign import play
from roboact_train.evaluate.libero.adapter import LiberoObservation, policy_images
from roboact_train.evaluate.libero.connection import Libero
from roboact_train.evaluate.libero.policy import policy_at, weights_of
from roboact_train.evaluate.libero.trial import LiberoTrial

WORDS = "put bowl 4 on the plate"


def write_run(folder: Path) -> Path:
    """Write a small run with random weights as the authors' training does."""
    return write_tiny_run(folder, WORDS.split(), 1024, [-0.9] * 6 + [0.0], [0.7] * 6 + [1.0])


def test_the_steps_of_a_run_are_passed_on_in_the_units_of_its_data(tmp_path: Path) -> None:
    folder = write_run(tmp_path)
    rng = np.random.default_rng(0)
    front, wrist = (rng.integers(0, 256, (256, 256, 3), dtype=np.uint8) for _ in range(2))
    seen = LiberoObservation(front, wrist, np.zeros(3), np.array([0.0, 0.0, 0.0, 1.0]), np.zeros(2))
    chunk = policy_at(str(folder), "libero_spatial/4", 3, WORDS, "cpu").chunk(seen)
    run, layout, units = read_run(folder), ArmLayout.SINGLE_RIGHT, np.array([0.02] * 3 + [0.01] * 3 + [1.0])
    meaning = meaning_of_steps(run.statistics(), layout, 0.02, 0.01)
    clap = ClapRf(run, meaning, layout, "franka", 50_000_000, torch.device("cpu"), seed=3)
    clap.instruct(WORDS)
    images = policy_images(seen)
    expected = clap.act(Frame("front", 0, images[0], beside=(Frame("wrist", 0, images[1]),))).of_arm() / units
    np.testing.assert_allclose(chunk, expected, atol=1e-9)
    assert chunk.shape == (8, 7) and np.abs(chunk[:, :6]).max() > 0.01
    with Libero(write_libero(tmp_path / "other")) as libero:
        assert LiberoTrial(str(folder), "libero_spatial", 4, 1, 10, "cpu").run(libero).motions == 10


def test_episodes_at_the_same_time_share_a_model_and_a_checkpoint_may_be_named(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "run")
    base, weights = tmp_path / "elsewhere", folder / "checkpoints/steps_40_pytorch_model.pt"
    weights.parent.mkdir()
    (folder / "final_model/pytorch_model.pt").rename(weights)
    (folder / "base").rename(base)
    assert weights_of(str(folder)) == weights_of(str(weights)) == weights
    with pytest.raises(PolicyError, match="base"):
        policy_at(str(weights), "libero_spatial/4", 3, WORDS, "cpu")
    python = write_libero(tmp_path / "other")
    trials = [LiberoTrial(str(weights), "libero_spatial", 4, state, 10, "cpu", str(base)) for state in range(3)]
    found = []
    for at_once in (1, 3):
        with closing(play(trials, at_once, lambda: Libero(python))) as results:
            found.append([(result.seed, result.motions) for result in results])
    assert found[0] == found[1] and [seed for seed, _ in found[0]] == [0, 1, 2]


def test_a_folder_without_a_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="neither final_model/ nor checkpoints/"):
        policy_at(str(tmp_path), "libero_spatial/4", 3, WORDS, "cpu")
