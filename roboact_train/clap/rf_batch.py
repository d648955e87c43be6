"""Batches of CLAP-RF: prompts, images, chunks, and the answers that Knowledge Matching compares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from roboact_ros.errors import ConfigurationError
from roboact_ros.policies.clap.statistics import Quantiles
from roboact_ros.policies.nets.clap.answer import AnswerWords, codes_to_say
from roboact_train.clap.chunks import normalised_state
from roboact_train.clap.episode import NO_SUBTASK, one_rate
from roboact_train.clap.ntp_batch import padded
from roboact_train.clap.ntp_data import VIEWS, NtpData
from roboact_train.clap.rf_base import RfBase
from roboact_train.clap.rf_settings import RfSettings

_END = "<|im_end|>\n"


@dataclass(slots=True)
class RfBatch:
    """n samples; see :meth:`RfObjective.forward <roboact_train.clap.rf_objective.RfObjective.forward>`.

    Attributes:
        images: (images, height, width, 3) uint8, which stay where they are.
    """

    images: Tensor
    ids: Tensor
    attention: Tensor
    actions: Tensor
    state: Tensor | None = None
    answers: Tensor | None = None
    answers_attention: Tensor | None = None
    compared: Tensor | None = None

    @property
    def parts(self) -> dict[str, Tensor]:
        """All that there is but the images."""
        named = ((field.name, getattr(self, field.name)) for field in fields(self)[1:])
        return {name: value for name, value in named if value is not None}

    def to(self, device: torch.device) -> RfBatch:
        """Return the same with the numbers on a device."""
        return RfBatch(self.images, **{name: part.to(device, non_blocking=True) for name, part in self.parts.items()})


class RfBatches:
    """Puts samples together.

    Args:
        data: The samples, of one robot and rate.
        base: For its words and its rule of images.
        settings: What is learned.

    Attributes:
        views: What the images show.
        quantiles: Of the robot.
        fps: Frames per second [1/s].
        columns: (14,) which columns are learned: those of the arms that exist.

    Raises:
        ConfigurationError: There are several robots or rates.
        RecordingError: A state is far from the statistics.
    """

    def __init__(self, data: NtpData, base: RfBase, settings: RfSettings) -> None:
        self._data, self._base, self._settings = data, base, settings
        corpus = data.corpus
        used = [corpus.episodes[number] for number in np.unique(corpus.episode_of)]
        rate, robots = one_rate(used), {episode.robot.name for episode in used}
        if len(robots) != 1 or rate is None:
            rates = {episode.fps for episode in used}
            raise ConfigurationError(
                "a run of CLAP-RF is of one robot and one rate, not of "
                f"{', '.join(sorted(robots))} with {', '.join(f'{rate:g}' for rate in sorted(rates))} frames a second"
            )
        self.fps = rate
        self.quantiles: Quantiles = corpus.statistics[robots.pop()]
        self.columns: NDArray[np.bool_] = self.quantiles.robot.layout.columns
        self.views = tuple(view for view in VIEWS if all(view in seen for seen in data.pictures))
        self._grid = base.rule.grid(settings.height, settings.width)
        self._tokens = self._grid[0] * self._grid[1] // base.rule.merge**2
        self._states = self._read_states() if settings.self_attention and settings.state else None

    def batch(self, rows: Sequence[int]) -> RfBatch:
        """Return the batch of some chunks.

        Raises:
            RecordingError: An image cannot be read.
        """
        images = [self._data.pictures[row][view].load() for row in rows for view in self.views]
        prompts = [self._prompt(row) for row in rows]
        chunks = self._data.corpus.actions[rows, : self._settings.horizon][..., self.columns]
        batch = RfBatch(torch.from_numpy(np.stack(images)), *padded(prompts), torch.from_numpy(chunks))
        if self._states is not None:
            batch.state = self._states[list(rows), None]
        if self._base.answers is not None:
            said = [self._answer(row, self._base.answers) for row in rows]
            whole = [torch.cat((prompt, answer)) for prompt, (answer, _) in zip(prompts, said, strict=True)]
            batch.answers, batch.answers_attention = padded(whole)
            longest = max(len(answer) for answer, _ in said) + 1  # what predicts its first token is said before it
            batch.compared = torch.stack(
                [torch.arange(longest) >= longest - len(answer) + first for answer, first in said]
            )
        return batch

    def inputs(self, batch: RfBatch) -> dict[str, Tensor]:
        """Return the arguments of the objective for a batch on the device."""
        device = batch.ids.device
        grids = torch.tensor([[1, *self._grid]] * len(batch.images), device=device)
        return {**batch.parts, "pixels": self._base.rule.patches(batch.images, device), "grids": grids}

    def _prompt(self, row: int) -> Tensor:
        words = self._data.instructions[row].removeprefix(NO_SUBTASK)  # a cell never says it
        return self._base.prompts(words, self.quantiles.robot.name, len(self.views), self._tokens)

    def _answer(self, row: int, words: AnswerWords) -> tuple[Tensor, int]:
        """Return what should be said, and the first token of it that is compared."""
        arms = self._data.corpus.arms[row]
        codes = codes_to_say(torch.from_numpy(self._data.codes[row][arms])).tolist()
        if self._settings.matching == "paper":
            return torch.tensor(words.ids(self._data.subtasks[row], codes, single=not arms.all())), 0
        end = self._base.prompts.tokenizer.encode(_END, add_special_tokens=False).ids
        said = [*words.action, *(words.actions.first + code for code in codes), *end]  # released: without a subtask
        return torch.tensor(said), len(words.action)

    def _read_states(self) -> Tensor:
        corpus, rows = self._data.corpus, []
        for number, frame in zip(corpus.episode_of.tolist(), corpus.frame_of.tolist(), strict=True):
            rows.append(normalised_state(corpus.episodes[number], frame, self.quantiles)[self.columns])
        return torch.from_numpy(np.stack(rows).astype(np.float32))
