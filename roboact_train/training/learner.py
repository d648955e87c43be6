"""The contract between the loop and what a model has to learn."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from torch import Tensor, nn

Gather = Callable[[Tensor], Tensor]
"""Puts the tensors of all processes together along their first dimension, in the order of the processes."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """How good a model is: ``score`` (higher is better) chooses the best one, ``metrics`` are shown."""

    score: float
    metrics: Mapping[str, float]


class Learner(Protocol):
    """A model, what it learns, and how it is judged."""

    @property
    def module(self) -> nn.Module:
        """Takes what :meth:`inputs` returns and returns the loss of this process's share of a batch."""
        ...

    @property
    def fingerprint(self) -> int:
        """A number that changes with the data."""
        ...

    @property
    def batches_per_epoch(self) -> int:
        """Batches of one epoch."""
        ...

    def batches(self, first: int) -> Generator[Any, None, None]:
        """Return this process's share of all batches from number ``first`` on, endlessly."""
        ...

    def inputs(self, batch: Any, gather: Gather) -> dict[str, Tensor]:
        """Return the arguments of the module for a batch on the device."""
        ...

    def judge(self, gather: Gather) -> Judgement | None:
        """Try the module on data that it does not learn from; None without such data."""
        ...

    def export(self, folder: Path, notes: Mapping[str, Any]) -> None:
        """Write the model as a policy loads it, with ``notes`` in its manifest."""
        ...
