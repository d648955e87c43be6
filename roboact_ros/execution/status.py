"""What the executor tells the operator."""

from __future__ import annotations

import enum
from dataclasses import dataclass

PERSON, POLICY, OWN = "teleop", "policy", "executor"
"""Sources of motions; the last one are targets nobody asked for, which hold the arm where it is."""


class State(enum.Enum):
    """What the executor does."""

    IDLE = "idle"
    MOVING = "moving"
    HALTING = "halting"
    STOPPED = "stopped"
    HOLDING = "holding"
    DISCONNECTED = "disconnected"


@dataclass(frozen=True, slots=True)
class ExecutorStatus:
    """What the operator is told.

    Attributes:
        state: What the executor does.
        reason: Why it does not move, or why the last motion ended early; empty when all is well.
        motion: Phrase of the running step.
        source: Who asked for it.
        finished: Steps finished normally since the start.
        refused: The last refusal; empty again once something was accepted.
        plan: Phrases of the steps that wait.
        progress: Part of the running step that is done, 0 … 1 in twentieths.
    """

    state: State
    reason: str = ""
    motion: str = ""
    source: str = ""
    finished: int = 0
    refused: str = ""
    plan: tuple[str, ...] = ()
    progress: float = 0.0
