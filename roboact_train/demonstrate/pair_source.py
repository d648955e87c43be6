"""One episode for two arms as a source of training data, made when it is read."""

from __future__ import annotations

from dataclasses import dataclass, field

from roboact_ros.sim.tasks.two_arms import pair_episode
from roboact_train.augment.carry_out import Failed
from roboact_train.data.lerobot_episode import LeRobotEpisode
from roboact_train.demonstrate.pair_film import frame_ticks
from roboact_train.demonstrate.pair_lesson import film_of, pair_perturbation
from roboact_train.demonstrate.taught import check_perturb, drawn_for, episode_name
from roboact_train.pair_table import PairTable, PairView


@dataclass(frozen=True, slots=True)
class PairRecipe:
    """How demonstrations with two arms are made.

    Attributes:
        split: ``train`` or ``unseen``.
        perturb: Probability that something leads both tools astray before a demonstration begins.
        hertz: Frames per second [1/s].
        actions: Say what the arms did; otherwise there is a video.
        view: What is looked at.

    Raises:
        ConfigurationError: A number is out of its range.
    """

    split: str = "train"
    perturb: float = 0.0
    hertz: float = 10.0
    actions: bool = True
    view: PairView = field(default_factory=PairView)

    def __post_init__(self) -> None:
        check_perturb(self.perturb)
        frame_ticks(self.hertz)


@dataclass(frozen=True, slots=True, eq=False)
class Filmed:
    """What became of one episode: what is learned from, or why there is nothing."""

    episode: LeRobotEpisode | None
    failure: str = ""


@dataclass(frozen=True, slots=True)
class TaughtPairEpisode:
    """Episode ``seed`` of ``task``; equal ones give equal data, on any process."""

    task: str
    seed: int
    recipe: PairRecipe

    @property
    def name(self) -> str:
        """Task, split and number."""
        return episode_name(self.task, self.recipe.split, self.seed)

    def read(self) -> Filmed:
        """Do it.

        Raises:
            SimulationError: There is no such task or split.
            CameraError: This machine cannot draw.
        """
        recipe = self.recipe
        random = drawn_for(self.name, "perturb")
        stray = pair_perturbation(random) if random.random() < recipe.perturb else None
        with PairTable(pair_episode(self.task, recipe.split, self.seed), recipe.view) as table:
            try:
                return Filmed(film_of(table, recipe.hertz, self.name, recipe.actions, stray))
            except Failed as failure:
                return Filmed(None, str(failure))
