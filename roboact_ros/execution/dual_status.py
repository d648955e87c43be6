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
        reason="; ".join(_reasons(statuses, modes)),
        motion=phrase,
        source=next((status.source for status in active.values() if status.source), ""),
        finished=sum(status.finished for status in statuses.values()),
        refused=refused or "; ".join(refusals),
        plan=tuple(f"{name} arm: {step}" for name, status in active.items() for step in status.plan),
        progress=min((status.progress for status in active.values()), default=0.0),
    )


def _reasons(statuses: Mapping[str, ExecutorStatus], modes: Mapping[str, ArmMode]) -> list[str]:
    """Return every reason once, with the arm that it is about unless it is about all that could move."""
    told = {name: status.reason.split("; ") if status.reason else [] for name, status in statuses.items()}
    able = [name for name in statuses if modes[name] is ArmMode.RUNNING]
    found: list[str] = []
    for name, parts in told.items():
        if name not in able:
            found.append(f"{name} arm: {modes[name].value}")
            continue
        for part in parts:
            shared = all(part in told[other] for other in able)
            named = any(part.startswith(f"{other} arm:") for other in statuses)
            found.append(part if shared or named else f"{name} arm: {part}")
    return list(dict.fromkeys(found))
