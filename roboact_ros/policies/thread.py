"""Loads and runs a policy in a thread of its own, so that nobody waits for a model."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from roboact_ros.errors import RoboactError
from roboact_ros.policies.policy import AnyPolicy, ContinuingPolicy
from roboact_ros.policies.underway import Underway
from roboact_ros.types import ActionChunk, Decision, Frame


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """Something for the policy to think about.

    Attributes:
        instruction: The task of the arm.
        frame: Image to choose a motion for, or None to prepare the instruction alone.
        turn: The pilot's turn it belongs to.
        underway: The chunk that the arms follow, for a policy that goes on from it.
        asked_ns: When it was given, in the clock of who gives it [ns].
    """

    instruction: str
    frame: Frame | None
    turn: int
    underway: Underway | None = None
    asked_ns: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What came of a task.

    Attributes:
        task: The task, None for the loading of the policy.
        choice: What the policy chose, if it was asked for that and could.
        took_ms: How long it took [ms].
        error: What went wrong, or empty.
    """

    task: Task | None
    choice: Decision | ActionChunk | None = None
    took_ms: float = 0.0
    error: str = ""


class PolicyThread:
    """Answers tasks in turn.

    Attributes:
        failure: Why the thread has ended before it was closed; empty while it has not.

    Args:
        load: Makes the policy.
        answer: Called in the thread, once for the loading and once per task. When the loading failed, or something that
            nobody expected, it is told so without a task, and never called again.
    """

    def __init__(self, load: Callable[[], AnyPolicy], answer: Callable[[Answer], None]) -> None:
        self._load, self._answer = load, answer
        self.failure = ""
        self._tasks: queue.SimpleQueue[Task | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="policy", daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        """False after a failure, and after it was closed."""
        return self._thread.is_alive()

    def give(self, task: Task) -> None:
        """Queue a task."""
        self._tasks.put(task)

    def close(self, timeout: float) -> None:
        """End after the task that runs, waiting for it at most ``timeout`` [s]: a large model loads for minutes."""
        self._tasks.put(None)
        self._thread.join(timeout)

    def _run(self) -> None:
        try:
            policy = self._load()
            self._answer(Answer(None))
            self._work(policy)
        except RoboactError as error:  # of the loading; the others are answers
            self._fail(str(error))
        except Exception as error:  # of a library, e.g. no memory: the arm stays, and a person reads why
            reason = str(error).strip().partition("\n")[0]
            self._fail(f"the policy has failed, its log says where: {type(error).__name__}: {reason}")
            raise

    def _fail(self, why: str) -> None:
        self.failure = why
        self._answer(Answer(None, error=why))

    def _work(self, policy: AnyPolicy) -> None:
        instruction = ""
        while (task := self._tasks.get()) is not None:
            try:
                if task.instruction != instruction:
                    instruction = ""
                    policy.instruct(task.instruction)
                    instruction = task.instruction
                begun = time.perf_counter()
                choice = _choice(policy, task)
                took_ms = (time.perf_counter() - begun) * 1e3
            except RoboactError as error:
                self._answer(Answer(task, error=str(error)))
            else:
                self._answer(Answer(task, choice, took_ms))


def _choice(policy: AnyPolicy, task: Task) -> Decision | ActionChunk | None:
    """Return what a policy chooses; None where it is only to prepare the instruction."""
    if task.frame is None:
        return None
    if task.underway is not None and isinstance(policy, ContinuingPolicy):
        return policy.act_during(task.frame, task.underway)
    return policy.act(task.frame)
