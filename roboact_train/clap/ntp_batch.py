"""Batches of CLAP-NTP: prompts with their answers as numbers, and images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from roboact_ros.policies.nets.clap.answer import codes_to_say
from roboact_ros.types import ImageArray
from roboact_train.clap.ntp_base import NtpBase
from roboact_train.clap.ntp_data import VIEWS, NtpData
from roboact_train.clap.ntp_objective import UNLEARNED
from roboact_train.clap.ntp_settings import NtpSettings


@dataclass(slots=True)
class NtpBatch:
    """n samples; see :meth:`NtpObjective.forward <roboact_train.clap.ntp_objective.NtpObjective.forward>`.

    Attributes:
        ids: (n, tokens).
        attention: (n, tokens).
        labels: (n, tokens).
        images: (images, height, width, 3) uint8, which stay where they are.
    """

    ids: Tensor
    attention: Tensor
    labels: Tensor
    images: Tensor

    def to(self, device: torch.device) -> NtpBatch:
        """Return the same with the numbers on a device."""
        return NtpBatch(self.ids.to(device), self.attention.to(device), self.labels.to(device), self.images)


class NtpBatches:
    """Puts samples together.

    Args:
        data: The samples.
        base: For its words and its rule of images.
        settings: For the views and the size of images.
    """

    def __init__(self, data: NtpData, base: NtpBase, settings: NtpSettings) -> None:
        self._data, self._base = data, base
        self.views = VIEWS if settings.wrists else VIEWS[:1]
        self.grid = base.rule.grid(settings.height, settings.width)
        self._tokens = self.grid[0] * self.grid[1] // base.rule.merge**2

    def batch(self, rows: Sequence[int], without_wrists: Sequence[bool]) -> NtpBatch:
        """Return the batch of some chunks.

        Args:
            rows: Which.
            without_wrists: For each whether the head image stands for the wrists.

        Raises:
            RecordingError: An image cannot be read.
        """
        asked = [self._prompt(row) for row in rows]
        answered = [torch.tensor(self._answer(row)) for row in rows]
        ids, attention = padded([torch.cat(both) for both in zip(asked, answered, strict=True)])
        labels = torch.full_like(ids, UNLEARNED)
        for place, answer in enumerate(answered):
            labels[place, -len(answer) :] = answer
        images = [image for row, bare in zip(rows, without_wrists, strict=True) for image in self._images(row, bare)]
        return NtpBatch(ids, attention, labels, torch.from_numpy(np.stack(images)))

    def inputs(self, batch: NtpBatch) -> dict[str, Tensor]:
        """Return the arguments of the objective for a batch on the device."""
        device = batch.ids.device
        grids = torch.tensor([[1, *self.grid]] * len(batch.images), device=device)
        parts = {"ids": batch.ids, "attention": batch.attention, "labels": batch.labels}
        return {**parts, "pixels": self._base.rule.patches(batch.images, device), "grids": grids}

    def _prompt(self, row: int) -> Tensor:
        corpus = self._data.corpus
        robot = corpus.episodes[corpus.episode_of[row]].robot.name
        return self._base.prompts(self._data.instructions[row], robot, len(self.views), self._tokens)

    def _answer(self, row: int) -> list[int]:
        arms = self._data.corpus.arms[row]
        codes = codes_to_say(torch.from_numpy(self._data.codes[row][arms])).tolist()
        return self._base.answers.ids(self._data.subtasks[row], codes, single=not arms.all())

    def _images(self, row: int, bare: bool) -> list[ImageArray]:
        seen = self._data.pictures[row]
        head = seen[VIEWS[0]].load()
        return [head] + [head if bare or view not in seen else seen[view].load() for view in self.views[1:]]


def padded(rows: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """Return (n, tokens) numbers that are padded on the left, and which of them are real."""
    longest = max(map(len, rows))
    ids, attention = (torch.zeros((len(rows), longest), dtype=torch.int64) for _ in range(2))
    for place, row in enumerate(rows):
        ids[place, longest - len(row) :], attention[place, longest - len(row) :] = row, 1
    return ids, attention
