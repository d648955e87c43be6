"""What the operator is told of the executor."""

from __future__ import annotations

from typing import Any

from roboact_ros.nodes.messages.diagnostics import Level, Status


def executor_status(told: dict[str, Any], refused: str, restarts: int, cell: str) -> Status:
    """Return the status of the executor.

    Args:
        told: The last status of the servo process.
        refused: The last refusal, empty when the last request was accepted.
        restarts: How often the servo process was started again.
        cell: Which arm this is, and which process drives it.
    """
    state, reason = str(told["state"]), str(told.get("reason", ""))
    motion = str(told.get("motion", ""))
    sentence = reason or (motion if state in ("moving", "halting") else "") or state
    if refused:
        sentence = f"{sentence}; refused: {refused}"
    level = Level.ERROR if state == "disconnected" else Level.WARN if refused or reason else Level.OK
    values = {
        "state": state,
        "reason": reason,
        "motion": motion,
        "source": str(told.get("source", "")),
        "finished": str(told.get("finished", 0)),
        "refused": refused,
        "plan": "; then ".join(told.get("plan", ())),
        "progress": f"{told.get('progress', 0.0):.2f}",
        "rate_hz": f"{told.get('rate_hz', 0.0):.1f}",
        "late_cycles": str(told.get("late_cycles", 0)),
        "missed_cycles": str(told.get("missed_cycles", 0)),
        "drops": str(told.get("drops", 0)),
        "realtime": str(told.get("realtime", "")),
        "notice": str(told.get("notice", "")),
        "restarts": str(restarts),
        "cell": cell,
    }
    return Status("executor", level, sentence, values)
