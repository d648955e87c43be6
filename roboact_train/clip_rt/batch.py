"""Turns samples into tensors, in the processes beside the training."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from roboact_ros.policies.clip_rt import PROMPT
from roboact_ros.policies.nets.clip import ClipNetwork
from roboact_ros.policies.preprocessing import Preprocessing
from roboact_ros.types import FloatArray
from roboact_train.clip_rt.augmentation import augmented
from roboact_train.data.samples import Sample


@dataclass(slots=True)
class Batch:
    """Some samples.

    Attributes:
        pixels: (n, 3, height, width) uint8, resized and cropped.
        prompts: (p, context) tokens of the different prompts.
        prompt_of: (n,) place of each sample's prompt among them.
        supervision: (n, context) tokens.
        labels: (n,) labels; equal ones mean the same action.
        targets: (n, k, 7) what a model learns beside words: the next actions, or a way; else (n, 0, 7).
    """

    pixels: Tensor
    prompts: Tensor
    prompt_of: Tensor
    supervision: Tensor
    labels: Tensor
    targets: Tensor

    def to(self, device: torch.device) -> Batch:
        """Return the same on a device."""
        parts = (self.pixels, self.prompts, self.prompt_of, self.supervision, self.labels, self.targets)
        return Batch(*(part.to(device, non_blocking=True) for part in parts))

    def pin_memory(self) -> Batch:
        """Return the same in memory that a GPU reads directly."""
        parts = (self.pixels, self.prompts, self.prompt_of, self.supervision, self.labels, self.targets)
        return Batch(*(part.pin_memory() for part in parts))


@dataclass(frozen=True, slots=True)
class Item:
    """One prepared sample: (3, height, width) uint8 pixels, its words, its label, and its (k, 7) target."""

    pixels: Tensor
    prompt: str
    supervision: str
    label: int
    target: Tensor


class Preparation:
    """Makes items of samples and batches of items.

    Args:
        network: The model whose images and tokens are made.
        strength: Of image augmentation.
        seed: Of image augmentation; the same sample in the same epoch is changed in the same way.
        phrase: Words that supervise a sample.
        moved: What becomes of a sample's (k, 7) target when its image is changed by a matrix of
            :func:`~roboact_train.clip_rt.augmentation.augmented`.
    """

    def __init__(
        self,
        network: ClipNetwork,
        strength: float,
        seed: int,
        phrase: Callable[[Sample], str] = lambda s: s.supervision,
        moved: Callable[[Any, FloatArray], Any] = lambda target, change: target,
    ) -> None:
        self._preprocess = Preprocessing(network.preprocess, torch.device("cpu"))
        self._tokenize, self._strength, self._seed = network.tokenize, strength, seed
        self._phrase, self._moved = phrase, moved
        self._tokens: dict[str, Tensor] = {}

    def item(self, sample: Sample, epoch: int, number: int, target: Any = None) -> Item:
        """Prepare one sample.

        Args:
            sample: The sample.
            epoch: How often it was seen before.
            number: Its place in the data.
            target: (k, 7) numbers that it teaches, if any.

        Raises:
            RecordingError: Its image cannot be read.
        """
        image = sample.image
        if self._strength:
            where = zlib.crc32(sample.episode.encode())
            generator = np.random.default_rng((self._seed, epoch, number, where))
            image, change = augmented(image, self._strength, generator)
            target = None if target is None else self._moved(target, change)
        pixels = self._preprocess.sized(torch.from_numpy(np.ascontiguousarray(image)))[0]
        rows = torch.zeros(0, 7) if target is None else torch.as_tensor(np.asarray(target), dtype=torch.float32)
        return Item(pixels, PROMPT.format(instruction=sample.instruction), self._phrase(sample), sample.label, rows)

    def batch(self, items: Sequence[Item]) -> Batch:
        """Put items together; every text is tokenised once in a training."""
        prompts = {item.prompt: 0 for item in items}
        places = {prompt: place for place, prompt in enumerate(prompts)}
        return Batch(
            torch.stack([item.pixels for item in items]),
            torch.stack([self.tokens(prompt) for prompt in prompts]),
            torch.tensor([places[item.prompt] for item in items]),
            torch.stack([self.tokens(item.supervision) for item in items]),
            torch.tensor([item.label for item in items]),
            torch.stack([item.target for item in items]),
        )

    def tokens(self, text: str) -> Tensor:
        """Return the (context,) tokens of a text.

        Raises:
            PolicyError: It is too long for the model.
        """
        if text not in self._tokens:
            self._tokens[text] = self._tokenize([text])[0]
        return self._tokens[text]
