"""Converts many episodes: in this process, or spread over a Ray cluster. Both do the same work, shard by shard."""

from __future__ import annotations

import json
import logging
import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from roboact_ros.errors import ConfigurationError, RecordingError, RoboactError
from roboact_train.data.samples import EpisodeSamples
from roboact_train.data.shards import ShardWriter
from roboact_train.data.sources import Source

EPISODES_PER_SHARD = 32

Progress = Callable[[str, EpisodeSamples], None]


@dataclass(frozen=True, slots=True)
class ShardReport:
    """One shard: its file name, the names of its episodes, its samples by source, and what was skipped, by reason."""

    shard: str
    episodes: tuple[str, ...]
    samples: Counter[str]
    skipped: Counter[str]


def write_shard(folder: Path, number: int, sources: Sequence[Source], progress: Progress | None = None) -> ShardReport:
    """Read some episodes and write them as shard ``number``.

    Raises:
        RoboactError: An episode cannot be read; it is named.
    """
    path = folder / f"shard-{number:06d}.tar"
    samples: Counter[str] = Counter()
    skipped: Counter[str] = Counter()
    with ShardWriter(path) as shard:
        for source in sources:
            episode = source.read()
            for sample in episode.samples:
                shard.write(sample)
                samples[sample.source] += 1
            skipped += episode.skipped
            if progress is not None:
                progress(source.name, episode)
    return ShardReport(path.name, tuple(source.name for source in sources), samples, skipped)


def write_shards(
    folder: Path,
    sources: Sequence[Source],
    episodes_per_shard: int = EPISODES_PER_SHARD,
    progress: Progress | None = None,
) -> Iterator[ShardReport]:
    """Write all episodes into the shards of a folder, one after the other in this process.

    Raises:
        RoboactError: An episode cannot be read; it is named.
    """
    for number, chunk in enumerate(_chunks(sources, episodes_per_shard)):
        yield write_shard(folder, number, chunk, progress)


def write_shards_with_ray(
    folder: Path, sources: Sequence[Source], episodes_per_shard: int = EPISODES_PER_SHARD
) -> Iterator[ShardReport]:
    """Write the same shards with Ray Data, on the cluster that ``RAY_ADDRESS`` names, else on this machine.

    ``folder`` must be the same folder on every machine.

    Raises:
        ConfigurationError: Ray is not installed.
        RecordingError: An episode cannot be read; it is named.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise ConfigurationError(f"Ray is not installed ({error}): pip install 'roboact_ros[train]'") from error
    started = not ray.is_initialized()
    if started:
        alone = {} if "RAY_ADDRESS" in os.environ else {"_node_ip_address": "127.0.0.1", "include_dashboard": False}
        ray.init(logging_level=logging.WARNING, **alone)
    chunks = _chunks(sources, episodes_per_shard)
    place = str(folder.absolute())
    rows = [{"folder": place, "number": number, "sources": chunk} for number, chunk in enumerate(chunks)]
    ray.data.DataContext.get_current().enable_progress_bars = False
    try:
        for row in ray.data.from_items(rows, override_num_blocks=len(rows)).map(_convert_row).iter_rows():
            if row["refused"]:
                raise RecordingError(row["refused"])
            shard, episodes, samples, skipped = json.loads(row["report"])
            yield ShardReport(shard, tuple(episodes), Counter(samples), Counter(skipped))
    finally:
        if started:
            ray.shutdown()


def _convert_row(row: dict[str, Any]) -> dict[str, str]:
    """Write the shard of one row, in a worker; a refusal travels as text, because an exception would lose its type."""
    try:
        report = write_shard(Path(row["folder"]), int(row["number"]), row["sources"])
    except RoboactError as refusal:
        return {"report": "", "refused": str(refusal)}
    parts = (report.shard, report.episodes, report.samples, report.skipped)
    return {"report": json.dumps(parts), "refused": ""}


def _chunks(sources: Sequence[Source], size: int) -> Iterator[list[Source]]:
    return (list(sources[start : start + size]) for start in range(0, len(sources), size))
