"""The reduced image tower against open_clip's own, on the same weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from tiny_clip import tiny_model

from roboact_ros.policies.nets.clip import clip_with_random_weights
from roboact_ros.policies.nets.vision import ReducedVisionTransformer, can_reduce

CPU = torch.device("cpu")


@pytest.mark.parametrize(
    ("vision", "quick_gelu"),
    [
        ({}, True),
        ({}, False),
        ({"ls_init_value": 0.3}, True),
        ({"no_ln_pre": True, "final_ln_after_pool": True}, False),
        ({"image_size": 37}, True),
        ({"image_size": [16, 40]}, True),
        ({"layers": 1}, True),
    ],
)
def test_equals_open_clip(tmp_path: Path, vision: dict[str, Any], quick_gelu: bool) -> None:
    model: Any = clip_with_random_weights(tiny_model(tmp_path, vision, quick_gelu=quick_gelu)).model
    for parameter in model.visual.parameters():  # biases and norms start as zeros and ones, which hides mistakes
        parameter.data += 0.1 * torch.randn_like(parameter)
    pixels = torch.randn(1, 3, *model.visual.image_size)
    with torch.no_grad():
        wanted = model.encode_image(pixels)
        assert can_reduce(model.visual)
        found = ReducedVisionTransformer(model.visual, CPU, torch.float32)(pixels)
    torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-4)


def test_released_layout_equals_open_clip() -> None:
    model: Any = clip_with_random_weights("ViT-B-32-quickgelu").model
    pixels = torch.randn(1, 3, 224, 224)
    with torch.no_grad():
        found = ReducedVisionTransformer(model.visual, CPU, torch.float32)(pixels)
        torch.testing.assert_close(found, model.encode_image(pixels), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    "vision",
    [
        {"pool_type": "avg"},
        {"attentional_pool": True},
        {"qk_norm": True},
        {"layers": [1, 1, 1, 1], "image_size": 64, "head_width": 16},
    ],
)
def test_other_towers_are_left_alone(tmp_path: Path, vision: dict[str, Any]) -> None:
    model: Any = clip_with_random_weights(tiny_model(tmp_path, vision)).model
    assert not can_reduce(model.visual)
