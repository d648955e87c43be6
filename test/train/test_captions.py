"""The plain CLIP of images and captions."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from tiny_training import colour_shard, recorded_losses, small_model

from roboact_ros.errors import ConfigurationError
from roboact_ros.policies.nets.clip import clip_with_random_weights, clip_with_weights
from roboact_ros.policies.nets.roboact_clip.clip_features import FrozenClip
from roboact_train.clip_rt.captions import Captioning, caption
from roboact_train.clip_rt.contrastive import Towers
from roboact_train.clip_rt.train import Request, train
from roboact_train.data.shards import read_shard
from roboact_train.data.sources import Choices
from roboact_train.training.settings import TrainSettings


def request(folder: Path, data: Path, model: str, **settings: object) -> Request:
    chosen = {"epochs": 8, "batch": 12, "learning_rate": 3e-3, "warmup": 2, "validation": 0.2, "workers": 0}
    made = TrainSettings(model=model, **{**chosen, **settings})  # type: ignore[arg-type]
    return Request("clip", [data], [], folder, made, Choices("", "", "standard", 3.0, 0), device="cpu")


def test_images_find_their_captions_and_the_model_is_a_frozen_clip(tmp_path: Path) -> None:
    data, model = colour_shard(tmp_path / "s.tar"), small_model(tmp_path / "net")

    outcome = train(request(tmp_path / "run", data, model), lambda line: None)

    assert outcome.progress.judged["image R@1"] > 0.25  # of 12; only the motion is in the picture, not which of 3 tasks
    weights = tmp_path / "run/best/open_clip_model.safetensors"
    clip = FrozenClip(clip_with_weights(f"local-dir:{tmp_path / 'run/best'}", weights), torch.device("cpu"))
    samples = list(read_shard(data))
    features = clip.frames([sample.image for sample in samples[:2]])
    assert features.shape == (2, 24) and not torch.allclose(features[0], features[1])


def test_the_loss_is_the_cross_entropy_of_cosines(tmp_path: Path) -> None:
    network = clip_with_random_weights(small_model(tmp_path))
    towers = Towers(network)
    pixels = torch.randint(0, 255, (3, 3, 32, 32), dtype=torch.uint8)
    captions = network.tokenize(["close the lid: move down", "push the can: move left"])
    of = torch.tensor([1, 0, 1])

    loss = Captioning(towers)(pixels, captions, of)

    images, words = towers.images(pixels, pixels), towers.texts(captions)
    cosines = torch.nn.functional.cosine_similarity(images[:, None], words[None], dim=-1)
    expected = -(towers.model.logit_scale.exp() * cosines).log_softmax(1)[torch.arange(3), of].mean()
    assert torch.allclose(loss, expected, atol=1e-5)


def test_a_caption_is_the_task_and_what_was_done(tmp_path: Path) -> None:
    sample = next(iter(read_shard(colour_shard(tmp_path / "s.tar"))))

    assert caption(sample) == f"{sample.instruction}: {sample.supervision}"


def test_an_interrupted_training_goes_on_with_equal_losses(tmp_path: Path) -> None:
    data, model = colour_shard(tmp_path / "s.tar"), small_model(tmp_path / "net")
    whole = recorded_losses(
        lambda note: train(request(tmp_path / "whole", data, model, epochs=3), lambda line: None, note)
    )
    first = recorded_losses(
        lambda note: train(request(tmp_path / "part", data, model, epochs=3), lambda line: None, note), until=4
    )
    from dataclasses import replace

    again = replace(request(tmp_path / "part", data, model, epochs=3), resume=True)
    rest = recorded_losses(lambda note: train(again, lambda line: None, note))

    assert first + rest == pytest.approx(whole, abs=1e-6)


def test_a_model_that_looks_with_a_prompt_in_mind_is_refused(tmp_path: Path) -> None:
    from roboact_ros.share import share_folder

    prompted = f"local-dir:{share_folder('config') / 'policies/clip_rt_tabletop'}"
    with pytest.raises(ConfigurationError, match="prompt in mind"):
        train(request(tmp_path / "run", colour_shard(tmp_path / "s.tar"), prompted), lambda line: None)
