"""Recording: MB/s of the bag writer beside rosbags' MCAP writer, and three cameras through the real recorder node.

Both writers get the same messages on the same disk in turns, and what they wrote is read back with the ``mcap`` and
``rosbags`` libraries. Plain figures leave the data with the operating system, ``synced`` ones wait for the disk.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO

import numpy as np

from roboact_ros.bench.report import Report
from roboact_ros.errors import RecordingError
from roboact_ros.recording.bag_writer import BagWriter
from roboact_ros.recording.reader import Episode
from roboact_ros.recording.schema import typestore

RAW = "sensor_msgs/msg/Image"
COMPRESSED = "sensor_msgs/msg/CompressedImage"
CAMERAS = ("front", "left", "wrist")
FPS = 30
START_NS = 1_790_000_000_000_000_000

Write = Callable[[Path, str, list[bytes], int, bool], None]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--folder", type=Path, help="where to write (default: the folder for temporary files)")
    parser.add_argument("--rounds", type=int, default=9, help="times that each writer writes each kind")
    parser.add_argument("--raw", type=int, default=100, help="raw 1280x720 images per round (2.8 MB each)")
    parser.add_argument("--compressed", type=int, default=2000, help="compressed images per round (100 kB each)")
    parser.add_argument("--seconds", type=float, default=10.0, help="length of the three-camera episode; 0 skips it")


def run(args: argparse.Namespace) -> Report:
    """Measure."""
    metrics: dict[str, object] = {}
    peer: dict[str, object] = {}
    ratios: dict[str, float] = {}
    with tempfile.TemporaryDirectory(prefix="roboact_bench_", dir=args.folder) as name:
        folder = Path(name)
        for kind, type_name, messages, count in (
            ("raw", RAW, _raw_images(), args.raw),
            ("compressed", COMPRESSED, _compressed_images(), args.compressed),
        ):
            for suffix, synced in (("", False), ("_synced", True)):
                ours, theirs = _compare(folder, type_name, messages, count, args.rounds, synced)
                metrics[f"{kind}{suffix}_mb_s"], peer[f"{kind}{suffix}_mb_s"] = ours, theirs
                ratios[f"throughput_{kind}{suffix}"] = ours / theirs
        ratios["throughput"] = min(ratios["throughput_raw"], ratios["throughput_compressed"])
        if args.seconds:
            metrics |= _three_cameras(folder, args.seconds)
    return Report("record", metrics, {"rosbags": peer}, ratios)


def _raw_images() -> list[bytes]:
    """Return eight different raw 1280x720 images as they travel on the wire."""
    types, rng = typestore().types, np.random.default_rng(0)
    return [
        _cdr(RAW, types[RAW](_header(), 720, 1280, "rgb8", 0, 3840, rng.integers(0, 256, 3840 * 720, dtype=np.uint8)))
        for _ in range(8)
    ]


def _compressed_images() -> list[bytes]:
    """Return eight different messages of 100 kB; noise, as a JPEG looks to a disk."""
    types, rng = typestore().types, np.random.default_rng(1)
    data = [rng.integers(0, 256, 100_000, dtype=np.uint8) for _ in range(8)]
    return [_cdr(COMPRESSED, types[COMPRESSED](_header(), "jpeg", d)) for d in data]


def _header() -> object:
    types = typestore().types
    return types["std_msgs/msg/Header"](types["builtin_interfaces/msg/Time"](0, 0), "camera")


def _cdr(type_name: str, message: object) -> bytes:
    return bytes(typestore().serialize_cdr(message, type_name))


def _compare(
    folder: Path, type_name: str, messages: list[bytes], count: int, rounds: int, synced: bool
) -> tuple[float, float]:
    """Return the median MB/s of ours and of rosbags; an uncounted round that is read back goes first."""
    expected = count, sum(len(messages[i % len(messages)]) for i in range(count))
    writers: dict[str, Write] = {"ours": _write_ours, "rosbags": _write_rosbags}
    speeds: dict[str, list[float]] = {name: [] for name in writers}
    for number in range(rounds + 1):
        for name, write in writers.items():
            bag = folder / name
            start = time.perf_counter()
            write(bag, type_name, messages, count, synced)
            seconds = time.perf_counter() - start
            if number:
                speeds[name].append(expected[1] / 1e6 / seconds)
            else:
                _verify(bag, expected)
            shutil.rmtree(bag)
    return statistics.median(speeds["ours"]), statistics.median(speeds["rosbags"])


def _write_ours(bag: Path, type_name: str, messages: list[bytes], count: int, synced: bool) -> None:
    with BagWriter(bag, durable=synced) as writer:
        for i in range(count):
            writer.write("/camera", type_name, messages[i % len(messages)], START_NS + i)


def _write_rosbags(bag: Path, type_name: str, messages: list[bytes], count: int, synced: bool) -> None:
    from rosbags.rosbag2 import StoragePlugin, Writer

    with Writer(bag, version=9, storage_plugin=StoragePlugin.MCAP) as writer:
        connection = writer.add_connection("/camera", type_name, typestore=typestore())
        for i in range(count):
            writer.write(connection, START_NS + i, messages[i % len(messages)])
    if synced:
        file = os.open(next(bag.glob("*.mcap")), os.O_RDONLY)
        os.fsync(file)
        os.close(file)


def _verify(bag: Path, expected: tuple[int, int]) -> None:
    """Read a bag with both libraries, through its index.

    Raises:
        RecordingError: One of them finds other messages than were written.
    """
    from mcap.reader import SeekingReader
    from rosbags.rosbag2 import Reader

    with next(bag.glob("*.mcap")).open("rb") as stream:
        reader = SeekingReader(stream)
        summary = reader.get_summary()
        if summary is None or not summary.chunk_indexes:
            raise RecordingError(f"{bag} has no index")
        by_mcap = _total(len(message.data) for _, _, message in reader.iter_messages())
    with Reader(bag) as rosbag:
        by_rosbags = _total(len(data) for _, _, data in rosbag.messages())
    if not by_mcap == by_rosbags == expected:
        raise RecordingError(f"{bag}: {expected} written (messages, bytes), mcap {by_mcap}, rosbags {by_rosbags}")


def _total(sizes: Iterable[int]) -> tuple[int, int]:
    values = list(sizes)
    return len(values), sum(values)


def _three_cameras(folder: Path, seconds: float) -> dict[str, object]:
    """Record three cameras of 640x480 at 30 Hz through real processes and count what is missing."""
    namespace, count = f"bench_{random.randrange(10**6)}", int(seconds * FPS)
    os.environ.setdefault("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    system = folder / "cell.yaml"
    cameras = {name: {"width": 640, "height": 480, "fps": FPS} for name in CAMERAS}
    system.write_text(json.dumps({"namespace": namespace, "cameras": cameras}))
    recorder = _start("roboact_ros.nodes.recorder_node", str(system), f"bags:={folder / 'bags'}")
    topics = [f"/{namespace}/camera/{name}/image/compressed" for name in CAMERAS]
    sources = [_start("roboact_ros.nodes.peers.numbered_images", t, "640", "480", str(FPS), str(count)) for t in topics]
    try:
        bag, cpu = _record(namespace, recorder, sources, seconds)
    finally:
        for process in (*sources, recorder):
            process.terminate()
            process.wait(30)
    with Episode(bag) as episode:
        seen = {topic: {m.format for _, _, m in episode.messages([topic])} for topic in topics}
        size = sum(len(message.data) for message in episode.raw_messages())
        reported = int(episode.notes["drops"]) + int(episode.notes["lost_in_transit"])
        expected = sum(topic.count for topic in episode.topics.values()), size
    _verify(bag, expected)
    return {
        "cameras_published": count * len(CAMERAS),
        "cameras_mb_s": size / 1e6 / seconds,
        "recorder_cpu_percent": 100.0 * cpu / seconds,
        "drops_reported": reported,
        "drops": count * len(CAMERAS) - sum(map(len, seen.values())),
    }


def _record(
    namespace: str, recorder: subprocess.Popen[str], sources: list[subprocess.Popen[str]], seconds: float
) -> tuple[Path, float]:
    """Return the bag of one episode and the processor seconds that the recorder took for it."""
    from roboact_ros.nodes.recorder_client import RecorderClient

    with RecorderClient(namespace) as client:
        for source in sources:
            if _pipe(source.stdout).readline().strip() != "matched":
                raise RecordingError("a synthetic camera did not find the recorder")
        client.call("start")
        before = _cpu_seconds(recorder.pid)
        for source in sources:
            _pipe(source.stdin).write("\n")
            _pipe(source.stdin).flush()
        failed = [source.wait(seconds + 30) for source in sources]
        if any(failed):
            raise RecordingError("a synthetic camera could not deliver all its images")
        cpu = _cpu_seconds(recorder.pid) - before
        return Path(client.call("save").removeprefix("saved ")), cpu


def _start(module: str, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )


def _pipe(stream: IO[str] | None) -> IO[str]:
    if stream is None:
        raise RecordingError("the process was started without pipes")
    return stream


def _cpu_seconds(pid: int) -> float:
    """Return the processor time a process took so far [s] (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
