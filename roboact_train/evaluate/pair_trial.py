"""One episode for two arms in closed loop: a policy sees images, the arms follow its chunk, until the task is done."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from statistics import mean

from roboact_ros.errors import ConfigurationError, MotionRefused, PolicyError
from roboact_ros.sim.tasks.two_arms import pair_episode
from roboact_train.evaluate.pair_contender import PairContender
from roboact_train.evaluate.result import Result
from roboact_train.pair_table import PairTable, PairView

MOST_STEPS = 320
"""An episode that is not done after this many steps has failed; the teacher needs 50 to 150 of a tenth of a second."""
_NO_CHUNK = 32
"""A policy that could not put out a chunk has used up so many steps, or it might try for ever."""


@dataclass(frozen=True, slots=True)
class PairRules:
    """What holds for all episodes of an evaluation: split, size of images, and after how many steps one has failed."""

    split: str = "train"
    view: PairView = field(default_factory=PairView)
    steps: int = MOST_STEPS

    def __post_init__(self) -> None:
        if not 1 <= self.steps <= 10 * MOST_STEPS:
            raise ConfigurationError(f"--motions is 1 to {10 * MOST_STEPS} steps, not {self.steps}")


@dataclass(frozen=True, slots=True)
class PairOutcome:
    """What became of an episode, and how long the policy took for each of its chunks [ms]."""

    result: Result
    chunk_ms: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class PairTrial:
    """Episode ``seed`` of ``task`` for one contender; equal ones give equal results, on any process."""

    contender: PairContender
    task: str
    seed: int
    rules: PairRules

    def run(self) -> PairOutcome:
        """Do it.

        Raises:
            RoboactError: There is no such task, split or policy, or this machine cannot draw.
        """
        rules, took = self.rules, []
        self.contender.load()
        with PairTable(pair_episode(self.task, rules.split, self.seed), rules.view) as table:
            policy = self.contender.at(table)
            while not table.success and table.steps < rules.steps and not table.runner.stopped:
                frame, begun, refused = table.frame(), time.perf_counter(), False
                try:
                    chunk = policy.act(frame)
                except MotionRefused:
                    chunk, refused = None, True
                except PolicyError:
                    if not took:  # a model that cannot be used at all
                        raise
                    chunk, refused = None, True  # one that is lost, e.g. where no arm was in its data
                took.append(1e3 * (time.perf_counter() - begun))
                if refused:
                    table.note(_NO_CHUNK, refused=True)
                elif chunk is None:
                    break
                else:
                    table.follow(chunk)
            result = Result(self.task, self.seed, table.success, table.steps, table.refused, 0)
            return PairOutcome(result, tuple(took))


class Latency:
    """Mean time that a policy takes for a chunk, without the first of each episode, which prepares the others."""

    def __init__(self) -> None:
        self._times: list[float] = []

    def results(self, outcomes: Iterable[PairOutcome]) -> Iterator[Result]:
        """Yield the results and remember the times."""
        for outcome in outcomes:
            self._times += outcome.chunk_ms[1:]
            yield outcome.result

    def measured(self) -> dict[str, float | None]:
        """Return the mean as JSON has it [ms]; None where no episode had a second chunk."""
        return {"chunk_ms": round(mean(self._times), 2) if self._times else None}
