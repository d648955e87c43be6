"""The control loop at 500 Hz while images are published and recorded, beside a stock rclpy node with a 2 ms timer.

Both stream the same motions through the same executor to a simulated controller, in turns. Ours is the executor node
with its servo process, CPU of both counted. Lateness is from the due time of a cycle to its beginning.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import yaml

from roboact_ros.bench.report import Report
from roboact_ros.cells.transport import transport_environment
from roboact_ros.errors import RoboactError
from roboact_ros.execution.realtime import BIN_NS

SETTLE_S = 3.0
"""Time between the first motion and the first counted cycle."""

_OURS, _STOCK = "executor_cycles", "stock_servo"
_START_TIMEOUT = 60.0
_WIDTH, _HEIGHT, _FPS = 640, 480, 30


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--seconds", type=float, default=60.0, help="counted time of each contender, with recording")
    parser.add_argument("--rounds", type=int, default=3, help="segments that this time is cut into")


def run(args: argparse.Namespace) -> Report:
    """Run both loops in turns, with images and recording and without, and compare."""
    counts = {(peer, recording): _Counts() for recording in (True, False) for peer in (_STOCK, _OURS)}
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        address = f"127.{random.randint(1, 254)}.{random.randint(1, 254)}.1"
        environment = os.environ | {"ROS_DOMAIN_ID": str(random.randint(1, 100)), "OMP_NUM_THREADS": "1"}
        environment["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"
        systems = {recording: _write_system(folder, address, recording) for recording in (True, False)}
        robot = ["roboact_ros.cli", "sim", "ur5e", "--ideal", "--address", address]
        stack.enter_context(_process(robot, environment, ready=True))
        for _ in range(args.rounds):
            for (peer, recording), count in counts.items():
                with ExitStack() as others:
                    if recording:
                        camera = ["roboact_ros.nodes.camera_node", str(systems[True]), "--camera", "front"]
                        recorder = ["roboact_ros.nodes.recorder_node", str(systems[True])]
                        others.enter_context(_process(camera, environment | transport_environment()))
                        others.enter_context(_process(recorder, environment | transport_environment()))
                    count.add(_segment(peer, systems[recording], args.seconds / args.rounds, environment))
    ours, stock = counts[_OURS, True], counts[_STOCK, True]
    return Report(
        name="loop",
        metrics={
            **ours.figures(),
            **{f"{key}_without_recording": value for key, value in counts[_OURS, False].figures().items()},
            "cpu_share_of_stock": ours.cpu_share / stock.cpu_share,
            "p99_recording_over_without": ours.percentile_ms(99) / counts[_OURS, False].percentile_ms(99),
            "machine_lends_realtime": ours.realtime,
        },
        peers={
            "stock rclpy timer": {
                **stock.figures(),
                **{f"{key}_without_recording": value for key, value in counts[_STOCK, False].figures().items()},
            }
        },
        ratios={
            # No late cycle at all counts as one, so that the ratio stays a number.
            "late_cycles": stock.late / max(ours.late, 1),
            "cpu": stock.cpu_share / ours.cpu_share,
            "p99": stock.percentile_ms(99) / ours.percentile_ms(99),
            "p99_recording": counts[_OURS, False].percentile_ms(99) / ours.percentile_ms(99),
        },
    )


@dataclass
class _Counts:
    """What one contender has counted in all its segments."""

    cycles: int = 0
    late: int = 0
    missed: int = 0
    latest_ns: int = 0
    cpu_s: float = 0.0
    wall_s: float = 0.0
    motions: int = 0
    realtime: str = ""
    histogram: np.ndarray[tuple[int, ...], np.dtype[np.int64]] = field(default_factory=lambda: np.zeros(0, np.int64))

    def add(self, segment: dict[str, object]) -> None:
        for name in ("cycles", "late", "missed", "cpu_s", "wall_s", "motions"):
            setattr(self, name, getattr(self, name) + segment[name])
        self.latest_ns = max(self.latest_ns, int(str(segment["latest_ns"])))
        self.realtime = str(segment["realtime"])
        more = np.array(segment["histogram"], dtype=np.int64)
        self.histogram = more if not self.histogram.size else self.histogram + more

    @property
    def cpu_share(self) -> float:
        return self.cpu_s / self.wall_s

    def percentile_ms(self, q: float) -> float:
        """Return the upper edge of the bin that holds the ``q``-th percentile of lateness [ms]."""
        reached = np.searchsorted(np.cumsum(self.histogram), self.cycles * q / 100.0)
        return float((int(reached) + 1) * BIN_NS / 1e6)

    def figures(self) -> dict[str, object]:
        return {
            **{f"p{q:g}_ms": self.percentile_ms(q) for q in (50, 99, 99.9)},
            "max_ms": self.latest_ns / 1e6,
            "cycles": self.cycles,
            "late_cycles": self.late,
            "missed_cycles": self.missed,
            "cpu_share": self.cpu_share,
            "motions": self.motions,
        }


def _segment(peer: str, system: Path, seconds: float, environment: dict[str, str]) -> dict[str, object]:
    """Run one contender and return what it counted."""
    command = [sys.executable, "-m", f"roboact_ros.nodes.peers.{peer}", str(system), str(SETTLE_S), str(seconds)]
    limit = _START_TIMEOUT + SETTLE_S + seconds
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=limit, check=False)
    lines = done.stdout.strip().splitlines()
    if done.returncode or not lines:
        raise RoboactError(f"{peer} failed: {done.stderr.strip()[-2000:]}")
    counted: dict[str, object] = json.loads(lines[-1])
    return counted


@contextmanager
def _process(command: list[str], environment: dict[str, str], ready: bool = False) -> Iterator[None]:
    """Run a module beside the measurement."""
    process = subprocess.Popen(
        [sys.executable, "-m", *command], env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        if ready and process.stdout is not None and not process.stdout.readline().startswith("ready"):
            raise RoboactError(f"{' '.join(command)} did not start")
        yield
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate()


def _write_system(folder: Path, address: str, recording: bool) -> Path:
    """Write a system with or without a camera, whose pictures are noise: the worst case for a JPEG."""
    content: dict[str, object] = {"sim": {"address": address}}
    if recording:
        pictures = folder / "pictures"
        pictures.mkdir()
        for number in range(4):
            noise = np.random.default_rng(number).integers(0, 255, (_HEIGHT // 8, _WIDTH // 8, 3), dtype=np.uint8)
            cv2.imwrite(str(pictures / f"{number}.png"), cv2.resize(noise, (_WIDTH, _HEIGHT)))
        camera = {"kind": "opencv", "source": str(pictures), "width": _WIDTH, "height": _HEIGHT, "fps": _FPS}
        content["cameras"] = {"front": camera}
        content["recording"] = {"folder": str(folder / "bags"), "auto_start": True}
    path = folder / ("recorded.yaml" if recording else "plain.yaml")
    path.write_text(yaml.safe_dump(content))
    return path
