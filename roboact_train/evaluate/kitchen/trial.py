"""Episodes in the kitchen: a policy acts until the task is done or its steps are spent."""

from __future__ import annotations

from dataclasses import dataclass

from roboact_ros.errors import ConfigurationError
from roboact_train.evaluate.foreign import play as play
from roboact_train.evaluate.kitchen.connection import Kitchen
from roboact_train.evaluate.kitchen.policy import policy_at
from roboact_train.evaluate.kitchen.tasks import MOST_STEPS
from roboact_train.evaluate.result import Result


@dataclass(frozen=True, slots=True)
class KitchenTrial:
    """Episode ``seed`` of ``task`` for one policy; equal ones give equal results."""

    policy: str
    task: str
    seed: int
    steps: int = MOST_STEPS
    device: str = "auto"

    def __post_init__(self) -> None:
        if not 1 <= self.steps <= MOST_STEPS:
            raise ConfigurationError(f"--motions is 1 to {MOST_STEPS} in the kitchen, not {self.steps}")
        if self.seed < 0:
            raise ConfigurationError(f"--seed is not negative: {self.seed}")

    def run(self, kitchen: Kitchen) -> Result:
        """Do it and return what became of it; ``motions`` counts steps.

        Raises:
            PolicyError: The policy puts out what is no action.
            SimulationError: The kitchen died.
        """
        policy = policy_at(self.policy, self.device, self.task, self.seed)
        observation = kitchen.reset(self.task, self.seed, policy.privileged)
        done = False
        steps = 0
        while not done and steps < self.steps:
            observation, done = kitchen.step(policy.act(observation))
            steps += 1
        return Result(self.task, self.seed, done, steps, 0, 0)
