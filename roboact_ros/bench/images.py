"""Images at 640x480 and 30 Hz from one process to another, raw and compressed, beside a stock rclpy pair.

Ours is the camera node and the frame subscription that the policy uses; the age of an image is from its stamp in the
camera to the moment the subscriber's callback holds an array. Both pairs publish the same pictures, in turns.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from roboact_ros.bench.image_stream import FPS, Received, Sent, write_pictures
from roboact_ros.bench.report import Report, percentile
from roboact_ros.cells.transport import transport_environment
from roboact_ros.errors import RoboactError

_OURS, _STOCK = "camera_images", "stock_images"
_SETTINGS = ("MALLOC_", "FASTRTPS_", "FASTDDS_", "RMW_FASTRTPS_")
"""Beginnings of the variables that a stock process does not have."""

_SETTLE_S = 1.0
"""Start of each segment that is not counted: discovery and first allocations."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--seconds", type=float, default=5.0, help="length of each segment")
    parser.add_argument("--rounds", type=int, default=3, help="segments of each kind")


def run(args: argparse.Namespace) -> Report:
    """Run all pairs in turns and compare."""
    totals = {(peer, kind): _Total() for kind in ("raw", "compressed") for peer in (_STOCK, _OURS)}
    with tempfile.TemporaryDirectory() as folder:
        pictures = Path(folder) / "pictures.npy"
        write_pictures(pictures)
        for _ in range(args.rounds):
            for (peer, kind), total in totals.items():
                total.add(*_segment(peer, kind, args.seconds, pictures))
    metrics: dict[str, object] = {}
    stock: dict[str, object] = {}
    ratios: dict[str, float] = {}
    for kind in ("raw", "compressed"):
        ours, theirs = totals[_OURS, kind], totals[_STOCK, kind]
        metrics |= ours.figures(kind)
        stock |= theirs.figures(kind)
        ratios[f"build_publish_{kind}"] = percentile(theirs.build_publish_us, 50) / percentile(
            ours.build_publish_us, 50
        )
        for q in (50, 95):
            ratio = percentile(theirs.latency_ms, q) / percentile(ours.latency_ms, q)
            ratios[f"latency_p{q}_{kind}"] = ratio
    return Report("images", metrics, {"stock rclpy": stock}, ratios)


@dataclass
class _Total:
    sent: int = 0
    drops: int = 0
    latency_ms: list[float] = field(default_factory=list)
    build_publish_us: list[float] = field(default_factory=list)

    def add(self, sent: Sent, received: Received) -> None:
        """Add a segment, less its start."""
        begin = received.stamps[0] + int(_SETTLE_S * 1e9)
        expected = {stamp for stamp in sent.stamps if stamp >= begin}
        self.sent += len(expected)
        self.drops += len(expected - set(received.stamps))
        ages = zip(received.stamps, received.latency_ms, strict=True)
        self.latency_ms += [age for stamp, age in ages if stamp >= begin]
        self.build_publish_us += sent.build_publish_us[int(_SETTLE_S * FPS) :]

    def figures(self, kind: str) -> dict[str, object]:
        """Return the figures of a report."""
        return {
            f"{kind}_build_publish_us": percentile(self.build_publish_us, 50),
            f"{kind}_latency_p50_ms": percentile(self.latency_ms, 50),
            f"{kind}_latency_p95_ms": percentile(self.latency_ms, 95),
            f"{kind}_sent": self.sent,
            f"{kind}_drops": self.drops,
        }


def _segment(peer: str, kind: str, seconds: float, pictures: Path) -> tuple[Sent, Received]:
    environment = _environment(ours=peer == _OURS)
    count = int((seconds + _SETTLE_S) * FPS)
    processes: list[subprocess.Popen[str]] = []
    try:
        for side in ("subscribe", "publish"):
            command = [sys.executable, "-m", f"roboact_ros.nodes.peers.{peer}", side, kind, str(count), str(pictures)]
            processes.append(subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True))
        outputs = [process.communicate(timeout=seconds + 60.0)[0] for process in processes]
    except subprocess.TimeoutExpired as error:
        raise RoboactError(f"the {peer} pair received no image within {error.timeout:.0f} s") from error
    finally:
        for process in processes:
            process.kill()
    if any(process.returncode for process in processes):
        raise RoboactError(f"the {peer} pair failed; its messages are above")
    received, sent = (json.loads(output) for output in outputs)
    return Sent(**sent), Received(**received)


def _environment(ours: bool) -> Mapping[str, str]:
    """Return the user's environment in a ROS domain of its own, with our settings or with none."""
    environment = {**os.environ, "ROS_DOMAIN_ID": str(random.randint(1, 100))}
    environment["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"
    if ours:
        return {**environment, **transport_environment()}
    return {name: value for name, value in environment.items() if not name.startswith(_SETTINGS)}
