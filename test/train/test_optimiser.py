"""AdamW steps in one kernel where weights are on a GPU, and an interrupted training goes on on another device."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from tiny_training import recorded_losses
from torch import Tensor, nn

from roboact_train.clap.optimiser import tokenizer_adamw
from roboact_train.clap.rf_learner import rf_adamw
from roboact_train.clap.rf_settings import RfSettings
from roboact_train.clap.tokenizer_settings import TokenizerSettings
from roboact_train.training.learner import Gather
from roboact_train.training.loop import Training, accelerator_for
from roboact_train.training.optimiser import adamw
from roboact_train.training.settings import LoopSettings

SETTINGS = LoopSettings(epochs=1, learning_rate=0.1, warmup=0, precision="float32")


class OnCuda(nn.Parameter):
    """Says that it is there."""

    is_cuda = True


class Slope(nn.Module):
    """One weight that should be 3."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1, 1))

    def forward(self, x: Tensor) -> Tensor:
        return (x * (self.weight - 3.0)).square().mean()


class SlopeLearner:
    fingerprint, batches_per_epoch = 0, 4

    def __init__(self) -> None:
        self.module = Slope()

    def batches(self, first: int) -> Generator[Tensor, None, None]:
        while True:
            yield torch.ones(2, 1)

    def inputs(self, batch: Tensor, gather: Gather) -> dict[str, Tensor]:
        return {"x": batch}

    def judge(self, gather: Gather) -> None:
        return None

    def export(self, folder: Path, notes: Mapping[str, Any]) -> None:
        pass


@pytest.mark.parametrize(
    ("make", "settings"),
    [(adamw, SETTINGS), (tokenizer_adamw, TokenizerSettings()), (rf_adamw, RfSettings())],
    ids=["adamw", "tokenizer", "rf"],
)
def test_weights_on_a_gpu_are_stepped_without_a_copy_of_them(make: Any, settings: LoopSettings) -> None:
    module = Slope()
    assert not any(group["fused"] for group in make(module, settings).param_groups)
    module.weight = OnCuda(module.weight.detach())
    optimiser = make(module, settings)
    assert all(group["fused"] for group in optimiser.param_groups)
    assert optimiser.defaults["weight_decay"] == settings.weight_decay


@pytest.mark.parametrize("before", [True, None], ids=["from a GPU", "from a CPU"])
def test_how_the_optimiser_steps_goes_with_the_device_and_not_with_the_state(tmp_path: Path, before: Any) -> None:
    def losses(folder: str, until: int = 0, resume: bool = False) -> list[float]:
        def train(note: Callable[[int, float], None]) -> None:
            accelerator = accelerator_for(SETTINGS, "cpu")
            about = (lambda line: None, {"made": {}})
            training = Training(SlopeLearner(), SETTINGS, tmp_path / folder, accelerator, *about, note)
            if resume:
                training.resume()
            training.run()

        return recorded_losses(train, until)

    whole = losses("whole")
    first = losses("part", until=2)
    path = tmp_path / "part/last.pt"
    state = torch.load(path, weights_only=True)
    for group in state["optimiser"]["param_groups"]:
        group["fused"] = before
    torch.save(state, path)
    assert first + losses("part", resume=True) == pytest.approx(whole, abs=1e-6)
    after = torch.load(path, weights_only=True)["optimiser"]
    assert not any(group["fused"] for group in after["param_groups"])
    assert [float(kept["step"]) for kept in after["state"].values()] == [4.0]
