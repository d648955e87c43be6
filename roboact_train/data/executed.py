"""Finds out from what the executor said which motions the arm carried out. Pure: no bag, no clock."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from roboact_ros.policies.pilot import ExecutorReport

PERSON = "teleop"
UNDO = "undo: "
MOSTLY = 0.75
"""Part of a motion after which another one may take over and it still counts as carried out."""


@dataclass(slots=True)
class Executed:
    """One step of the arm.

    Attributes:
        phrase: What was done: a canonical phrase, ``home``, or ``undo: …``.
        source: Who asked for it, ``teleop`` or ``policy``.
        seen_ns: Log time of the first status that shows it [ns].
        ended_ns: Log time of the first status after it [ns].
        progress: Part that was done, 0 … 1.
        refusal: Why it teaches nothing; empty when it counts.
    """

    phrase: str
    source: str
    seen_ns: int
    ended_ns: int = 0
    progress: float = 0.0
    refusal: str = ""


def executed_steps(reports: Iterable[tuple[int, ExecutorReport]]) -> list[Executed]:
    """Return every step, in order.

    A finished step counts, unless it was undone afterwards. An interrupted one counts when another motion took it over
    after ``MOSTLY`` of it was done, except that what a person took from the policy never counts: the person disagreed.

    Args:
        reports: Log time [ns] and content of each ``executor/status``.
    """
    steps: list[Executed] = []
    history: list[Executed] = []
    running: Executed | None = None
    undone: Executed | None = None
    last: ExecutorReport | None = None
    for time_ns, report in reports:
        if running is not None and last is not None and _replaced(last, report):
            running.ended_ns = time_ns
            finished = report.finished > last.finished
            running.refusal = "" if finished else _interrupted(running, report)
            if not running.phrase.startswith(UNDO):
                history.append(running)
            elif finished and undone is not None:
                undone.refusal = "undone"
            elif undone is not None:
                history.append(undone)
            running = undone = None
        if running is None and report.motion:
            running = Executed(report.motion, report.source, time_ns)
            steps.append(running)
            if running.phrase.startswith(UNDO) and history:
                undone = history.pop()
        if running is not None:
            running.progress = max(running.progress, report.progress)
        last = report
    if running is not None:
        running.ended_ns, running.refusal = running.seen_ns, "cut off by the end of the recording"
    return steps


def _replaced(before: ExecutorReport, now: ExecutorReport) -> bool:
    same = (before.motion, before.source, before.finished) == (now.motion, now.source, now.finished)
    return not same or now.progress < before.progress


def _interrupted(step: Executed, after: ExecutorReport) -> str:
    """Return why an unfinished step teaches nothing, empty when most of it was done."""
    if not after.motion:
        return "stopped before its end"
    if after.source == PERSON and step.source != PERSON:
        return "replaced by a person"
    return "" if step.progress >= MOSTLY else "interrupted"
