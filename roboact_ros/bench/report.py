"""The one form in which every benchmark reports, and the clock discipline they share."""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class Report:
    """Result of one benchmark.

    Attributes:
        name: Name of the benchmark.
        metrics: Our own figures.
        peers: Figures of each peer, measured in the same call on the same inputs.
        ratios: How many times better we are than the best peer; above 1 is better.
    """

    name: str
    metrics: Mapping[str, object]
    peers: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    ratios: Mapping[str, float] = field(default_factory=dict)

    def to_json(self) -> str:
        """Return the report as one JSON line."""
        machine = f"{platform.machine()} {os.cpu_count()} cores, Python {platform.python_version()}"
        content = {"name": self.name, "metrics": self.metrics, "peers": self.peers, "ratios": self.ratios}
        return json.dumps({**content, "machine": machine})

    def to_text(self) -> str:
        """Return the report as a small table for people."""
        lines = [self.name]
        for title, figures in (("ours", self.metrics), *self.peers.items(), ("ratio", self.ratios)):
            lines.append(f"  {title:<16} " + "  ".join(f"{k}={_short(v)}" for k, v in figures.items()))
        return "\n".join(lines)


def interleaved(contenders: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """Time each contender once per round, in turn, so that drift of the machine meets all of them alike.

    Returns:
        Seconds of every round, per contender. One uncounted warm-up round goes first.
    """
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for round_number in range(rounds + 1):
        for name, call in contenders.items():
            start = time.perf_counter()
            call()
            if round_number:
                seconds[name].append(time.perf_counter() - start)
    return seconds


def percentile(values: Sequence[float], q: float) -> float:
    """Return the ``q``-th percentile (0 … 100) of ``values``."""
    return float(np.percentile(np.asarray(values), q))


def _short(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
