"""Every form of checkpoint that open_clip writes is read; everything else is refused with a reason."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from tiny_clip import tiny_model
from torch import Tensor

from roboact_ros.errors import PolicyError
from roboact_ros.policies.nets.clip import clip_with_random_weights, clip_with_weights


@pytest.fixture
def name(tmp_path: Path) -> str:
    return tiny_model(tmp_path / "model")


@pytest.fixture
def weights(name: str) -> dict[str, Tensor]:
    return dict(clip_with_random_weights(name, seed=7).model.state_dict())


def equal(name: str, file: Path, weights: dict[str, Tensor]) -> bool:
    own = clip_with_weights(name, file).model.state_dict()
    return own.keys() == weights.keys() and all(torch.equal(own[key], weights[key]) for key in own)


def test_forms_that_open_clip_writes(name: str, weights: dict[str, Tensor], tmp_path: Path) -> None:
    distributed = {f"module.{key}": value for key, value in weights.items()}
    forms: list[Any] = [weights, {"state_dict": weights, "epoch": 3}, {"state_dict": distributed, "name": "run"}]
    for number, form in enumerate(forms):
        file = tmp_path / f"{number}.pt"
        torch.save(form, file)
        assert equal(name, file, weights)
    save_file(weights, tmp_path / "weights.safetensors")
    assert equal(name, tmp_path / "weights.safetensors", weights)


def test_scalars_of_older_releases(name: str, weights: dict[str, Tensor], tmp_path: Path) -> None:
    torch.save(weights | {"logit_scale": weights["logit_scale"].reshape(1)}, tmp_path / "old.pt")
    assert equal(name, tmp_path / "old.pt", weights)


def test_checkpoint_of_another_model(name: str, weights: dict[str, Tensor], tmp_path: Path) -> None:
    torch.save(weights, tmp_path / "small.pt")
    wider = tiny_model(tmp_path / "wider", {"width": 32, "layers": 4})
    with pytest.raises(PolicyError) as refusal:
        clip_with_weights(wider, tmp_path / "small.pt")
    message = str(refusal.value)
    assert "missing visual.transformer.resblocks.3." in message
    assert "visual.class_embedding (64,) instead of (32,)" in message
    assert "--model" in message and "more" in message


class Bomb:
    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (Path("bomb"),)


def test_files_that_are_no_checkpoint(name: str, weights: dict[str, Tensor], tmp_path: Path) -> None:
    good = tmp_path / "good.pt"
    torch.save(weights, good)
    contents = {
        "empty.pt": b"",
        "text.pt": b"these are no weights",
        "half.pt": good.read_bytes()[: good.stat().st_size // 2],
        "text.safetensors": b"these are no weights",
        "bomb.pt": pickle.dumps(Bomb()),
    }
    for title, content in contents.items():
        (tmp_path / title).write_bytes(content)
        with pytest.raises(PolicyError, match=title):
            clip_with_weights(name, tmp_path / title)
    assert not Path("bomb").exists()
    for title, value in {"list.pt": [1, 2], "numbers.pt": {"epoch": 3}, "nothing.pt": {}}.items():
        torch.save(value, tmp_path / title)
        with pytest.raises(PolicyError, match=title):
            clip_with_weights(name, tmp_path / title)
    with pytest.raises(PolicyError, match="never downloaded"):
        clip_with_weights(name, Path("openai"))


def test_model_names(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match='did you mean "ViT-B-32-quickgelu"'):
        clip_with_random_weights("ViT-B-32-quickgelo")
    with pytest.raises(PolicyError, match="no open_clip_config.json"):
        clip_with_random_weights(f"local-dir:{tmp_path}")
    with pytest.raises(PolicyError, match="no open_clip model"):
        clip_with_random_weights("hf-hub:someone/something")


def test_random_weights_depend_on_the_seed_alone(name: str) -> None:
    before = torch.random.get_rng_state()
    one, same, other = (clip_with_random_weights(name, seed).model.state_dict() for seed in (1, 1, 2))
    assert torch.equal(one["visual.proj"], same["visual.proj"])
    assert not torch.equal(one["visual.proj"], other["visual.proj"])
    assert torch.equal(before, torch.random.get_rng_state())
