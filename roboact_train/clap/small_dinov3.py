"""A small DINOv3 that learns from demonstrations where tools are, if no pretrained one is at hand: eyes for a VD-VAE.

  python -m roboact_train.clap.small_dinov3 build/small_dinov3 data/both

Each of its patches learns to say where both tools are and how far grippers are closed, whatever colours things have.
It knows nothing else; for real images take a pretrained one.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from roboact_ros.errors import ConfigurationError
from roboact_ros.policies.clap.images import resized
from roboact_ros.types import FloatArray
from roboact_train.clap.light import in_other_light
from roboact_train.clap.patches import ImageSize, PatchEncoder
from roboact_train.clap.sources import find_sources

_COLUMNS = [0, 1, 2, 6, 7, 8, 9, 13]
"""What of a state is learned: places of both tools, each with its gripper behind it."""
_HEAD, _REGISTERS, _LEAST = 32, 1, 1e-3
_ASIDE = 20
"""One of so many episodes is kept aside."""


@dataclass(frozen=True, slots=True)
class SmallDinov3:
    """How it is made.

    Attributes:
        size: Of the images.
        hidden: Width of its features, a multiple of 32.
        layers: How many it has.
        steps: Batches that it learns from.
        batch: Their size.
        rate: Highest learning rate.
        stride: It looks at every so many frames.
        seed: Of its weights and of the batches.
    """

    size: ImageSize = ImageSize(96, 128)
    hidden: int = 96
    layers: int = 4
    steps: int = 3000
    batch: int = 64
    rate: float = 1e-3
    stride: int = 2
    seed: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    images: NDArray[np.uint8]
    states: NDArray[np.float32]

    def pixels(self, rows: Any) -> Tensor:
        return torch.from_numpy(self.images[rows]).movedim(-1, 1).float() / 255.0


def small_dinov3(folder: Path, sources: Sequence[Path], how: SmallDinov3, tell: Callable[[str], None]) -> FloatArray:
    """Write it as transformers saves it, and return how far off both tools are in episodes kept aside, (2,) [m].

    Raises:
        RoboactError: The sources cannot be read, or hold fewer than two episodes with images and actions.
    """
    learned, aside = _read(sources, how)
    mean, deviation = learned.states.mean(0), learned.states.std(0).clip(_LEAST)
    torch.manual_seed(how.seed)
    network, says = _new(how), nn.Linear(how.hidden, len(_COLUMNS))
    eyes = PatchEncoder(network, how.size, torch.device("cpu"))  # which freezes it
    weights = [*network.requires_grad_(True).parameters(), *says.parameters()]
    optimiser = torch.optim.AdamW(weights, weight_decay=1e-2)
    rates = torch.optim.lr_scheduler.OneCycleLR(optimiser, how.rate, how.steps, pct_start=0.1)
    random, light = np.random.default_rng(how.seed), torch.Generator().manual_seed(how.seed)
    for step in range(1, how.steps + 1):
        rows = random.integers(len(learned.states), size=how.batch)
        pixels = in_other_light(learned.pixels(rows)[:, random.permutation(3)], light)
        wanted = torch.from_numpy((learned.states[rows] - mean) / deviation)
        said = says(eyes.patches_of(pixels))
        loss = nn.functional.smooth_l1_loss(said, wanted[:, None].expand_as(said))
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(weights, 1.0)
        optimiser.step()
        rates.step()
        if step % max(1, how.steps // 10) == 0:
            tell(f"batch {step}/{how.steps}: loss {float(loss.detach()):.4f}")
    network.save_pretrained(folder)
    with torch.no_grad():
        parts = np.array_split(np.arange(len(aside.states)), len(aside.states) // how.batch + 1)
        said = torch.cat([says(eyes(aside.pixels(rows))).mean(1) for rows in parts])
    off = (said.numpy() * deviation + mean - aside.states).reshape(-1, 2, 4)[..., :3]
    return np.asarray(np.linalg.norm(off, axis=-1).mean(0), float)


def _new(how: SmallDinov3) -> Any:
    from transformers import DINOv3ViTConfig, DINOv3ViTModel

    config = DINOv3ViTConfig(
        hidden_size=how.hidden,
        intermediate_size=2 * how.hidden,
        num_hidden_layers=how.layers,
        num_attention_heads=how.hidden // _HEAD,
        num_register_tokens=_REGISTERS,
        image_size=max(how.size.height, how.size.width),
    )
    return DINOv3ViTModel(config)


def _read(sources: Sequence[Path], how: SmallDinov3) -> tuple[_Seen, _Seen]:
    """Return what is learned from and what is kept aside."""
    parts: tuple[list[_Seen], list[_Seen]] = ([], [])
    found = [(source.episode, source.look) for source in find_sources(sources, "")]
    known = [(episode, look) for episode, look in found if episode is not None and look is not None]
    if len(known) < 2:
        raise ConfigurationError(f"{', '.join(map(str, sources))}: needs two episodes with images and actions at least")
    for number, (episode, look) in enumerate(known):
        frames = list(range(0, look.frames, how.stride))
        images = np.stack([resized(image, (how.size.width, how.size.height)) for image in look.images(frames)])
        states = episode.states[frames][:, _COLUMNS].astype(np.float32)
        parts[number % _ASIDE == 0].append(_Seen(images, states))
    learned, aside = (
        _Seen(np.concatenate([part.images for part in some]), np.concatenate([part.states for part in some]))
        for some in parts
    )
    return learned, aside


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m roboact_train.clap.small_dinov3", description=__doc__)
    parser.add_argument("folder", type=Path, help="of the result")
    parser.add_argument("sources", type=Path, nargs="+", help="demonstrations")
    parser.add_argument("--steps", type=int, default=SmallDinov3().steps, help="batches that it learns from")
    asked = parser.parse_args()
    left, right = 1000 * small_dinov3(asked.folder, asked.sources, SmallDinov3(steps=asked.steps), print)
    print(f"the left tool is {left:.1f} mm, the right one {right:.1f} mm from where it says, in episodes kept aside")
