"""Episodes in LIBERO: a policy's chunks are carried out one after the other until the task is done or steps run out."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from functools import partial

import numpy as np

from roboact_ros.errors import ConfigurationError
from roboact_train.evaluate.libero.adapter import NOTHING, SETTLING, libero_action
from roboact_train.evaluate.libero.connection import PYTHON, Libero
from roboact_train.evaluate.libero.policy import policy_at, weights_of
from roboact_train.evaluate.libero.suites import SUITES, chosen_libero_tasks
from roboact_train.evaluate.result import Result


@dataclass(frozen=True, slots=True)
class LiberoTrial:
    """Task ``task`` of ``suite`` from its stored state ``state`` on; ``most_steps`` may shorten it."""

    policy: str
    suite: str
    task: int
    state: int
    most_steps: int
    device: str = "auto"
    base: str = ""

    @property
    def name(self) -> str:
        """Name of the task."""
        return f"{self.suite}/{self.task}"

    def run(self, libero: Libero) -> Result:
        """Do it and return what became of it; ``motions`` counts the steps after things have settled.

        Raises:
            PolicyError: The policy puts out what is no action.
            SimulationError: LIBERO died.
        """
        observation, words = libero.reset(self.suite, self.task, self.state)
        for _ in range(SETTLING):
            observation, _ = libero.step(np.array(NOTHING))
        with closing(policy_at(self.policy, self.name, self.state, words, self.device, self.base)) as policy:
            chunk, done, steps = np.empty((0, 7)), False, 0
            while not done and steps < self.most_steps:
                if not len(chunk):
                    chunk = policy.chunk(observation)
                observation, done = libero.step(libero_action(chunk[0]))
                chunk, steps = chunk[1:], steps + 1
        return Result(self.name, self.state, done, steps, 0, 0)


def trials_of(args: argparse.Namespace) -> tuple[list[LiberoTrial], Callable[[], Libero]]:
    """Return what the arguments of ``roboact eval libero`` ask for, and what makes a LIBERO.

    Raises:
        ConfigurationError: An argument is not for LIBERO, or there is no such task.
        PolicyError: There is no such policy.
    """
    others = (args.split, args.arm, args.interventions, args.record, args.camera, args.size)
    if others != ("train", "ur5e", 0, None, None, None):
        raise ConfigurationError("--split, --arm, --interventions, --record, --camera and --size are not for LIBERO")
    if args.executed is not None:
        raise ConfigurationError("--executed is not for LIBERO, where whole chunks are carried out")
    if args.motions is not None and args.motions < 1:
        raise ConfigurationError(f"--motions is at least 1, not {args.motions}")
    if weights_of(args.policy) is None and args.base:
        raise ConfigurationError(f"--base goes with a run of CLAP-RF, not {args.policy}")
    trials = [
        LiberoTrial(args.policy, suite, task, state, _steps(suite, args.motions), args.device, args.base)
        for suite, task in chosen_libero_tasks(args.tasks)
        for state in range(args.episodes)
    ]
    return trials, partial(Libero, args.python or os.environ.get(PYTHON) or sys.executable)


def _steps(suite: str, motions: int | None) -> int:
    most = SUITES[suite].steps
    return most if motions is None else min(motions, most)
