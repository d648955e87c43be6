"""Frozen encoders: a ResNet-50 with the weights of others, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from tiny_clip import picture, tiny_model
from torchvision.models import resnet50

from roboact_ros.errors import PolicyError
from roboact_ros.policies.encoders.load import frozen_encoder, frozen_from_notes
from roboact_ros.policies.nets.resnet import FrozenResNet50

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file as R3M releases it, its tensors alone: names below module.convnet, other networks beside."""
    torch.manual_seed(5)
    weights = {f"module.convnet.{name}": value for name, value in resnet50(weights=None).state_dict().items()}
    weights = {name: value for name, value in weights.items() if ".fc." not in name}
    path = tmp_path_factory.mktemp("r3m") / "r3m.pt"
    torch.save({**weights, "module.lang_rew.pred.0.weight": torch.zeros(2, 2)}, path)
    return path


def test_a_resnet_takes_the_weights_of_r3m_and_says_which(released: Path) -> None:
    image = picture(60, 80)
    tower = FrozenResNet50(CPU, str(released))
    torch.manual_seed(5)
    network = resnet50(weights=None).eval()
    network.fc = torch.nn.Identity()
    pixels = tower._preprocess(torch.from_numpy(image))
    with torch.no_grad():
        torch.testing.assert_close(tower.frame(image), network(pixels)[0], atol=1e-4, rtol=1e-4)
    assert tower.fingerprint != FrozenResNet50(CPU).fingerprint == "random 0"


def test_an_encoder_is_made_again_from_what_a_manifest_says(tmp_path: Path, released: Path) -> None:
    model = tiny_model(tmp_path)
    for name in ("clip", "resnet50"):
        made = frozen_encoder(name, model, "", 0, str(released) if name == "resnet50" else "", CPU)
        again = frozen_from_notes(made.notes, made.weights, tmp_path / "manifest.yaml", CPU)
        image = picture(48, 64)
        assert torch.equal(made.encoder.embed(image), again.encoder.embed(image))
        assert made.encoder.frames == 1 and made.encoder.width == len(made.encoder.embed(image))
        changed = {**made.notes, "clip": {**made.notes["clip"], "fingerprint": "another"}}
        with pytest.raises(PolicyError, match="trained on another CLIP"):
            frozen_from_notes(changed, {}, tmp_path / "manifest.yaml", CPU)
    other = {**made.notes, "encoder": {**made.notes["encoder"], "fingerprint": "another"}}
    with pytest.raises(PolicyError, match="trained on another ResNet-50"):
        frozen_from_notes(other, {}, tmp_path / "manifest.yaml", CPU)


def test_what_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="not a file"):
        FrozenResNet50(CPU, str(tmp_path / "nothing.pt"))
    torch.save({"conv1.weight": torch.zeros(1)}, tmp_path / "other.pt")
    with pytest.raises(PolicyError, match="is not one of model ResNet-50"):
        FrozenResNet50(CPU, str(tmp_path / "other.pt"))
    with pytest.raises(PolicyError, match=r"uint8, not \(4, 4\)"):
        FrozenResNet50(CPU).frame(np.zeros((4, 4), np.uint8))
    with pytest.raises(PolicyError, match='no encoder "sound"'):
        made = frozen_encoder("clip", tiny_model(tmp_path / "m"), "", 0, "", CPU)
        frozen_from_notes({**made.notes, "encoder": {"kind": "sound"}}, {}, tmp_path / "manifest.yaml", CPU)
