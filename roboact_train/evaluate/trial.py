"""One episode of a policy in closed loop: it sees an image, the arm does what it says, until the task is done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from roboact_ros.errors import ConfigurationError
from roboact_ros.sim.tasks.suite import MOST_MOTIONS, episode
from roboact_ros.types import ActionChunk, Motion
from roboact_train.data.samples import CORRECTION, DONE, POLICY, Sample
from roboact_train.evaluate.contender import Contender
from roboact_train.evaluate.gist import gist_of
from roboact_train.evaluate.helper import Helper
from roboact_train.evaluate.result import Result
from roboact_train.table import Table, View


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds for all episodes of an evaluation.

    Attributes:
        split: ``train`` or ``unseen``.
        interventions: Most motions or chunks of the policy that the teacher may replace in one episode.
        view: The camera.
        model: The arm.
        motions: After so many an episode has failed.
    """

    split: str = "train"
    interventions: int = 0
    view: View = field(default_factory=View)
    model: str = "ur5e"
    motions: int = MOST_MOTIONS

    def __post_init__(self) -> None:
        if self.interventions < 0:
            raise ConfigurationError(f"--interventions is not negative: {self.interventions}")
        if not 1 <= self.motions <= MOST_MOTIONS:
            raise ConfigurationError(f"--motions is 1 to {MOST_MOTIONS}, not {self.motions}")


@dataclass(frozen=True, slots=True)
class Trial:
    """Episode ``seed`` of ``task`` for one contender; equal ones give equal results, on any process."""

    contender: Contender
    task: str
    seed: int
    rules: Rules

    def run(self) -> Result:
        """Do it and return what became of it.

        Raises:
            RoboactError: There is no such task, split or policy, or this machine cannot draw.
        """
        return self._play(lambda table, motion, source: table.do(motion))

    def recorded(self) -> tuple[Result, list[Sample]]:
        """Do it and also return a sample for each motion that has a name, its source ``policy`` or ``correction``."""
        samples: list[Sample] = []
        result = self._play(lambda table, motion, source: samples.append(table.taught(motion, source, self.name)[0]))
        return result, samples

    @property
    def name(self) -> str:
        """Name of the episode in recorded data."""
        return f"{self.task}-{self.rules.split}-{self.seed:06d}-policy"

    def _play(self, do: Callable[[Table, Motion, str], object]) -> Result:
        rules = self.rules
        self.contender.load()
        with Table(episode(self.task, rules.split, self.seed), rules.view, rules.model) as table:
            policy = self.contender.at(table)
            helper = Helper(table, rules.interventions)
            while not table.over and table.motions < rules.motions:
                choice = policy.act(table.frame())
                chunk = choice if isinstance(choice, ActionChunk) else None
                motion = gist_of(chunk, table.situation.gripper) if chunk else choice.motion
                instead = helper.instead_of(motion)
                if instead is not None:
                    do(table, instead, CORRECTION)
                elif chunk:
                    table.follow(chunk)
                elif motion.phrase == DONE:
                    break
                else:
                    do(table, motion, POLICY)
            return Result(self.task, self.seed, table.success, table.motions, table.refused, helper.given)
