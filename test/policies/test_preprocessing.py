"""Preprocessing against open_clip's own transform, which uses PIL."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from open_clip.transform import PreprocessCfg, image_transform_v2
from PIL import Image
from tiny_clip import picture

from roboact_ros.errors import PolicyError
from roboact_ros.policies.preprocessing import Preprocessing

CPU = torch.device("cpu")
STD = torch.tensor(PreprocessCfg().std).view(3, 1, 1)


@pytest.mark.parametrize("image", [(480, 640), (640, 480), (720, 960), (224, 224), (100, 101), (37, 600)])
@pytest.mark.parametrize(
    "description",
    [
        {"size": 224},
        {"size": (378, 378)},
        {"size": (378, 378), "resize_mode": "squash"},
        {"size": (224, 224), "resize_mode": "longest", "fill_color": 7},
        {"size": (160, 240)},
        {"size": (224, 224), "interpolation": "bilinear"},
    ],
)
def test_equals_open_clip(image: tuple[int, int], description: dict[str, Any]) -> None:
    pixels = picture(*image)
    wanted = image_transform_v2(PreprocessCfg(**description), False)(Image.fromarray(pixels))
    settings = {"mean": PreprocessCfg().mean, "std": PreprocessCfg().std} | description
    (found,) = Preprocessing(settings, CPU)(torch.from_numpy(pixels))
    assert found.shape == wanted.shape
    assert float(((found - wanted) * STD).abs().mean()) < 0.5 / 255  # one level in half of the pixels


def test_unknown_resize_mode_is_refused() -> None:
    with pytest.raises(PolicyError, match='"stretch" is not one of shortest, longest, squash'):
        Preprocessing({"size": 8, "mean": 0.5, "std": 0.5, "resize_mode": "stretch"}, CPU)
