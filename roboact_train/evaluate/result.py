"""What becomes of an episode; needs no simulator, so that every harness can say it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one episode: success, motions asked for, how many were refused, and how many replaced."""

    task: str
    seed: int
    success: bool
    motions: int
    refused: int
    interventions: int
