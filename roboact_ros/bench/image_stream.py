"""The picture stream that image benchmarks send, and what each side of a pair reports about it."""

from __future__ import annotations

import argparse
import dataclasses
import json
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from roboact_ros.cameras.camera import SourceEnded
from roboact_ros.cameras.pace import Pace
from roboact_ros.types import Frame, ImageArray

WIDTH, HEIGHT, FPS, JPEG_QUALITY = 640, 480, 30.0, 90

SILENCE = 1.5
"""Pause after the last image that tells a subscriber that it was the last [s]."""


def write_pictures(path: Path) -> None:
    """Write a few pictures as busy as those of a table in a lab: a JPEG of one is about 15 times smaller."""
    noise = np.random.default_rng(0)
    result: list[ImageArray] = []
    for _ in range(4):
        coarse = noise.integers(0, 256, (12, 16, 3), dtype=np.uint8)
        fine = noise.normal(0.0, 4.0, (HEIGHT, WIDTH, 3))
        large = cv2.resize(coarse, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
        result.append(np.clip(large + fine, 0, 255).astype(np.uint8))
    np.save(path, np.stack(result))


def read_pictures(path: Path) -> ImageArray:
    """Map the pictures, (N, H, W, 3), into memory, where a camera driver's buffers are too.

    A process that had made them would have grown its heap, which happens to speed up what is measured here.
    """
    pictures: ImageArray = np.load(path, mmap_mode="r")
    return pictures


@dataclass
class Sent:
    """What a publisher reports: the stamp [ns] of every image, and the time to build and publish it [us]."""

    stamps: list[int] = field(default_factory=list)
    build_publish_us: list[float] = field(default_factory=list)


@dataclass
class Received:
    """What a subscriber reports: the stamp [ns] of every image, and its age once it was an array [ms]."""

    stamps: list[int] = field(default_factory=list)
    latency_ms: list[float] = field(default_factory=list)

    def add(self, stamp_ns: int) -> None:
        """Note an image that has become an array just now."""
        self.stamps.append(stamp_ns)
        self.latency_ms.append((time.time_ns() - stamp_ns) / 1e6)


def tell(report: Sent | Received) -> None:
    """Print a report as one line for the benchmark that started this process."""
    print(json.dumps(dataclasses.asdict(report)), flush=True)


@dataclass(frozen=True, slots=True)
class Side:
    """What one process of a pair shall do: publish or subscribe, raw or compressed, how many of which pictures."""

    publishes: bool
    raw: bool
    count: int
    pictures: Path

    @staticmethod
    def parse(description: str) -> Side:
        """Read the command line."""
        parser = argparse.ArgumentParser(description=description)
        parser.add_argument("side", choices=("publish", "subscribe"))
        parser.add_argument("kind", choices=("raw", "compressed"))
        parser.add_argument("count", type=int)
        parser.add_argument("pictures", type=Path)
        args = parser.parse_args()
        return Side(args.side == "publish", args.kind == "raw", args.count, args.pictures)


class StreamCamera:
    """A camera that gives the pictures at the rate of the benchmark, from ``begin`` on, and then ends."""

    def __init__(self, name: str, side: Side) -> None:
        """Prepare the frames of ``side``."""
        self._name = name
        self._left = iter(range(side.count))
        self._pictures = read_pictures(side.pictures)
        self._pace = Pace(FPS)
        self.stamps: list[int] = []
        self.begin = threading.Event()
        self.ended = False

    def read(self) -> Frame:
        """See :class:`~roboact_ros.cameras.camera.Camera`."""
        self.begin.wait()
        self._pace.wait()
        number = next(self._left, None)
        if number is None:
            self.ended = True
            raise SourceEnded(f"{len(self.stamps)} frames were shown")
        self.stamps.append(time.time_ns())
        return Frame(self._name, self.stamps[-1], self._pictures[number % len(self._pictures)])

    def close(self) -> None:
        """Nothing to release."""
