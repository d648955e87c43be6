"""What the operator is told of two arms in one sentence."""

from __future__ import annotations

from collections.abc import Mapping

from roboact_ros.execution.status import ExecutorStatus, State
from roboact_ros.types import ArmMode

_FIRST = (State.DISCONNECTED, State.HALTING, State.STOPPED, State.HOLDING, State.MOVING, State.IDLE)
"""Which state of two is told: the one that matters more."""


def combined_status(
    statuses: Mapping[str, ExecutorStatus], modes: Mapping[str, ArmMode], refused: str = ""
) -> ExecutorStatus:
    """Return the status of all arms.

    Args:
        statuses: That of each, by name.
        modes: What each robot can do.
        refused: Why something that concerns all was refused last; empty when it was not.
    """
    reasons = [_reason(name, status.reason, statuses, modes[name]) for name, status in statuses.items()]
    refusals = [f"{name} arm: {status.refused}" for name, status in statuses.items() if status.refused]
    active = {name: status for name, status in statuses.items() if status.motion or status.plan}
    motions = {status.motion for status in active.values() if status.motion}
    phrase = (
        motions.pop()
        if len(motions) == 1 and len(active) > 1
        else "; ".join(f"{name} arm: {status.motion}" for name, status in active.items() if status.motion)
    )
    return ExecutorStatus(
        state=min((status.state for status in statuses.values()), key=_FIRST.index),
        reason="; ".join(dict.fromkeys(reason for reason in reasons if reason)),
        motion=phrase,
        source=next((status.source for status in active.values() if status.source), ""),
        finished=sum(status.finished for status in statuses.values()),
        refused=refused or "; ".join(refusals),
        plan=tuple(f"{name} arm: {step}" for name, status in active.items() for step in status.plan),
        progress=min((status.progress for status in active.values()), default=0.0),
    )


def _reason(name: str, reason: str, statuses: Mapping[str, ExecutorStatus], mode: ArmMode) -> str:
    """Return a reason with the arm that it is about, unless it is about all of them or says so itself."""
    if mode is not ArmMode.RUNNING:
        return f"{name} arm: {mode.value}"
    everywhere = all(status.reason == reason for status in statuses.values())
    named = any(reason.startswith(f"{other} arm:") for other in statuses)
    return reason if not reason or everywhere or named else f"{name} arm: {reason}"
