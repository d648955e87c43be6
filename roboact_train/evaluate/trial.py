"""One episode of a policy in closed loop: it sees an image, the arm does what it says, until the task is done."""

from __future__ import annotations

from dataclasses import dataclass, field

from roboact_ros.errors import ConfigurationError
from roboact_ros.sim.tasks.suite import episode
from roboact_train.data.samples import DONE
from roboact_train.evaluate.contender import Contender
from roboact_train.evaluate.helper import Helper
from roboact_train.table import Table, View


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds for all episodes of an evaluation.

    Attributes:
        split: ``train`` or ``unseen``.
        interventions: Most motions of the policy that the teacher may replace in one episode.
        view: The camera.
        model: The arm.
    """

    split: str = "train"
    interventions: int = 0
    view: View = field(default_factory=View)
    model: str = "ur5e"

    def __post_init__(self) -> None:
        if self.interventions < 0:
            raise ConfigurationError(f"--interventions is not negative: {self.interventions}")


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one episode: success, motions asked for, how many were refused, and how many replaced."""

    task: str
    seed: int
    success: bool
    motions: int
    refused: int
    interventions: int


@dataclass(frozen=True, slots=True)
class Trial:
    """Episode ``seed`` of ``task`` for one contender; equal ones give equal results, on any process."""

    contender: Contender
    task: str
    seed: int
    rules: Rules

    def run(self) -> Result:
        """Do it.

        Raises:
            RoboactError: There is no such task, split or policy, or this machine cannot draw.
        """
        rules = self.rules
        self.contender.load()
        with Table(episode(self.task, rules.split, self.seed), rules.view, rules.model) as table:
            policy = self.contender.at(table)
            helper = Helper(table, rules.interventions)
            while not table.over:
                motion = policy.act(table.frame()).motion
                motion = helper.instead_of(motion) or motion
                if motion.phrase == DONE:
                    break
                table.do(motion)
            return Result(self.task, self.seed, table.success, table.motions, table.refused, helper.given)
