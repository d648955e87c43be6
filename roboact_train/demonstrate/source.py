"""One episode of the suite as a source of training data, like a bag, but made when it is read."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from roboact_ros.errors import ConfigurationError
from roboact_ros.sim.tasks.suite import episode
from roboact_train.augment.carry_out import TRIES, Failed
from roboact_train.data.samples import EpisodeSamples
from roboact_train.demonstrate.lesson import Demonstration, demonstrate, perturbation
from roboact_train.demonstrate.replay import replay
from roboact_train.demonstrate.taught import check_perturb, drawn_for, episode_name
from roboact_train.table import Table, View


@dataclass(frozen=True, slots=True)
class Recipe:
    """How demonstrations are made.

    Attributes:
        split: ``train`` or ``unseen``.
        augment: Augmented copies of each demonstration.
        perturb: Probability that something leads the teacher astray before a motion.
        view: The camera.
        model: The arm.

    Raises:
        ConfigurationError: A number is out of its range.
    """

    split: str = "train"
    augment: int = 0
    perturb: float = 0.0
    view: View = field(default_factory=View)
    model: str = "ur5e"

    def __post_init__(self) -> None:
        if self.augment < 0:
            raise ConfigurationError(f"--augment is not negative: {self.augment}")
        check_perturb(self.perturb)


@dataclass(frozen=True, slots=True)
class TaughtEpisode:
    """Episode ``seed`` of ``task``; equal ones give equal samples, on any process."""

    task: str
    seed: int
    recipe: Recipe

    @property
    def name(self) -> str:
        """Task, split and number."""
        return episode_name(self.task, self.recipe.split, self.seed)

    def read(self) -> EpisodeSamples:
        """Do the episode and its augmented copies; what failed is counted under its reason.

        Raises:
            SimulationError: There is no such task or split.
            CameraError: This machine cannot draw.
        """
        failures: Counter[str] = Counter()
        try:
            taught = self._teach(self.recipe.perturb)
        except Failed as failure:
            return EpisodeSamples([], Counter({str(failure): 1}))
        samples = list(taught.samples)
        # Copies follow the straight way: what led astray is no part of the demonstration.
        motions = self._teach(0.0).motions if self.recipe.perturb and self.recipe.augment else taught.motions
        for copy in range(self.recipe.augment):
            for attempt in range(TRIES):
                try:
                    with self._table() as table:
                        generator = self._generator("copy", copy, attempt)
                        samples += replay(table, motions, generator, f"{self.name}-{copy + 1}")
                        break
                except Failed as failure:
                    failures[str(failure)] += 1
        return EpisodeSamples(samples, failures)

    def _teach(self, perturb: float) -> Demonstration:
        stray = perturbation(perturb, self._generator("perturb")) if perturb else None
        with self._table() as table:
            return demonstrate(table, self.name, stray)

    def _table(self) -> Table:
        return Table(episode(self.task, self.recipe.split, self.seed), self.recipe.view, self.recipe.model)

    def _generator(self, purpose: str, *numbers: int) -> np.random.Generator:
        return drawn_for(self.name, purpose, *numbers)
