"""Success of each task with its confidence interval."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import sqrt
from statistics import mean
from typing import Any

from roboact_train.evaluate.result import Result

_Z = 1.959963984540054
"""Normal quantile of a two-sided 95 % interval."""


@dataclass(frozen=True, slots=True)
class TaskScore:
    """One task: fraction of successes, episodes, 95 % interval, and means per episode of what was done."""

    success: float
    episodes: int
    ci: tuple[float, float]
    motions: float
    refused: float
    interventions: float

    def to_mapping(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {
            "success": round(self.success, 4),
            "episodes": self.episodes,
            "ci": [round(edge, 4) for edge in self.ci],
            "motions": round(self.motions, 2),
            "refused": round(self.refused, 2),
            "interventions": round(self.interventions, 2),
        }


def scores(results: Iterable[Result]) -> dict[str, TaskScore]:
    """Return the score of every task, in the order in which they appear."""
    by_task: dict[str, list[Result]] = {}
    for result in results:
        by_task.setdefault(result.task, []).append(result)
    return {task: _score(found) for task, found in by_task.items()}


def mean_success(found: dict[str, TaskScore]) -> float:
    """Return the mean over tasks, each of the same weight."""
    return mean(score.success for score in found.values())


def wilson(successes: int, episodes: int) -> tuple[float, float]:
    """Return the 95 % interval of a success rate after E. B. Wilson (1927), which is sound at 0 and 1 as well."""
    rate, z2 = successes / episodes, _Z * _Z
    middle = (rate + z2 / (2 * episodes)) / (1 + z2 / episodes)
    half = _Z * sqrt(rate * (1 - rate) / episodes + z2 / (4 * episodes**2)) / (1 + z2 / episodes)
    return max(0.0, middle - half), min(1.0, middle + half)


def _score(results: list[Result]) -> TaskScore:
    successes = sum(result.success for result in results)
    return TaskScore(
        success=successes / len(results),
        episodes=len(results),
        ci=wilson(successes, len(results)),
        motions=mean(result.motions for result in results),
        refused=mean(result.refused for result in results),
        interventions=mean(result.interventions for result in results),
    )
