"""The small image tower that looks with the instruction in mind."""

from __future__ import annotations

import pytest
import torch

from roboact_ros.errors import PolicyError
from roboact_ros.policies.nets.prompted import prompted_tower

SETTINGS = {"stem": 8, "width": 8, "dilations": [1, 2], "points": 4, "coarse": 8, "hidden": 16}


def test_the_prompt_decides_what_is_looked_at() -> None:
    torch.manual_seed(0)
    tower = prompted_tower(SETTINGS, [64, 96], 12)
    pixels, prompts = torch.randn(1, 3, 64, 96).expand(2, -1, -1, -1), torch.randn(2, 12)
    embeddings, seen, maps = tower(pixels, prompts)
    assert embeddings.shape == (2, 12) and seen.shape == (2, 16) and maps.shape == (2, 4, 8, 12)
    assert not torch.allclose(seen[0], seen[1], atol=1e-3)
    embeddings.sum().backward()
    assert all(weight.grad is not None for weight in tower.parameters())


def test_an_image_counts_as_much_as_the_prompt_it_is_added_to() -> None:
    torch.manual_seed(0)
    embeddings = prompted_tower(SETTINGS, [64, 96], 12)(torch.randn(8, 3, 64, 96), torch.randn(8, 12)).embedding
    assert embeddings.norm(dim=-1).min() > 1.0


@pytest.mark.parametrize(
    ("settings", "size", "words"),
    [
        ({"points": 3}, [64, 96], "at least 1 channel and 4 points, not stem 8, .* and 3 points"),
        ({}, [60, 96], r"multiples of 8 pixels, not \[60, 96\]"),
        ({"widths": [8]}, [64, 96], "prompted_vision_cfg.*widths"),
    ],
)
def test_what_does_not_fit_is_said(settings: dict[str, object], size: list[int], words: str) -> None:
    with pytest.raises(PolicyError, match=words):
        prompted_tower({**SETTINGS, **settings}, size, 12)


def test_what_is_seen_does_not_depend_on_where() -> None:
    torch.manual_seed(0)
    tower = prompted_tower(SETTINGS, [128, 192], 12)
    pixels, prompt = torch.zeros(1, 3, 128, 192), torch.randn(1, 12)
    pixels[..., 48:72, 56:80] = torch.randn(1, 3, 24, 24)
    first, second = (tower(image, prompt).maps for image in (pixels, pixels.roll((16, 24), (2, 3))))
    # Away from the border, the maps move along with the image.
    torch.testing.assert_close(first[..., 3:11, 4:15], second[..., 5:13, 7:18], atol=1e-4, rtol=1e-4)
